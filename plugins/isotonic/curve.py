"""A line through outcomes that never falls: isotonic regression by pooling adjacent violators (Ayer et al. 1955).

Outcomes are kept as bins, each with the sums of what fell into it. So learning more adds to what was learned, and a state is as
large as its bins, whatever it was told.
"""

from array import array
from bisect import bisect_right
from math import log
from struct import Struct, error

# A bin: mean of x, how many outcomes, and how many of them were good.
BIN = Struct("<ddd")
HEAD = Struct("<I")
# An outcome at 0 or 1 for certain would cost infinitely when it comes otherwise.
SURE = 1e-6


def merged(points, bins_max):
    """Points (x, count, good) by ascending x, those of one x together, and then neighbours until there are at most `bins_max`.

    Each of the bins has at least its share of all outcomes, but for the last one.
    """
    same = []
    for x, count, good in sorted(points):
        if same and same[-1][0] == x:
            _, n, g = same[-1]
            same[-1] = (x, n + count, g + good)
        else:
            same.append((x, count, good))
    if len(same) <= bins_max:
        return same
    share = sum(count for _, count, _ in same) / bins_max
    bins, xs, n, g = [], 0.0, 0.0, 0.0
    for x, count, good in same:
        xs, n, g = xs + x * count, n + count, g + good
        if n >= share:
            bins.append((xs / n, n, g))
            xs, n, g = 0.0, 0.0, 0.0
    if n:
        bins.append((xs / n, n, g))
    return bins


def pooled(bins, prior):
    """Knots (x, probability) that rise strictly in both, of bins that were each drawn to the mean of all as if by `prior`
    outcomes that are shared among them by their counts."""
    total = sum(count for _, count, _ in bins)
    mean = sum(good for _, _, good in bins) / total if total else 0.0
    pools = []
    for x, count, good in bins:
        weight = count + prior * count / total
        pools.append((x * weight, weight, good + prior * mean * count / total))
        while len(pools) > 1 and pools[-2][2] * pools[-1][1] >= pools[-1][2] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = tuple(a + b for a, b in zip(pools[-1], last))
    return [(xs / weight, good / weight) for xs, weight, good in pools]


class Curve:
    """A rising line through knots, level beyond both ends. Without knots it is level at one half."""

    def __init__(self, bins=(), prior=0.0):
        self.bins = list(bins)
        knots = pooled(self.bins, prior)
        self.xs = [x for x, _ in knots]
        self.slopes, self.offsets = _lines(knots)

    def probabilities(self, xs):
        """The probability at each x, as f32."""
        find, knots, slopes, offsets = bisect_right, self.xs, self.slopes, self.offsets
        places = [find(knots, x) for x in xs]
        return array("f", [offsets[place] + slopes[place] * x for place, x in zip(places, xs)])

    def told(self, points, bins_max, prior):
        """The curve that was told these points, too."""
        return Curve(merged([*self.bins, *points], bins_max), prior)

    def bytes(self):
        """How many bins, and then each as three f64, little endian."""
        return HEAD.pack(len(self.bins)) + b"".join(BIN.pack(*one) for one in self.bins)

    @classmethod
    def of_bytes(cls, data, prior):
        """Raises ValueError that says what is wrong with the bytes."""
        try:
            (count,) = HEAD.unpack_from(data)
        except error:
            raise ValueError(f"{len(data)} bytes, which is no count") from None
        if len(data) != HEAD.size + count * BIN.size:
            raise ValueError(f"{len(data)} bytes for {count} bins of {BIN.size}")
        bins = list(BIN.iter_unpack(data[HEAD.size :]))
        before = float("-inf")
        for place, (x, n, good) in enumerate(bins):
            # Written so that no NaN passes.
            if not (before < x < float("inf") and 0 < n < float("inf") and 0 <= good <= n):
                raise ValueError(f"bin {place} of {count} is ({x}, {n}, {good})")
            before = x
        return cls(bins, prior)


def _lines(knots):
    """Slope and offset between each two knots; level before the first and after the last one."""
    if not knots:
        return [0.0], [0.5]
    slopes, offsets = [0.0], [knots[0][1]]
    for (x0, p0), (x1, p1) in zip(knots, knots[1:]):
        slope = (p1 - p0) / (x1 - x0)
        # Knots so close that the slope overflows are a step.
        slope = slope if abs(slope) < 1e12 else 0.0
        slopes.append(slope)
        offsets.append(p0 - slope * x0)
    return [*slopes, 0.0], [*offsets, knots[-1][1]]


def log_loss(curve, points):
    """Mean surprise at outcomes (x, count, good), in nats."""
    from_sure = [min(max(p, SURE), 1 - SURE) for p in curve.probabilities([x for x, _, _ in points])]
    surprise = sum(-g * log(p) - (n - g) * log(1 - p) for p, (_, n, g) in zip(from_sure, points))
    return surprise / max(sum(n for _, n, _ in points), 1)
