"""What became of decisions, and what learning found."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from .columns import F32, S64, U32, U64, Column, Numbers, as_list
from .faults import InvalidFeedback

NONE = 0xFFFF_FFFF
"""Stands for "none" in the u32 columns of feedback."""

RETRACTED = 2

# Each column of numbers by its name here, which is that of the contract with underscores.
NUMBERS = {
    "events": U64,
    "cursors": U64,
    "requests": U32,
    "versions": U32,
    "subjects": U32,
    "rows": U32,
    "positions": U32,
    "values": F32,
    "event_times": S64,
    "receive_times": S64,
    "inner_rewards": F32,
    "outer_rewards": F32,
    "credits": F32,
    "propensities": F32,
}
BYTES = ("exposed", "kinds", "statuses")
LISTS = ("request_ids", "version_ids", "decided", "inputs")


class Feedback:
    """A batch of feedback, in columns. A column is as long as `rows`, or empty: then nothing of the kind is known."""

    events = Numbers(U64)
    """The event's identity; a retraction has the id of the event that it takes back."""
    cursors = Numbers(U64)
    """Where the event stands in the log, strictly ascending."""
    requests = Numbers(U32)
    """An index into `request_ids`, or `NONE` for an organic event. Rows of one request stand together."""
    request_ids: list[str]
    versions = Numbers(U32)
    """Which version of this agent decided: an index into `version_ids`, or `NONE`."""
    version_ids: list[str]
    subjects = Numbers(U32)
    """The subject's number, or `NONE` for an anonymous one."""
    rows = Numbers(U32)
    positions = Numbers(U32)
    """Where the row was shown, from 0; `NONE` when it was not."""
    exposed: bytes
    """0 unknown, 1 not exposed, 2 exposed."""
    kinds: bytes
    """As in `History`."""
    values = Numbers(F32)
    event_times = Numbers(S64)
    """Milliseconds since 1970-01-01T00:00:00Z."""
    receive_times = Numbers(S64)
    """Milliseconds since 1970-01-01T00:00:00Z."""
    statuses: bytes
    """0 provisional, 1 final, 2 retracted."""
    inner_rewards = Numbers(F32)
    """The agent's own reward of the row."""
    outer_rewards = Numbers(F32)
    """The system's reward of the row: 1 for a positive outcome, 0 for none."""
    credits = Numbers(F32)
    """This agent's share of the outer reward."""
    propensities = Numbers(F32)
    """The probability with which the row was shown where it was; NaN when unknown."""
    decided: list[Column]
    """What the agent decided then: "decided.score", "decided.rank" (from 0, -1 where it left the row out)."""
    inputs: list[Column]
    """What the agent saw then, each name prefixed with the port and a dot: "ranked.score". NaN where not offered."""

    def __init__(self, **columns: Any):
        """Any of the columns by name; the others are empty."""
        unknown = columns.keys() - NUMBERS.keys() - set(BYTES) - set(LISTS)
        if unknown:
            raise TypeError(f"feedback has no column {', '.join(sorted(unknown))}")
        for name in NUMBERS:
            setattr(self, name, columns.get(name, ()))
        for name in BYTES:
            setattr(self, name, bytes(columns.get(name, b"")))
        for name in LISTS:
            setattr(self, name, list(columns.get(name, ())))

    @classmethod
    def handed(cls, fields: dict[str, Any]) -> "Feedback":
        """What the host handed over, as it is."""
        it = cls.__new__(cls)
        it.__dict__.update(fields)
        return it

    def __len__(self) -> int:
        return len(self.__dict__["rows"])

    def asked(self) -> Iterator[range]:
        """The places of each request's rows, in order. Organic events are not among them."""
        start = 0
        for request, run in groupby(as_list(self, "requests")):
            end = start + sum(1 for _ in run)
            if request != NONE:
                yield range(start, end)
            start = end

    def is_retracted(self, event: int) -> bool:
        """Whether the event at a place was taken back."""
        return bool(self.statuses) and self.statuses[event] == RETRACTED

    def is_rewarded(self, event: int) -> bool:
        """Whether an event earned something and was not taken back. Where no rewards are known, all did."""
        rewards = self.outer_rewards
        return not self.is_retracted(event) and (not rewards or rewards[event] > 0)

    def input(self, name: str) -> array | None:
        """What the agent saw then in a column of its inputs, whatever its type; none when there is no such column."""
        return next((column.values for column in self.inputs if column.name == name), None)

    def check(self) -> None:
        """Raises InvalidFeedback that names the columns that are neither as long as `rows` nor empty."""
        sizes = {name.replace("_", "-"): len(self.__dict__[name]) for name in (*NUMBERS, *BYTES)}
        sizes.update((column.name, len(column)) for column in (*self.decided, *self.inputs))
        wrong = [f"`{name}` has {size} values" for name, size in sizes.items() if size not in (0, len(self))]
        if wrong:
            raise InvalidFeedback(f"the batch has {len(self)} rows, but {', '.join(wrong)}")


@dataclass
class FitReport:
    """What `fit` found: how many events it learned from, the loss where it has one, and notes for a person."""

    examples: int
    loss: float | None = None
    notes: Iterable[str] = field(default_factory=list)


@dataclass
class State:
    """Learned state: what `snapshot` gives and `restore` takes. `schema` names the layout of `bytes`."""

    schema: str
    bytes: bytes
