"""Running an agent without a host: for its tests. No WebAssembly is needed, just this package on the path.

    agent = native.configured(MyAgent, strength=0.5)
    native.set_facts(rows=3, year=[1990.0, 2000.0, math.nan])
    answer = agent.decide(native.observe(2, ranked=Candidates([0, 1, 2], [3.0, 2.0, 1.0])))
"""

from collections.abc import Iterable, Sequence
from typing import Any

from . import _host, memory
from .candidates import Candidates
from .columns import F32, S64, Column
from .feedback import NONE, Feedback
from .observation import History, Input, Observation
from .params import Params

LIKE = 4
FINAL = 1


class World:
    """What agents know when there is no host: nothing, until it is told. Everything that they write is kept here."""

    def __init__(self) -> None:
        self.rows = 0
        self.facts: dict[str, Sequence[float]] = {}
        self.bits: dict[str, tuple[list[str], Sequence[int]]] = {}
        self.spaces: dict[str, dict[str, memory.Entry]] = {}
        self.revision = 0
        self.lines: list[str] = []
        self.numbers: list[tuple[str, float]] = []

    def open(self, name: str) -> "_Space":
        return _Space(self, self.spaces.setdefault(name, {}))

    def row_count(self) -> int:
        return self.rows

    def gather(self, rows: list[int], fields: list[str]) -> list[Column]:
        return [self._fact(rows, field) for field in fields]

    def _fact(self, rows: list[int], field: str) -> Column:
        if field in self.facts:
            known, code, unknown = self.facts[field], F32, float("nan")
        elif field in self.bits:
            known, code, unknown = self.bits[field][1], S64, 0
        else:
            raise memory.NotFound(f"no field `{field}`")
        values = [known[row] if row < len(known) else unknown for row in rows]
        return Column(field, values, "f32s" if code == F32 else "s64s")

    def labels(self, field: str) -> list[str]:
        if field not in self.bits:
            raise memory.NotFound(f"no labels `{field}`")
        return list(self.bits[field][0])

    def log(self, level: str, message: str) -> None:
        self.lines.append(f"{level}: {message}")

    def count(self, name: str, value: float) -> None:
        self.numbers.append((name, value))

    def observe(self, name: str, value: float) -> None:
        self.numbers.append((name, value))


class _Space:
    def __init__(self, world: World, entries: dict[str, memory.Entry]):
        self.world = world
        self.entries = entries

    def close(self) -> None:
        pass

    def get(self, key: str) -> memory.Entry | None:
        return self.entries.get(key)

    def get_many(self, keys: list[str]) -> list[memory.Entry | None]:
        return [self.entries.get(key) for key in keys]

    def put(self, key: str, value: bytes) -> int:
        self.world.revision += 1
        self.entries[key] = memory.Entry(value, self.world.revision)
        return self.world.revision

    def compare_and_swap(self, key: str, expected: int | None, value: bytes) -> int:
        found = self.entries[key].revision if key in self.entries else None
        if found != expected:
            raise memory.Conflict(found)
        return self.put(key, value)

    def delete(self, key: str) -> bool:
        return self.entries.pop(key, None) is not None

    def scan(self, prefix: str, after: str | None, limit: int) -> memory.Page:
        def wanted(key: str) -> bool:
            return key.startswith(prefix) and (after is None or key.encode() > after.encode())

        keys = sorted(filter(wanted, self.entries), key=str.encode)
        page = [memory.KeyedEntry(key, self.entries[key].value, self.entries[key].revision) for key in keys[:limit]]
        return memory.Page(page, page[-1].key if len(keys) > limit and page else None)


_host.current = World()


def reset() -> World:
    """A new world, in which nothing is known and nothing was written. Returns it, to look at its lines and numbers."""
    _host.current = World()
    return _host.current


def set_facts(rows: int, **numbers: Sequence[float]) -> None:
    """Sets how many rows there are, and numbers of each by field."""
    _host.current.rows = rows
    _host.current.facts = numbers


def set_labels(field: str, names: Iterable[str], bits: Sequence[int]) -> None:
    """Sets a field of labels: their names, and each row's bits."""
    _host.current.bits[field] = (list(names), bits)


def take_log() -> list[str]:
    """The lines that agents logged since the last call, each with its level before it."""
    lines, _host.current.lines = _host.current.lines, []
    return lines


def configured(agent: type, **params: Any) -> Any:
    """An agent with the parameters of its descriptor, defaults where none is given."""
    made = agent()
    if hasattr(made, "configure"):
        made.configure(Params.defaults(made.describe(), **params))
    return made


def observe(limit: int, likes: Iterable[tuple[int, int]] = (), **ports: Candidates) -> Observation:
    """An observation for `limit` rows, with likes as (row, time in ms), oldest first, and what arrives at each port."""
    rows, times = [row for row, _ in likes], [time for _, time in likes]
    history = History(rows, times, bytes([LIKE]) * len(rows), [1.0] * len(rows))
    inputs = [Input(port, f"{port}-node", candidates) for port, candidates in ports.items()]
    return Observation(
        request_id="native",
        now=times[-1] + 1 if times else 0,
        limit=limit,
        history=history,
        inputs=inputs,
    )


def organic(events: Sequence[tuple[int, int, int]]) -> Feedback:
    """Feedback that no decision stands behind: likes as (subject, row, time in ms)."""
    n = len(events)
    return Feedback(
        events=range(n),
        cursors=range(n),
        requests=[NONE] * n,
        versions=[NONE] * n,
        subjects=[subject for subject, _, _ in events],
        rows=[row for _, row, _ in events],
        kinds=bytes([LIKE]) * n,
        values=[1.0] * n,
        event_times=[time for _, _, time in events],
        receive_times=[time for _, _, time in events],
        statuses=bytes([FINAL]) * n,
        inner_rewards=[1.0] * n,
        outer_rewards=[1.0] * n,
    )
