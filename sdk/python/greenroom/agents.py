"""Which class is the agent of this component."""

from typing import Protocol, TypeVar

from .describing import Descriptor
from .feedback import Feedback, FitReport, State
from .observation import Observation
from .params import Params
from .payloads import Decision, Payload

_registered: type | None = None

T = TypeVar("T", bound=type)


class Policy(Protocol):
    """What every agent has: perception in, decision out."""

    def decide(self, seen: Observation) -> Decision | Payload:
        """Decides. At most `seen.limit` rows, none of them excluded, none twice."""
        ...


class Lifecycle(Policy, Protocol):
    """Parameters and learned state, for `exports = ["policy", "lifecycle"]`."""

    @staticmethod
    def describe() -> Descriptor:
        """What this agent is and takes. It depends on nothing but the code: it is asked once, when the component is built."""
        ...

    def configure(self, params: Params) -> None:
        """Sets parameters, which the host has checked against `describe`. An agent without parameters leaves it out."""
        ...

    def snapshot(self) -> State:
        """The learned state; the same state gives the same bytes. An agent without state leaves it out."""
        ...

    def restore(self, state: State) -> None:
        """Takes a learned state of the schema that `describe` names (checked before)."""
        ...


class Learner(Lifecycle, Protocol):
    """The feedback end of the loop, for `exports = ["policy", "lifecycle", "learner"]`."""

    def learn(self, batch: Feedback) -> None:
        """Takes a batch of feedback."""
        ...

    def fit(self) -> FitReport:
        """Solves what a batch method has to solve. What a person should know of it goes into the notes."""
        ...


def agent(it: T) -> T:
    """Makes a class the agent of this component. It is made without arguments, when the component is built: what it prepares in
    `__init__` is there at once in every instance, but there is no host yet to ask."""
    global _registered
    if not isinstance(it, type):
        raise TypeError(f"`@greenroom.agent` goes above a class, not above {it!r}")
    _registered = it
    return it


def registered() -> type:
    """The agent. Raises LookupError that says what to do when there is none."""
    if _registered is None:
        raise LookupError("no class is the agent: write `@greenroom.agent` above it")
    return _registered
