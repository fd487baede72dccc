"""Columns: many numbers of one type, in an `array.array`.

The interpreter hands columns over as lists, and takes lists back. A list becomes an array when somebody looks at it: a column
that is only passed on is never converted, and costs nothing but being handed over.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# The type code of `array.array` for each type of the contract.
F32, S64, U32, U64 = "f", "q", "I", "Q"
CODES = {"f32s": F32, "s64s": S64, "u32s": U32}
KINDS = {code: kind for kind, code in CODES.items()}


def typed(code: str, values: Iterable[Any], name: str) -> array:
    """An array of type `code`: `values` itself when it is one, else a copy that is checked value by value.

    Raises TypeError or OverflowError that says which column has a value that does not fit.
    """
    if type(values) is array and values.typecode == code:
        return values
    if isinstance(values, (bytes, bytearray)):
        values = list(values)  # An array takes bytes for the memory of its numbers.
    try:
        return array(code, values)
    except (TypeError, OverflowError) as error:
        raise type(error)(f"`{name}` is a column of {_WORDS[code]}: {error}") from None


_WORDS = {F32: "f32", S64: "s64", U32: "u32", U64: "u64"}


class Numbers:
    """An attribute that is a column. What the host handed over is a list until it is read; what is set is checked."""

    def __init__(self, code: str):
        self.code = code

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, it: Any, owner: type | None = None) -> Any:
        if it is None:
            return self
        values = it.__dict__[self.name]
        if type(values) is list:
            values = it.__dict__[self.name] = array(self.code, values)
        return values

    def __set__(self, it: Any, values: Iterable[Any]) -> None:
        it.__dict__[self.name] = typed(self.code, values, self.name)


def as_list(it: Any, name: str) -> list:
    """A column as a list, which must not be written to: the one that was handed over, when nobody looked at it."""
    values = it.__dict__[name]
    return values if type(values) is list else values.tolist()


def taken(values: Any, places: list[int]) -> Any:
    """The values at `places`, as a list or an array, whichever `values` is."""
    found = map(values.__getitem__, places)
    return list(found) if type(values) is list else array(values.typecode, found)


@dataclass(frozen=True)
class ColumnSpec:
    """A column that is required or produced: its name, and its type: "f32s", "s64s" or "u32s"."""

    name: str
    kind: str = "f32s"


class Column:
    """A named column beside rows. `kind` is "f32s", "s64s" or "u32s", and `values` an array of that type."""

    def __init__(self, name: str, values: Iterable[Any], kind: str | None = None):
        """`kind` is that of the array when it is one, and "f32s" when nothing says otherwise."""
        self.name = name
        self.kind = kind or KINDS.get(getattr(values, "typecode", F32), "f32s")
        self._values: Any = typed(CODES[self.kind], values, name)

    @classmethod
    def handed(cls, name: str, kind: str, values: list) -> "Column":
        """What the host handed over, as it is."""
        column = cls.__new__(cls)
        column.name, column.kind, column._values = name, kind, values
        return column

    @property
    def values(self) -> array:
        """The values, one a row."""
        if type(self._values) is list:
            self._values = array(CODES[self.kind], self._values)
        return self._values

    @values.setter
    def values(self, values: Iterable[Any]) -> None:
        self._values = typed(CODES[self.kind], values, self.name)

    def as_list(self) -> list:
        """The values as a list, which must not be written to."""
        return self._values if type(self._values) is list else self._values.tolist()

    def pick(self, places: list[int]) -> "Column":
        """The values at `places`, in that order."""
        return Column.handed(self.name, self.kind, taken(self._values, places))

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Column):
            return NotImplemented
        return (self.name, self.kind, self.as_list()) == (other.name, other.kind, other.as_list())

    def __repr__(self) -> str:
        return f"Column({self.name!r}, {self.as_list()!r}, {self.kind!r})"
