"""CTranslate2's `model.bin`, read: named arrays, as floats.

The format is that of `ctranslate2.specs.model_spec.ModelSpec.save`, binary version 6: a header,
then each variable's name, shape, type and bytes, then aliases.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineError

_VERSION = 6
_TYPES: dict[int, np.dtype[np.generic]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.int8),
    2: np.dtype(np.int16),
    3: np.dtype(np.int32),
    4: np.dtype(np.float16),
}


class Ct2File(Mapping[str, NDArray[np.float32]]):
    """The variables of a model. Raises EngineError when the file is not of a known form."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._raw = _parse(memoryview(path.read_bytes()))
        except (OSError, struct.error, KeyError, ValueError, UnicodeDecodeError) as error:
            raise EngineError(f"{path} is no CTranslate2 model that can be read: {error}") from None

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """A variable as float32; of a quantised one, what it stands for."""
        value = self._raw[name]
        scale = self._raw.get(f"{name}_scale")
        array = value.astype(np.float32)
        if scale is None:
            return array
        return array / scale.astype(np.float32).reshape(-1, *[1] * (array.ndim - 1))

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _parse(data: memoryview) -> dict[str, NDArray[np.generic]]:
    reader = _Reader(data)
    version = reader.number("I")
    if version != _VERSION:
        raise ValueError(f"binary version {version}, not {_VERSION}")
    reader.text()  # the specification's name
    reader.number("I")  # and its revision
    found: dict[str, NDArray[np.generic]] = {}
    for _ in range(reader.number("I")):
        name = reader.text()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        kind = _TYPES[reader.number("B")]
        found[name] = np.frombuffer(reader.take(reader.number("I")), kind).reshape(shape)
    for _ in range(reader.number("I")):
        alias = reader.text()
        found[alias] = found[reader.text()]
    return found


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> memoryview:
        if self._at + count > len(self._data):
            raise ValueError("it ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))[0])

    def text(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode()
