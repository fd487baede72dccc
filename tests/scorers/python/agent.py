"""The scorer that every language has: see docs/agents/costs.md."""

from math import sqrt

import greenroom
from greenroom import Candidates, ColumnSpec, InvalidObservation


@greenroom.agent
class Scorer:
    @staticmethod
    def describe():
        columns = ["relevance", "age", ColumnSpec("shown", "s64s"), ColumnSpec("clicked", "u32s")]
        return (
            greenroom.describe("scorer", "0.1.0", "ranking", "scores candidates by what is known of them")
            .metric("ndcg@10", "inner")
            .takes("ranked", columns=columns)
            .parameter(
                greenroom.float("freshness", 0, 1, 0.3, "what a new item gains"),
                greenroom.float("exploration", 0, 1, 0.1, "what an item gains that was not shown yet"),
            )
        )

    def configure(self, params):
        self.freshness = params.float("freshness")
        self.exploration = params.float("exploration")

    def decide(self, seen):
        ranked = seen.take_candidates("ranked")
        columns = [ranked.column(name) for name in ("relevance", "age", "shown", "clicked")]
        if None in columns:
            raise InvalidObservation("the candidates lack a column that the port names")
        freshness, exploration = self.freshness, self.exploration
        scores = []
        for relevance, age, shown, clicked in zip(*columns):
            age, shown = max(age, 0), max(shown, 0)
            rate = (clicked + 1) / (shown + 20)
            interest = relevance + freshness / (1 + age / 30) + rate + exploration / sqrt(1 + shown)
            scores.append(interest / sqrt(1 + interest * interest))
        return Candidates.best(ranked.rows, scores, seen.limit)
