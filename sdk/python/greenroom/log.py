"""Lines for the operator. Bounded: what exceeds the quota is dropped and counted. `print` writes to `info`."""

from . import _host


def debug(message: str) -> None:
    """For an author."""
    _host.current.log("debug", message)


def info(message: str) -> None:
    """For the record."""
    _host.current.log("info", message)


def warn(message: str) -> None:
    """Something to look at."""
    _host.current.log("warn", message)


def error(message: str) -> None:
    """Something is wrong."""
    _host.current.log("error", message)
