"""The host as a component reaches it: the generated imports. Private, and imported in a component alone."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import log, metric

from . import memory as ours
from ._wire import U32_MAX, column_in, octets, text, whole
from .columns import Column

try:
    from wit_world.imports import memory
except ImportError:
    # What a component imports has to be granted to it, so it is left out of one whose source says nothing of it.
    memory = None

_ERRORS = {
    "Error_Denied": ours.Denied,
    "Error_TooLarge": ours.TooLarge,
    "Error_Quota": ours.Quota,
    "Error_NotFound": ours.NotFound,
    "Error_Unavailable": ours.Unavailable,
    "Error_Conflict": ours.Conflict,
}
_LEVELS = {"debug": log.Level(0), "info": log.Level(1), "warn": log.Level(2), "error": log.Level(3)}


def _asked(function: Any, *given: Any) -> Any:
    try:
        return function(*given)
    except Err as refused:
        error = refused.value
    # Raised out here, so that it does not come with the bindings' own.
    raise _ERRORS[type(error).__name__](error.value)


def _memory() -> Any:
    if memory is None:
        raise RuntimeError("this component was built without `memory`: write `from greenroom import memory` in the agent's own files")
    return memory


class Imports:
    """What `native.World` stands in for."""

    def open(self, name: str) -> "_Handle":
        return _Handle(_asked(_memory().open, text(name, "a namespace's name")))

    def row_count(self) -> int:
        return _memory().row_count()

    def gather(self, rows: list[int], fields: list[str]) -> list[Column]:
        return [column_in(column) for column in _asked(_memory().gather, rows, [text(f, "a field") for f in fields])]

    def labels(self, field: str) -> list[str]:
        return _asked(_memory().labels, text(field, "a field"))

    def log(self, level: str, message: str) -> None:
        # A line in the log is no reason to fail.
        log.write(_LEVELS[level], str(message).encode(errors="replace").decode())

    def count(self, name: str, value: float) -> None:
        metric.count(text(name, "a counter's name"), value)

    def observe(self, name: str, value: float) -> None:
        metric.observe(text(name, "a metric's name"), value)


class _Handle:
    def __init__(self, namespace: Any):
        self.namespace = namespace

    def close(self) -> None:
        self.namespace.__exit__(None, None, None)

    def get(self, key: str) -> ours.Entry | None:
        return _entry(_asked(self.namespace.get, text(key, "a key")))

    def get_many(self, keys: list[str]) -> list[ours.Entry | None]:
        return [_entry(found) for found in _asked(self.namespace.get_many, [text(key, "a key") for key in keys])]

    def put(self, key: str, value: bytes) -> int:
        return _asked(self.namespace.put, text(key, "a key"), octets(value, "a value"))

    def compare_and_swap(self, key: str, expected: int | None, value: bytes) -> int:
        expected = None if expected is None else whole(expected, "a revision")
        return _asked(self.namespace.compare_and_swap, text(key, "a key"), expected, octets(value, "a value"))

    def delete(self, key: str) -> bool:
        return _asked(self.namespace.delete, text(key, "a key"))

    def scan(self, prefix: str, after: str | None, limit: int) -> ours.Page:
        after = None if after is None else text(after, "a key")
        page = _asked(self.namespace.scan, text(prefix, "a prefix"), after, whole(limit, "a limit", 0, U32_MAX))
        return ours.Page([ours.KeyedEntry(one.key, one.value, one.revision) for one in page.entries], page.next)


def _entry(found: Any) -> ours.Entry | None:
    return None if found is None else ours.Entry(found.value, found.revision)
