"""Reading the fields of a client's JSON: strict types, errors that name the field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from server.errors import BadMessageError

_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_SHOWN_CHARS = 40


def shown(value: object) -> str:
    """`value` as JSON for an error message, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def parse_object(text: str) -> dict[str, Any]:
    """`text` as one JSON object.

    Raises BadMessageError for anything else: not JSON, NaN, a field that appears twice, nesting
    too deep to read, half of a surrogate pair in a string.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise BadMessageError("invalid_json", "the JSON is nested too deeply") from None
    except ValueError as error:
        raise BadMessageError("invalid_json", f"a text frame must be JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadMessageError(
            "invalid_message", f"a message must be a JSON object, not {_NAMES[type(value)]}"
        )
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {shown(twice)} appears twice")
    return fields


class Fields:
    """One JSON object, read field by field. Fields that nobody reads are ignored."""

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def path(self, name: str) -> str:
        """The full path of field `name`, e.g. "audio.sample_rate"."""
        return f"{self._path}.{name}" if self._path else name

    def _typed(self, name: str, kind: type, accepted: str, default: Any = None) -> Any:
        if name not in self._values:
            if default is not None:
                return default
            self.reject(name, f"is missing; it must be {accepted}")
        value = self._values[name]
        if type(value) is not kind:  # a bool is an int to isinstance
            self.reject(name, f"must be {accepted}, not {_NAMES[type(value)]}")
        return value

    def reject(self, name: str, problem: str, code: str = "invalid_field") -> NoReturn:
        """Raise BadMessageError about field `name`."""
        path = self.path(name)
        raise BadMessageError(code, f"{path} {problem}", path)

    def text(
        self,
        name: str,
        max_chars: int,
        default: str | None = None,
        *,
        empty: bool,
        accepted: str = "",
    ) -> str:
        """A string of at most `max_chars` characters; `empty` says whether it may be blank."""
        accepted = accepted or f"a string of up to {max_chars} characters"
        value: str = self._typed(name, str, accepted, default)
        if len(value) > max_chars:
            self.reject(name, f"has {len(value)} characters; the limit is {max_chars}")
        if not empty and not value.strip():
            self.reject(name, "must not be empty")
        try:
            value.encode()
        except UnicodeEncodeError:
            self.reject(name, "holds half of a surrogate pair; send whole characters")
        return value

    def integer(self, name: str, accepted: str) -> int:
        """An integer; its range is the caller's to check."""
        value: int = self._typed(name, int, accepted)
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """true or false."""
        value: bool = self._typed(name, bool, "true or false", default)
        return value

    def group(self, name: str, accepted: str) -> Fields:
        """A nested object."""
        return Fields(self._typed(name, dict, accepted), self.path(name))

    def items(self, name: str, accepted: str, max_items: int) -> list[Any]:
        """An array of at most `max_items`; [] when absent."""
        values: list[Any] = self._typed(name, list, accepted, [])
        if len(values) > max_items:
            self.reject(name, f"has {len(values)} items; the limit is {max_items}")
        return values

    def groups(self, name: str, accepted: str, max_items: int) -> Iterator[Fields]:
        """An array of objects; nothing when absent."""
        for index, value in enumerate(self.items(name, accepted, max_items)):
            if not isinstance(value, dict):
                self.reject(f"{name}[{index}]", f"must be an object, not {_NAMES[type(value)]}")
            yield Fields(value, self.path(f"{name}[{index}]"))

    def texts(self, name: str, accepted: str, max_items: int, max_chars: int) -> Iterator[str]:
        """An array of strings; nothing when absent."""
        for index, value in enumerate(self.items(name, accepted, max_items)):
            one = Fields({f"{name}[{index}]": value}, self._path)
            yield one.text(f"{name}[{index}]", max_chars, empty=False)
