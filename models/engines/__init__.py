"""The models themselves: loaded once, shared by all sessions, never run on the event loop.

Native libraries read these when they load, so they are set before any is imported; what is set in
the environment already stays.
"""

import os

# The LLM's threads meet hundreds of times a token. While they spin for a thread that the recogniser
# has put off its core, they keep that core from it: `python -m evaluation.contention` measures it.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# Windows have hundreds of lengths, and oneDNN compiles kernels for each: its 1024 come to 1 MiB a
# length.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
