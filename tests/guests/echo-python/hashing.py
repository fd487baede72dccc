"""FNV-1a over the fields of the contract, in the order of the WIT: what all echoes compute alike."""

from array import array
from struct import pack

from greenroom import Candidates, Route, Settings

OFFSET = 0xCBF29CE484222325
PRIME = 0x100000001B3
MASK = (1 << 64) - 1
COLUMN_KINDS = ("f32s", "s64s", "u32s")
NANS = {"f": b"\x00\x00\xc0\x7f", "d": b"\x00\x00\x00\x00\x00\x00\xf8\x7f"}


class Hash:
    def __init__(self, start=OFFSET):
        self.value = start

    def __str__(self):
        return f"{self.value:016x}"

    def raw(self, data):
        # Four bytes at a turn: what is above 64 bits does not reach those below, so it may be cut off late.
        value, p = self.value, PRIME
        turns = iter(data)
        for a, b, c, d in zip(turns, turns, turns, turns):
            value = ((((value ^ a) * p ^ b) * p ^ c) * p ^ d) * p & MASK
        for byte in data[len(data) & ~3 :]:
            value = (value ^ byte) * p & MASK
        self.value = value

    def u8(self, value):
        self.raw((int(value),))

    def u32(self, value):
        self.raw(pack("<I", value))

    def u64(self, value):
        self.raw(pack("<Q", value))

    def s64(self, value):
        self.raw(pack("<q", value))

    def f32(self, value):
        self.raw(pack("<f", value) if value == value else NANS["f"])

    def f64(self, value):
        self.raw(pack("<d", value) if value == value else NANS["d"])

    def data(self, data):
        self.u32(len(data))
        self.raw(data)

    def text(self, text):
        self.data(text.encode())

    def numbers(self, values):
        """A column: an array, whose bytes are what is hashed, but that there is one NaN alone."""
        self.u32(len(values))
        nan = NANS.get(values.typecode)
        if nan is None or all(value == value for value in values):
            self.raw(values.tobytes())
        else:
            for value in values:
                self.raw(pack("<" + values.typecode, value) if value == value else nan)

    def option(self, value, write):
        self.u8(value is not None)
        if value is not None:
            write(value)

    def many(self, values, write):
        self.u32(len(values))
        for value in values:
            write(value)

    def column(self, column):
        self.text(column.name)
        self.u8(COLUMN_KINDS.index(column.kind))
        self.numbers(column.values)

    def payload(self, payload):
        if isinstance(payload, Candidates):
            self.u8(0)
            self.numbers(payload.rows)
            self.numbers(payload.scores)
            self.numbers(payload.sources)
            self.many(payload.columns, self.column)
        elif isinstance(payload, Route):
            self.u8(1)
            self.many(payload.branches, self.branch)
        elif isinstance(payload, Settings):
            self.u8(2)
            self.text(payload.scope)
            self.data(payload.patch)
        else:
            self.u8(3)
            self.data(payload)

    def branch(self, branch):
        self.text(branch.name)
        self.f32(branch.probability)

    def input(self, one):
        self.text(one.port)
        self.text(one.node)
        self.payload(one.payload)

    def subject(self, subject):
        self.text(subject.key)
        self.u32(subject.number)

    def observation(self, seen):
        self.text(seen.request_id)
        self.option(seen.subject, self.subject)
        self.s64(seen.now)
        self.u64(seen.seed)
        self.u32(seen.limit)
        self.text(seen.surface)
        self.option(seen.session_id, self.text)
        self.many(seen.segments, self.text)
        self.numbers(array("I", seen.excluded))
        self.option(seen.allowed, lambda allowed: self.numbers(array("I", allowed)))
        self.data(seen.context)
        self.numbers(seen.history.rows)
        self.numbers(seen.history.times)
        self.data(seen.history.kinds)
        self.numbers(seen.history.values)
        self.many(seen.inputs, self.input)

    def feedback(self, batch):
        self.numbers(batch.events)
        self.numbers(batch.cursors)
        self.numbers(batch.requests)
        self.many(batch.request_ids, self.text)
        self.numbers(batch.versions)
        self.many(batch.version_ids, self.text)
        self.numbers(batch.subjects)
        self.numbers(batch.rows)
        self.numbers(batch.positions)
        self.data(batch.exposed)
        self.data(batch.kinds)
        self.numbers(batch.values)
        self.numbers(batch.event_times)
        self.numbers(batch.receive_times)
        self.data(batch.statuses)
        self.numbers(batch.inner_rewards)
        self.numbers(batch.outer_rewards)
        self.numbers(batch.credits)
        self.numbers(batch.propensities)
        self.many(batch.decided, self.column)
        self.many(batch.inputs, self.column)
