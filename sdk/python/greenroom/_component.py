"""The agent as a component: what the generated bindings call. Private, and imported in a component alone.

It is imported while the component is built, and what there is in memory then is in the component: modules that are imported later
are not there, since a component has no files. So are neither clock nor random numbers but those of the observation.
"""

import builtins
import gc
import io
import os
import sys
import time
from importlib.machinery import BuiltinImporter, FrozenImporter
from types import ModuleType
from typing import Any

from componentize_py_types import Err

from . import _host, memory
from ._imports import Imports
from ._trace import remember, trace
from ._wire import (
    decision_out,
    descriptor_out,
    fault_out,
    feedback_in,
    observation_in,
    report_out,
    state_in,
    state_out,
)
from .agents import registered
from .faults import Fault, InvalidState
from .feedback import State
from .params import Params

NEEDED = {
    "policy": ("decide",),
    "lifecycle": ("describe",),
    "learner": ("learn", "fit"),
}


# The one agent of an instance, which runs one call at a time. It is made when the component is built, so that what it prepares
# in `__init__` is there at once in every instance.
_agent: Any = None


def _guarded(call: Any) -> Any:
    """A call whose faults are told to the host. Anything else that it raises is logged, and then is a trap."""

    def guarded(self: Any, *given: Any) -> Any:
        try:
            return call(self, *given)
        except Fault as fault:
            told = fault_out(fault)
        except memory.Error as error:
            told = fault_out(Fault("unavailable", _said(error), isinstance(error, memory.Unavailable)))
        except BaseException as error:
            _host.current.log("error", trace(error))
            raise
        # Raised out here, so that the exception it stands for is not kept.
        raise Err(told)

    return guarded


def _said(error: memory.Error) -> str:
    return f"memory: {type(error).__name__}: {error}"


class Policy:
    """Perception in, decision out."""

    @_guarded
    def decide(self, observation: Any) -> Any:
        return decision_out(_agent.decide(observation_in(observation)))


class Lifecycle:
    """Parameters and learned state."""

    # Made when the component is built: it depends on nothing but the code.
    descriptor: Any = None
    schema = ""

    def describe(self) -> Any:
        return self.descriptor

    @_guarded
    def configure(self, params: bytes) -> None:
        params = Params.decode(params)
        if hasattr(_agent, "configure"):
            _agent.configure(params)

    @_guarded
    def snapshot(self) -> Any:
        return state_out(_agent.snapshot() if hasattr(_agent, "snapshot") else State(self.schema, b""))

    @_guarded
    def restore(self, state: Any) -> None:
        if state.schema != self.schema:
            mine = self.descriptor
            raise InvalidState(
                f'{mine.name} {mine.version} restores states of schema "{self.schema}", not "{state.schema}": '
                "train this agent, or give it its own state"
            )
        if hasattr(_agent, "restore"):
            _agent.restore(state_in(state))


class Learner:
    """The feedback end of the loop."""

    @_guarded
    def learn(self, feedback: Any) -> None:
        _agent.learn(feedback_in(feedback))

    @_guarded
    def fit(self) -> Any:
        return report_out(_agent.fit())


class _Lines(io.TextIOBase):
    """What is printed, as lines of the log."""

    def __init__(self, level: str):
        self.level = level
        self.begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            _host.current.log(self.level, line)
        return len(text)


def _no(what: str, instead: str) -> Any:
    def refused(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"an agent has no {what}: {instead}")

    return refused


class _NoFinder:
    """Says why a module cannot be imported, where looking for its file would trap."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        raise ModuleNotFoundError(
            f"`{name}` is not in the component: import it at the top of a file, so that it is there when the component is built",
            name=name,
        )


def _close_doors() -> None:
    """Puts exceptions, which say what to do, where a component has nothing and would trap without a word."""
    sys.stdout, sys.stderr = _Lines("info"), _Lines("error")
    sys.stdin = None
    clock = _no("clock", "use `seen.now`")
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"):
        setattr(time, name, clock)
    os.urandom = _no("randomness of its own", "use `seen.random`")
    io.open = builtins.open = _no("files", "put what it needs into its code, its parameters or its state")
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, _NoFinder]
    # What failed was told by then.
    sys.excepthook = lambda *_: None


def serve(author: ModuleType, exports: list[str]) -> None:
    """Ends the build of a component of what a module registered: checks that the agent has what it exports, makes it, asks it what
    it is, and tidies up.

    Raises TypeError that says what is missing.
    """
    global _agent
    made = registered()
    missing = [name for interface in exports for name in NEEDED[interface] if not callable(getattr(made, name, None))]
    if missing:
        raise TypeError(f"{made.__name__} exports {', '.join(exports)}, but has no method {', '.join(missing)}")
    _agent = made()
    if "lifecycle" in exports:
        described = _agent.describe()
        Lifecycle.descriptor = descriptor_out(described)
        Lifecycle.schema = described.schema
    remember(os.path.dirname(author.__file__ or ""))
    _host.current = Imports()
    _close_doors()
    # What is here now stays; the collector need not look at it again.
    gc.collect()
    gc.freeze()
