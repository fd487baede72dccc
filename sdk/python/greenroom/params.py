"""Parameters as `configure` gets them: checked, defaults filled in."""

from array import array
from typing import Any

from .columns import U32
from .describing import Descriptor
from .documents import unpack
from .faults import InvalidParameters


class Params:
    """Parameters by name. Each method raises InvalidParameters that names the parameter, what it takes and what was found."""

    def __init__(self, values: dict[str, Any] | None = None):
        self._values = values or {}

    @classmethod
    def decode(cls, document: bytes) -> "Params":
        """Reads what the host hands over: a MessagePack map. Raises InvalidParameters when it is none."""
        try:
            values = unpack(document)
        except ValueError as error:
            raise InvalidParameters(f"parameters are not a map of known values: {error}") from None
        if values is not None and not isinstance(values, dict):
            raise InvalidParameters(f"parameters are not a map of known values: {values!r}")
        return cls(values)

    @classmethod
    def defaults(cls, descriptor: Descriptor, **changes: Any) -> "Params":
        """The defaults of a descriptor, with `changes`: what `configure` gets. For tests."""
        values = {one.name: one.default for one in descriptor.parameters if one.default is not None}
        return cls(values | changes)

    def _get(self, name: str, expected: str) -> Any:
        if name not in self._values:
            raise InvalidParameters(f"`{name}` ({expected}) is missing")
        return self._values[name]

    def integer(self, name: str) -> int:
        """A whole parameter."""
        value = self._get(name, "a whole number")
        return value if _is_whole(value) else _wrong(name, "a whole number", value)

    def choice(self, name: str) -> str:
        """One of several names."""
        value = self._get(name, "a name")
        return value if isinstance(value, str) else _wrong(name, "a name", value)

    def boolean(self, name: str) -> bool:
        """A switch."""
        value = self._get(name, "true or false")
        return value if isinstance(value, bool) else _wrong(name, "true or false", value)

    def items(self, name: str) -> array:
        """Items, as rows: `array("I")`, empty when not given."""
        values = self._values.get(name, [])
        try:
            if isinstance(values, list):
                return array(U32, values)
        except (TypeError, OverflowError):
            pass
        return _wrong(name, "a list of items", values)

    def numbers(self, name: str) -> list[float] | dict[str, float] | None:
        """A list of numbers or a map from names to numbers, whichever was given; none when neither was."""
        values = self._values.get(name)
        if values is None:
            return None
        if isinstance(values, list) and all(map(_is_number, values)):
            return [float(value) for value in values]
        if isinstance(values, dict) and all(isinstance(key, str) and _is_number(x) for key, x in values.items()):
            return {key: float(value) for key, value in values.items()}
        return _wrong(name, "a list of numbers or a map from names to numbers", values)

    # The last one, since below it `float` is this.
    def float(self, name: str) -> float:
        """A real parameter; a whole number is one."""
        value = self._get(name, "a number")
        return float(value) if _is_number(value) else _wrong(name, "a number", value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong(name: str, expected: str, found: Any) -> Any:
    raise InvalidParameters(f"`{name}` takes {expected}, not {found!r}")
