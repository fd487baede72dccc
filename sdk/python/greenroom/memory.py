"""The shared memory layer: item facts, and namespaces that the graph file grants to this agent.

    year = memory.gather(rows, ["year"])[0].values

    with memory.open("notes") as notes:
        entry = notes.get("last")
"""

from collections.abc import Iterable
from dataclasses import dataclass

from . import _host
from .columns import U32, Column, typed


class Error(Exception):
    """Why an operation failed. Who does not catch it fails with a fault of kind `unavailable`."""


class Denied(Error):
    """Not granted. Names what was asked for."""


class Conflict(Error):
    """Compare-and-swap found another revision: `revision`, none when there is no such key."""

    def __init__(self, revision: int | None):
        super().__init__("there is no such key" if revision is None else f"the key is at revision {revision}")
        self.revision = revision


class TooLarge(Error):
    """A key, a value or a batch is larger than the host takes. Says what and how large it may be."""


class Quota(Error):
    """The namespace is full."""


class NotFound(Error):
    """No such namespace, or no such field."""


class Unavailable(Error):
    """It may work later."""


@dataclass
class Entry:
    """A value, and the revision at which it was written."""

    value: bytes
    revision: int


@dataclass
class KeyedEntry:
    """A key with its value, and the revision at which it was written."""

    key: str
    value: bytes
    revision: int


@dataclass
class Page:
    """A page of a scan. Pass `next` as `after` to go on; it is none at the end."""

    entries: list[KeyedEntry]
    next: str | None


class Namespace:
    """A part of the shared memory layer, open for one call at most: use it in a `with`, or close it."""

    def __init__(self, handle):
        self._handle = handle

    def __enter__(self) -> "Namespace":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Gives the handle back. Closing twice is nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def get(self, key: str) -> Entry | None:
        """Reads a key."""
        return self._handle.get(key)

    def get_many(self, keys: Iterable[str]) -> list[Entry | None]:
        """Reads several keys; the answer is in their order."""
        return self._handle.get_many(list(keys))

    def put(self, key: str, value: bytes) -> int:
        """Writes a key, whatever was there. Returns the new revision."""
        return self._handle.put(key, bytes(value))

    def compare_and_swap(self, key: str, expected: int | None, value: bytes) -> int:
        """Writes a key if its revision is `expected`; none expects that there is no such key. Returns the new revision.

        Raises Conflict, with the revision that was found.
        """
        return self._handle.compare_and_swap(key, expected, bytes(value))

    def delete(self, key: str) -> bool:
        """Removes a key. Whether it was there."""
        return self._handle.delete(key)

    def scan(self, prefix: str = "", after: str | None = None, limit: int = 100) -> Page:
        """Reads keys that begin with `prefix`, in byte order, after the key `after`."""
        return self._handle.scan(prefix, after, limit)


def open(name: str) -> Namespace:
    """Opens a namespace that the graph file grants to this agent. Raises Denied or NotFound."""
    return Namespace(_host.current.open(name))


def row_count() -> int:
    """How many rows the catalog has: rows are 0 to this number, less one."""
    return _host.current.row_count()


def gather(rows: Iterable[int], fields: Iterable[str]) -> list[Column]:
    """Item facts as columns, one a field, in the order of `rows`. Needs the grant `items:read`.

    A number is f32, and NaN where unknown. Labels are s64, one bit a label in the order of `labels`, 0 where unknown.
    Raises Denied or NotFound.
    """
    return _host.current.gather(typed(U32, rows, "rows").tolist(), list(fields))


def labels(field: str) -> list[str]:
    """The names behind the bits of a field of labels. Needs the grant `items:read`. Raises Denied or NotFound."""
    return _host.current.labels(field)
