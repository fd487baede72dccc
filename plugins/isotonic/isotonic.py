"""Says how probable it is that a row turns out well, from how often rows with such a score, or at such a rank, did.

It takes what was asked about each row of port `ranked` and pools it into a curve that never falls from better to worse
(isotonic regression). Nothing is assumed of its form, so it needs some thousand outcomes; before the first it says one half.

The order of rows stays unless `replace` makes the probability the score. Equal probabilities keep the order in any case.
"""

import math

import greenroom
from curve import Curve, log_loss, merged
from greenroom import FitReport, State

SCHEMA = "isotonic/1"
PORT = "ranked"
COLUMN = "probability"
# Points are merged into bins once there are so many: enough to be exact where it matters, and bounded.
POINTS_MAX = 100_000


@greenroom.agent
class Isotonic:
    def __init__(self):
        self.curve = Curve()
        # What was told since `fit`: how many outcomes at each x, and how many of them were good.
        self.points = {}
        self.told = 0

    @staticmethod
    def describe():
        return (
            greenroom.describe("isotonic", "0.1.0", "calibration", "says how probable it is that a row turns out well")
            .metric("log-loss", "inner")
            .takes(PORT)
            .produces(COLUMN)
            .state(SCHEMA)
            .parameter(
                greenroom.choice("by", ["score", "rank"], "score", "what of a row tells how it turns out").shapes_state(),
                greenroom.integer("bins_max", 2, 1000, 200, "bins that outcomes are kept in").log().shapes_state(),
                greenroom.float("prior", 0.01, 10_000, 1, "for how many outcomes the mean of all counts").log(),
                greenroom.boolean("replace", False, "whether the probability becomes the score"),
            )
        )

    def configure(self, params):
        self.by_rank = params.choice("by") == "rank"
        self.bins_max = params.integer("bins_max")
        self.prior = params.float("prior")
        self.replace = params.boolean("replace")

    def decide(self, seen):
        ranked = seen.take_candidates(PORT)
        if seen.excluded or seen.allowed is not None:
            ranked = ranked.only(seen.admits)
        ranked = ranked.first(seen.limit)
        # The rank is counted from 0 and falls as the score does, so the curve is asked for its negative.
        xs = range(0, -len(ranked), -1) if self.by_rank else ranked.scores
        probabilities = self.curve.probabilities(xs)
        ranked.put(COLUMN, probabilities)
        if self.replace:
            ranked.scores = probabilities
        return ranked

    def learn(self, batch):
        batch.check()
        seen = batch.input(f"{PORT}.rank" if self.by_rank else f"{PORT}.score")
        # What is not known to have been good or bad says nothing, and neither does what the port did not offer.
        if seen is None or not len(seen) or not len(batch.outer_rewards):
            return
        rewards, statuses, points = batch.outer_rewards, batch.statuses, self.points
        for rows in batch.asked():
            for row in rows:
                x = seen[row]
                if self.by_rank:
                    if x < 0:
                        continue
                    x = -x
                if not math.isfinite(x):
                    continue
                good = rewards[row] > 0 and not (statuses and statuses[row] == 2)
                count, earned = points.get(x, (0, 0))
                points[x] = (count + 1, earned + good)
                self.told += 1
        if len(points) > POINTS_MAX:
            self.points = {x: (n, g) for x, n, g in merged(_rows(points), POINTS_MAX // 2)}

    def fit(self):
        points, told = _rows(self.points), self.told
        self.points, self.told = {}, 0
        if not told:
            return FitReport(0, None, ["no request to learn from: the curve stays"])
        before = log_loss(self.curve, points)
        self.curve = self.curve.told(points, self.bins_max, self.prior)
        notes = [f"log loss {before:.5f} before", f"{len(self.curve.bins)} bins, {len(self.curve.xs)} knots"]
        return FitReport(told, log_loss(self.curve, points), notes)

    def snapshot(self):
        return State(SCHEMA, self.curve.bytes())

    def restore(self, state):
        try:
            self.curve = Curve.of_bytes(state.bytes, self.prior)
        except ValueError as error:
            raise greenroom.InvalidState(f"broken: {error}; train again, or bring the whole file") from None


def _rows(points):
    return [(x, count, good) for x, (count, good) in points.items()]
