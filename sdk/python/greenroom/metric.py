"""Numbers for the operator. Bounded as the log is."""

from . import _host


def count(name: str, value: float = 1.0) -> None:
    """Adds to a counter."""
    _host.current.count(name, float(value))


def observe(name: str, value: float) -> None:
    """Observes a value."""
    _host.current.observe(name, float(value))
