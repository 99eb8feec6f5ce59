"""CTranslate2's file format, written here and read back."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.engines.ct2_file import Ct2File
from models.errors import EngineError

_NUMBERS = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def _text(value: str) -> bytes:
    data = value.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


def _file(
    variables: dict[str, NDArray[np.generic]], aliases: dict[str, str], version: int = 6
) -> bytes:
    parts = [struct.pack("<I", version), _text("WhisperSpec"), struct.pack("<I", 3)]
    parts.append(struct.pack("<I", len(variables)))
    for name, value in variables.items():
        parts += [_text(name), struct.pack("<B", value.ndim)]
        parts += [struct.pack("<I", size) for size in value.shape]
        parts += [struct.pack("<BI", _NUMBERS[value.dtype.name], value.nbytes), value.tobytes()]
    parts.append(struct.pack("<I", len(aliases)))
    parts += [_text(name) + _text(target) for name, target in aliases.items()]
    return b"".join(parts)


def test_arrays_come_back_as_floats(tmp_path: Path) -> None:
    half = np.arange(6, dtype=np.float16).reshape(2, 3)
    path = tmp_path / "model.bin"
    path.write_bytes(_file({"a": half, "heads": np.array(8, np.int16)}, {"b": "a"}))

    weights = Ct2File(path)

    assert weights["a"].dtype == np.float32
    np.testing.assert_array_equal(weights["a"], half)
    np.testing.assert_array_equal(weights["b"], half)
    assert int(weights["heads"]) == 8
    assert set(weights) == {"a", "b", "heads"}


def test_a_quantised_array_is_what_it_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    whole = np.array([[10, -20], [30, 40]], np.int8)
    scale = np.array([10.0, 20.0], np.float32)
    path.write_bytes(_file({"w": whole, "w_scale": scale}, {}))

    np.testing.assert_allclose(Ct2File(path)["w"], [[1.0, -2.0], [1.5, 2.0]])


@pytest.mark.parametrize("cut", [0, 3, 20, 60])
def test_a_broken_file_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(_file({"w": np.zeros((9, 9), np.float32)}, {})[:cut])

    with pytest.raises(EngineError, match=r"model\.bin is no CTranslate2 model"):
        Ct2File(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(_file({}, {}, version=7))

    with pytest.raises(EngineError, match="binary version 7, not 6"):
        Ct2File(path)
