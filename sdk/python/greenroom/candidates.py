"""Candidates: rows with scores, and whatever else is known of them, in columns."""

import math
from array import array
from collections.abc import Callable, Iterable
from typing import Any

from .columns import F32, U32, U64, Column, Numbers, as_list, taken, typed


class Candidates:
    """Rows of the catalog, best first. All columns have the length of `rows`."""

    rows = Numbers(U32)
    """Rows: `array("I")`."""
    scores = Numbers(F32)
    """`array("f")`. Finite; higher is better."""
    sources = Numbers(U64)
    """Which source nodes proposed each row, a bit each: `array("Q")`, or empty when unknown."""
    columns: list[Column]

    def __init__(
        self,
        rows: Iterable[int] = (),
        scores: Iterable[float] = (),
        sources: Iterable[int] = (),
        columns: Iterable[Column] = (),
    ):
        """What is no array of the right type is copied into one.

        Raises TypeError or OverflowError for a value that does not fit its column.
        """
        self.rows = rows
        self.scores = scores
        self.sources = sources
        self.columns = list(columns)

    @classmethod
    def handed(cls, rows: Any, scores: Any, sources: Any, columns: list[Column]) -> "Candidates":
        """What the host handed over, as it is."""
        it = cls.__new__(cls)
        it.__dict__.update(rows=rows, scores=scores, sources=sources, columns=columns)
        return it

    @classmethod
    def best(cls, rows: Iterable[int], scores: Iterable[float], limit: int) -> "Candidates":
        """The `limit` best: by descending score, ties by ascending row.

        Raises ValueError for a score that is not finite.
        """
        rows, scores = typed(U32, rows, "rows"), typed(F32, scores, "scores")
        if len(rows) != len(scores):
            raise ValueError(f"{len(rows)} rows have {len(scores)} scores")
        if not math.isfinite(sum(scores)):
            place = next(i for i, score in enumerate(scores) if not math.isfinite(score))
            raise ValueError(f"the score of row {rows[place]} is {scores[place]}: scores are finite")
        # Pairs of a number and a number are compared without asking Python, so this is faster than a sort by key.
        pairs = sorted(zip([-score for score in scores], rows))[:limit]
        return cls.handed([row for _, row in pairs], [-score for score, _ in pairs], [], [])

    def __len__(self) -> int:
        return len(self.__dict__["rows"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Candidates):
            return NotImplemented
        return self.columns == other.columns and all(
            as_list(self, name) == as_list(other, name) for name in ("rows", "scores", "sources")
        )

    def __repr__(self) -> str:
        rows, scores, sources = (as_list(self, name) for name in ("rows", "scores", "sources"))
        return f"Candidates({rows}, {scores}, {sources}, {self.columns})"

    def column(self, name: str) -> array | None:
        """The values of a column; none when there is no such column."""
        return next((column.values for column in self.columns if column.name == name), None)

    def put(self, name: str, values: Iterable[Any], kind: str | None = None) -> None:
        """Adds a column, one value a row; it takes the place of one with this name.

        Raises ValueError when there are more or fewer values than rows.
        """
        column = Column(name, values, kind)
        if len(column) != len(self):
            raise ValueError(f"`{name}` has {len(column)} values for {len(self)} rows")
        self.columns = [other for other in self.columns if other.name != name]
        self.columns.append(column)

    def pick(self, places: Iterable[int]) -> "Candidates":
        """The candidates at `places`, in that order, with their sources and columns."""
        places = list(places)
        rows, scores, sources = (self.__dict__[name] for name in ("rows", "scores", "sources"))
        return Candidates.handed(
            taken(rows, places),
            taken(scores, places),
            taken(sources, places) if len(sources) else sources,
            [column.pick(places) for column in self.columns],
        )

    def first(self, limit: int) -> "Candidates":
        """The first `limit` of these; these themselves when there are no more."""
        return self if len(self) <= limit else self.pick(range(limit))

    def only(self, kept: Callable[[int], bool]) -> "Candidates":
        """Those whose row is `kept`, for instance by `Observation.admits`; these themselves when all are."""
        places = [place for place, row in enumerate(as_list(self, "rows")) if kept(row)]
        return self if len(places) == len(self) else self.pick(places)
