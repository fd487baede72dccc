"""Answers what it sees, and hashes of it: for comparing languages with each other."""

from struct import error, pack, unpack

import greenroom
from greenroom import Candidates, Column, Decision, FitReport, PolicyRecord, State, log, metric
from greenroom.payloads import POLICY_KINDS
from hashing import OFFSET, Hash
from remembering import Remembering

SCHEMA = "echo/1"


@greenroom.agent
class Echo:
    def __init__(self):
        self.total = OFFSET
        self.count = 0
        self.setup = 0

    @staticmethod
    def describe():
        return (
            greenroom.describe("echo", "1.0.0", "infrastructure", "answers what it sees: ü€𝄞")
            .in_layer("infrastructure")
            .metric("ndcg@10", "outer")
            .takes("*", optional=True)
            .history(1000)
            .facts("year")
            .parameter(greenroom.float("f", -1, 1, 0.5, "p"))
            .parameter(greenroom.float("g", 0.001, 1000, 1, "p").log().when("c", ["y"]))
            .parameter(greenroom.integer("i", -5, 5, 0, "p").shapes_state())
            .parameter(greenroom.choice("c", ["x", "y", "ü"], "x", "p"))
            .parameter(greenroom.boolean("b", True, "p"))
            .parameter(greenroom.items("rows", "p"))
            .parameter(greenroom.numbers("weights", "p"))
            .state(SCHEMA)
            .learning("onward")
        )

    def configure(self, params):
        setup = Hash()
        setup.f64(params.float("f"))
        setup.f64(params.float("g"))
        i = params.integer("i")
        setup.s64(i)
        setup.text(params.choice("c"))
        setup.u8(params.boolean("b"))
        setup.numbers(params.items("rows"))
        weights = params.numbers("weights")
        if weights is None:
            setup.u8(0)
        elif isinstance(weights, list):
            setup.u8(1)
            setup.many(weights, setup.f64)
        else:
            setup.u8(2)
            setup.u32(len(weights))
            for name in sorted(weights, key=str.encode):
                setup.text(name)
                setup.f64(weights[name])
        if i == 5:
            raise greenroom.InvalidParameters("i is 5")
        self.setup = setup.value

    def decide(self, seen):
        if seen.surface == "fault":
            raise greenroom.Unavailable("asked to: ü")
        if seen.surface == "trap":
            raise AssertionError("asked to trap")
        if seen.surface == "memory":
            log.info(f"memory {Remembering().all()}")
        found = Hash()
        found.observation(seen)
        log.info(f"seen {found}")
        metric.count("echo.calls", 1)
        metric.observe("echo.limit", seen.limit)
        if not seen.inputs:
            past = seen.history
            columns = [Column("time", past.times), Column("kind", past.kinds, "u32s")]
            return Candidates(past.rows, past.values, [], columns)
        payload = seen.inputs[0].payload
        if not isinstance(payload, Candidates):
            return payload
        n = len(payload)
        propensities = [1 / (place + 1) for place in range(n)]
        policy = PolicyRecord(POLICY_KINDS[n % 4], propensities, -0.5 * n, n % 2 == 1, seen.seed)
        return Decision(payload, policy)

    def learn(self, batch):
        if batch.events and batch.events[0] == 13:
            raise greenroom.InvalidFeedback("unlucky")
        total = Hash(self.total)
        total.feedback(batch)
        self.total = total.value
        self.count += len(batch)

    def fit(self):
        loss = 0.5 * self.count if self.count else None
        return FitReport(self.count, loss, [f"{self.total:016x}", f"{self.setup:016x}"])

    def snapshot(self):
        return State(SCHEMA, pack("<QQ", self.total, self.count))

    def restore(self, state):
        try:
            self.total, self.count = unpack("<QQ", state.bytes)
        except error:
            raise greenroom.InvalidState(f"a state of {len(state.bytes)} bytes") from None
