"""What an agent perceives."""

import random
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .candidates import Candidates
from .columns import F32, S64, U32, Numbers
from .faults import InvalidObservation
from .payloads import Payload, payload_kind


@dataclass
class Subject:
    """Whom a decision is for: the external id, and the dense number that the host assigned to it."""

    key: str
    number: int


class History:
    """What a subject did, oldest first, as columns of one length."""

    rows = Numbers(U32)
    times = Numbers(S64)
    """Milliseconds since 1970-01-01T00:00:00Z."""
    kinds: bytes
    """Codes: 0 other, 1 rating, 2 view, 3 click, 4 like, 5 dislike, 6 purchase, 7 dismissal."""
    values = Numbers(F32)

    def __init__(
        self,
        rows: Iterable[int] = (),
        times: Iterable[int] = (),
        kinds: Iterable[int] = b"",
        values: Iterable[float] = (),
    ):
        self.rows = rows
        self.times = times
        self.kinds = bytes(kinds)
        self.values = values

    @classmethod
    def handed(cls, rows: list, times: list, kinds: bytes, values: list) -> "History":
        """What the host handed over, as it is."""
        it = cls.__new__(cls)
        it.__dict__.update(rows=rows, times=times, kinds=kinds, values=values)
        return it

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass
class Input:
    """What arrived at a port, and from which node."""

    port: str
    node: str
    payload: Payload


class Observation:
    """What an agent perceives. Nothing in it says whether this is serving or replay."""

    request_id: str
    subject: Subject | None
    """Absent for an anonymous request. A subject without history is normal."""
    now: int
    """Milliseconds since 1970-01-01T00:00:00Z: the only clock."""
    seed: int
    """Where randomness comes from: see `random`."""
    limit: int
    """At most so many rows are wanted."""
    surface: str
    """Where the answer will be shown, for instance "home"; empty when unsaid."""
    session_id: str | None
    segments: list[str]
    """What kind of subject this is, for instance "cold"."""
    excluded: list[int]
    """Rows that must not be in the answer, ascending."""
    allowed: list[int] | None
    """When present, only these rows may be in the answer, ascending."""
    context: bytes
    """What the caller said beside, for `greenroom.unpack`; empty when nothing."""
    history: History
    inputs: list[Input]

    def __init__(
        self,
        request_id: str = "",
        subject: Subject | None = None,
        now: int = 0,
        seed: int = 0,
        limit: int = 10,
        surface: str = "",
        session_id: str | None = None,
        segments: Iterable[str] = (),
        excluded: Iterable[int] = (),
        allowed: Iterable[int] | None = None,
        context: bytes = b"",
        history: History | None = None,
        inputs: Iterable[Input] = (),
    ):
        self.request_id = request_id
        self.subject = subject
        self.now = now
        self.seed = seed
        self.limit = limit
        self.surface = surface
        self.session_id = session_id
        self.segments = list(segments)
        self.excluded = list(excluded)
        self.allowed = None if allowed is None else list(allowed)
        self.context = context
        self.history = history or History()
        self.inputs = list(inputs)

    @classmethod
    def handed(cls, fields: dict[str, Any]) -> "Observation":
        """What the host handed over, as it is."""
        it = cls.__new__(cls)
        it.__dict__.update(fields)
        return it

    @cached_property
    def random(self) -> random.Random:
        """Randomness of this request: the same seed, the same decision. The module `random` repeats itself in every instance."""
        return random.Random(self.seed)

    def admits(self, row: int) -> bool:
        """Whether a row may be in the answer: it is not excluded, and allowed where only some are."""
        return not _holds(self.excluded, row) and (self.allowed is None or _holds(self.allowed, row))

    def take_candidates(self, port: str) -> Candidates:
        """Takes the candidates that arrived at a port out of the inputs; no candidates when nothing arrived.

        Raises InvalidObservation when something else arrived.
        """
        place = next((place for place, one in enumerate(self.inputs) if one.port == port), None)
        if place is None:
            return Candidates()
        found = self.inputs[place]
        if not isinstance(found.payload, Candidates):
            kind = payload_kind(found.payload)
            raise InvalidObservation(f'port "{port}" takes candidates, and "{found.node}" sent this: {kind}')
        del self.inputs[place]
        return found.payload


def _holds(ascending: list[int], row: int) -> bool:
    place = bisect_left(ascending, row)
    return place < len(ascending) and ascending[place] == row
