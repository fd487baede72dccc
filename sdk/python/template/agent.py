"""Prefers newer items: moves what is recent up a list that others ranked."""

import greenroom
from greenroom import Candidates, memory


@greenroom.agent
class Agent:
    @staticmethod
    def describe():
        """What the host is told, when the component is built."""
        return (
            greenroom.describe("__name__", "0.1.0", "reranking", "prefers newer items")
            .metric("ndcg@10", "outer")
            .takes("ranked")
            .facts("year")
            .parameter(greenroom.float("strength", 0, 1, 0.1, "how much newer items are preferred"))
        )

    def configure(self, params):
        """Called once, before anything is decided. The host has checked the range and filled in the default."""
        self.strength = params.float("strength")

    def decide(self, seen):
        ranked = seen.take_candidates("ranked")
        try:
            years = memory.gather(ranked.rows, ["year"])[0].values
        except (memory.NotFound, memory.Denied):
            return ranked.first(seen.limit)  # Nothing is known of years: the list stays as it is.
        scores = []
        for place, year in enumerate(years):
            # An unknown year is NaN, which is not even equal to itself.
            newness = min(max((year - 1950) / 100, 0.0), 1.0) if year == year else 0.0
            scores.append((1 - self.strength) * (1 - place / len(years)) + self.strength * newness)
        return Candidates.best(ranked.rows, scores, seen.limit)
