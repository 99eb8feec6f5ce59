"""An onnxruntime session as every graph here is run: beside a language model, for hours."""

from __future__ import annotations

import onnxruntime


def open_graph(model: bytes | str, threads: int) -> onnxruntime.InferenceSession:
    """`model`, a graph or its path, on the CPU. Raises what onnxruntime raises, which shares no
    base."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads must leave the cores to the language model.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Shapes change at every step: memory planned or kept by shape would grow for an hour.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
