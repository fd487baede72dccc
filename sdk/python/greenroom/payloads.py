"""What else flows along an edge, and what `decide` returns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .candidates import Candidates
from .columns import F32, Numbers

POLICY_KINDS = ("deterministic", "plackett-luce", "epsilon-greedy", "other")
PAYLOAD_KINDS = ("candidates", "route", "settings", "document")


@dataclass
class Branch:
    """A branch that a router picks, and with which probability it does so for a request like this one, in [0, 1]."""

    name: str
    probability: float = 1.0


@dataclass
class Route:
    """Which of the branches behind a router run."""

    branches: list[Branch]


@dataclass
class Settings:
    """A change of settings for the nodes that read them: what it is for, and a MessagePack document (see `greenroom.pack`)."""

    scope: str
    patch: bytes


# A document is bytes of MessagePack: see `greenroom.pack` and `greenroom.unpack`.
Payload = Candidates | Route | Settings | bytes


def payload_kind(payload: Payload) -> str:
    """The kind of a payload, one of `PAYLOAD_KINDS`. Raises TypeError when it is none."""
    if isinstance(payload, Candidates):
        return "candidates"
    if isinstance(payload, Route):
        return "route"
    if isinstance(payload, Settings):
        return "settings"
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return "document"
    raise TypeError(
        f"a payload is Candidates, Route, Settings or bytes, not {type(payload).__name__}"
    )


class PolicyRecord:
    """How a decision was drawn, for learning from it later without bias."""

    propensities = Numbers(F32)
    """The marginal probability of each row at the position where it stands, in [0, 1]; empty when deterministic."""

    def __init__(
        self,
        kind: str = "deterministic",
        propensities: Iterable[float] = (),
        log_probability: float = 0.0,
        explored: bool = False,
        sampler_seed: int = 0,
    ):
        """`kind` is one of `POLICY_KINDS`; `log_probability` is that of the whole list, `explored` whether it differs from
        the greedy one, `sampler_seed` the seed of the draw."""
        if kind not in POLICY_KINDS:
            raise ValueError(f"a policy is one of {', '.join(POLICY_KINDS)}, not {kind!r}")
        self.kind = kind
        self.propensities = propensities
        self.log_probability = log_probability
        self.explored = explored
        self.sampler_seed = sampler_seed

    def __repr__(self) -> str:
        return f"PolicyRecord({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


@dataclass
class Decision:
    """What `decide` returns. A payload alone may be returned in its stead."""

    payload: Payload = field(default_factory=Candidates)
    policy: PolicyRecord | None = None
    """Absent for a deterministic policy."""


def decision(answer: Any) -> Decision:
    """What an agent returned, as a decision. Raises TypeError when it is none."""
    if isinstance(answer, Decision):
        return answer
    try:
        payload_kind(answer)
    except TypeError:
        raise TypeError(
            f"`decide` returns Candidates, Route, Settings, bytes or a Decision, not {type(answer).__name__}"
        ) from None
    return Decision(answer)
