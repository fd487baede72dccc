//! Which guest is called how, and what must contain it.

use greenroom_model::{Budget, Call, FaultKind};

use crate::attack::{BUDGET, Outcome};

/// What holds an attack.
#[derive(Clone, Copy)]
pub(crate) enum Held {
    /// It is not loaded; the message has these words.
    Load(&'static str),
    /// The call is a fault of the guest of this kind, with these words, and the instance is dead.
    Fault(FaultKind, &'static str),
    /// The guest reports the fault itself, in words that are made readable; it may live.
    Told(FaultKind, &'static str),
    /// The answer arrives and the check refuses it, with these words.
    Check(&'static str),
    /// It is allowed, and what it used stays within bounds.
    Bounds(fn(&Outcome) -> bool),
}

/// What of a guest is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Run {
    /// It is loaded and instantiated.
    Birth,
    /// An export is called, in an instance of its own.
    Export(Call),
}

/// An attack and what must contain it.
pub(crate) struct Row {
    /// The name of its file in `tests/guests/hostile`.
    pub(crate) guest: &'static str,
    pub(crate) run: Run,
    pub(crate) budget: Budget,
    pub(crate) held: Held,
}

impl Row {
    /// With so much fuel that its time runs out first.
    const fn hurried(mut self) -> Self {
        self.budget.fuel = u64::MAX / 2;
        self.budget.deadline_ms = 30;
        self
    }
}

const fn row(guest: &'static str, run: Run, held: Held) -> Row {
    Row { guest, run, budget: BUDGET, held }
}

const fn refused(guest: &'static str, words: &'static str) -> Row {
    row(guest, Run::Birth, Held::Load(words))
}

const fn born(guest: &'static str, kind: FaultKind, words: &'static str) -> Row {
    row(guest, Run::Birth, Held::Fault(kind, words))
}

const fn fault(guest: &'static str, call: Call, kind: FaultKind, words: &'static str) -> Row {
    row(guest, Run::Export(call), Held::Fault(kind, words))
}

const fn decides(guest: &'static str, kind: FaultKind, words: &'static str) -> Row {
    fault(guest, Call::Decide, kind, words)
}

const fn answers(guest: &'static str, words: &'static str) -> Row {
    row(guest, Run::Export(Call::Decide), Held::Check(words))
}

const fn bounded(guest: &'static str, call: Call, within: fn(&Outcome) -> bool) -> Row {
    row(guest, Run::Export(call), Held::Bounds(within))
}

const fn describes(guest: &'static str, words: &'static str) -> Row {
    fault(guest, Call::Describe, FaultKind::InvalidOutput, words)
}

use Call::{Configure, Decide, Describe, Fit, Learn, Restore, Snapshot};
use FaultKind::{Deadline, Fuel, HostCalls, Internal, InvalidOutput, Memory, Trap};

/// The suite. A guest may have several rows.
pub(crate) const SUITE: &[Row] = &[
    // Endless loops.
    decides("spin-decide", Fuel, "decide used up its 20000000 units of fuel"),
    decides("spin-decide", Deadline, "decide took more than 30 ms").hurried(),
    fault("spin-configure", Configure, Fuel, "configure used up"),
    fault("spin-configure", Configure, Deadline, "configure took more").hurried(),
    fault("spin-restore", Restore, Fuel, "restore used up"),
    fault("spin-restore", Restore, Deadline, "restore took more").hurried(),
    fault("spin-describe", Describe, Fuel, "describe used up"),
    fault("spin-describe", Describe, Deadline, "describe took more").hurried(),
    born("spin-start", Fuel, "instantiation used up"),
    born("spin-start", Deadline, "instantiation took more").hurried(),
    born("spin-initialize", Fuel, "instantiation used up"),
    born("spin-initialize", Deadline, "instantiation took more").hurried(),
    born("second-module-spins", Fuel, "instantiation used up"),
    born("second-module-spins", Deadline, "instantiation took more").hurried(),
    decides("spin-realloc", Fuel, "decide used up"),
    decides("spin-realloc", Deadline, "decide took more").hurried(),
    decides("spin-post-return", Fuel, "decide used up"),
    decides("spin-post-return", Deadline, "decide took more").hurried(),
    // The stack.
    decides("recurse-decide", Trap, "call stack exhausted"),
    born("recurse-start", Trap, "call stack exhausted"),
    decides("recurse-realloc", Trap, "call stack exhausted"),
    decides("recurse-table", Trap, "call stack exhausted"),
    // Memories and tables.
    decides("grow-by-pages", Memory, "its budget is 16777216"),
    decides("grow-to-the-maximum", Memory, "asked for 4294967296 bytes"),
    bounded("grow-and-go-on", Decide, |o| o.usage.memory_peak == 17 << 16),
    decides("grow-table", Trap, "unreachable"),
    decides("grow-table-to-the-maximum", Fuel, "decide used up"),
    born("grow-start", Memory, "its budget is 16777216"),
    decides("grow-realloc", Memory, "its budget is 16777216"),
    born("memory-at-birth", Memory, "asked for 1073741824 bytes"),
    refused("table-at-birth", "100000"),
    refused("memories-of-one-module", "memories"),
    born("memories-of-many-modules", Memory, "its budget is 16777216"),
    refused("tables-of-many-modules", "elements of tables, at most 100000"),
    born("memories-at-birth-of-many", Memory, "its budget is 16777216"),
    refused("instances-multiplied", "4001 core instances, at most 256"),
    refused("instances-that-nobody-counts", "known only when it is linked"),
    row("instances-counted-short", Run::Birth, Held::Bounds(|o| o.slots >= 4)),
    decides("bulk-fill", Fuel, "decide used up"),
    decides("bulk-copy", Fuel, "decide used up"),
    decides("bulk-table", Fuel, "decide used up"),
    decides("bulk-fill", Deadline, "decide took more").hurried(),
    decides("bulk-copy", Deadline, "decide took more").hurried(),
    decides("bulk-table", Deadline, "decide took more").hurried(),
    bounded("leftovers", Decide, |o| o.usage.memory_peak == 64 << 16),
    // Traps.
    decides("confused-types", Trap, "indirect call type mismatch"),
    decides("confused-index", Trap, "undefined element"),
    decides("confused-null", Trap, "uninitialized element"),
    decides("confused-branch", Trap, "divide by zero"),
    decides("memory-out-of-bounds", Trap, "out of bounds memory access"),
    born("segment-out-of-bounds", Trap, "out of bounds memory access"),
    born("trap-start", Trap, "unreachable"),
    fault("trap-everywhere", Describe, Trap, "describe trapped"),
    fault("trap-everywhere", Configure, Trap, "configure trapped"),
    fault("trap-everywhere", Snapshot, Trap, "snapshot trapped"),
    fault("trap-everywhere", Restore, Trap, "restore trapped"),
    fault("trap-everywhere", Learn, Trap, "learn trapped"),
    fault("trap-everywhere", Fit, Trap, "fit trapped"),
    fault("trap-everywhere", Decide, Trap, "decide trapped"),
    // Re-entrance.
    decides("realloc-calls-out", Trap, "cannot leave component instance"),
    decides("realloc-calls-out-deeply", Trap, "cannot leave component instance"),
    decides("realloc-traps", Trap, "unreachable"),
    decides("realloc-out-of-bounds", Trap, "beyond end of memory"),
    decides("realloc-unaligned", Trap, "aligned"),
    bounded("realloc-overlaps", Decide, |o| o.usage.memory_peak == 1 << 16),
    decides("post-return-calls-out", Trap, "cannot leave component instance"),
    decides("post-return-traps", Trap, "unreachable"),
    // What is lifted.
    decides("answer-out-of-bounds", Trap, "out of bounds"),
    decides("answer-unaligned", Trap, "aligned"),
    decides("rows-out-of-bounds", Trap, "out of bounds"),
    decides("rows-too-long", Trap, "out of bounds"),
    decides("rows-unaligned", Trap, "aligned"),
    decides("bad-result", Trap, "discriminant"),
    decides("bad-variant", Trap, "discriminant"),
    decides("bad-enum", Trap, "discriminant"),
    decides("bad-text", Trap, "utf-8"),
    decides("bomb-columns", Memory, "handed over more than 67108864 bytes"),
    fault("bomb-notes", Fit, Memory, "handed over more than 67108864 bytes"),
    answers("bomb-names", "1000000 branches"),
    // Handles.
    decides("handles-hoarded", HostCalls, "held more than 256 namespaces open"),
    decides("handle-after-drop", Trap, "unknown handle index"),
    decides("handle-dropped-twice", Trap, "unknown handle index"),
    decides("handle-forged", Trap, "unknown handle index"),
    decides("handle-of-another-kind", Trap, "handle"),
    bounded("handle-kept-by-decide", Decide, |o| !o.alive),
    fault("handle-kept-by-configure", Configure, InvalidOutput, "left a namespace open"),
    decides("handle-in-a-panic", Trap, "unreachable"),
    // The host's functions.
    decides("storm-of-calls", HostCalls, "more than 10000 host calls"),
    born("storm-at-start", HostCalls, "more than 10000 host calls"),
    decides("storm-of-scans", HostCalls, "moved more than 8388608 bytes"),
    decides("storm-of-keys", HostCalls, "wrote more than 1000 entries of `mine`"),
    decides("storm-of-lines", HostCalls, "more than 10000 host calls"),
    bounded("log-bomb", Decide, |o| o.usage.log_bytes == 0 && o.usage.log_dropped == 1),
    decides("storm-of-metrics", HostCalls, "more than 10000 host calls"),
    bounded("bomb-of-keys", Decide, |o| o.usage.host_calls < 9),
    decides("bomb-of-facts", HostCalls, "moved more than 8388608 bytes"),
    bounded("name-bomb", Decide, |o| o.usage.host_calls == 1),
    bounded("reads-of-another", Decide, |o| o.usage.host_calls == 1),
    bounded("writes-what-it-may-read", Decide, |o| o.usage.host_calls == 2),
    bounded("reads-past-its-prefix", Decide, |o| o.usage.denied.get("ledger:read") == Some(&5)),
    bounded("changes-what-it-may-append", Decide, |o| o.usage.denied.get("ledger:write") == Some(&3)),
    decides("host-text-broken", Trap, "out of bounds"),
    decides("words-that-drive-a-terminal", Trap, r"\u{1b}[2J\nforged: line\r"),
    row("fault-that-drives-a-terminal", Run::Export(Decide), Held::Told(Internal, r"\u{1b}[2J\nforged: line\r")),
    row("fault-that-does-not-end", Run::Export(Decide), Held::Told(Internal, "AAA...")),
    decides("name-that-drives-a-terminal", Trap, r"\u{1b}[2J\nforged: line"),
    // WASI.
    bounded("wait-for-ever", Decide, |o| o.usage.host_calls < 9),
    decides("wait-again-and-again", HostCalls, "more than 10000 host calls"),
    born("wait-at-start", HostCalls, "more than 10000 host calls"),
    decides("timers-hoarded", Trap, "resource table"),
    decides("storm-of-randomness", Deadline, "decide took more").hurried(),
    decides("bomb-of-randomness", Trap, "exceeds limit 1048576"),
    decides("storm-of-clocks", HostCalls, "more than 10000 host calls"),
    bounded("clock-by-the-machine", Decide, |o| o.rows == [1_000]),
    bounded("clock-by-a-timer", Decide, |o| o.rows == [1]),
    // Answers.
    answers("score-nan", "`scores` is not finite"),
    answers("score-infinite", "`scores` is not finite"),
    answers("row-repeated", "row 0 at place 1 was there before"),
    answers("row-unknown", "is not in the catalog"),
    decides("rows-by-the-million", InvalidOutput, "decide returned 24000000 bytes, its budget is 16777216"),
    answers("scores-missing", "`scores` has 2 values for 4 rows"),
    answers("columns-of-unequal-length", "has 9 values for 1 rows"),
    answers("columns-by-the-hundred", "100 columns"),
    answers("column-named-by-a-megabyte", "name of 1048576 bytes"),
    answers("column-that-drives-a-terminal", r"`\u{1b}[2J` has 9 values for 1 rows"),
    answers("column-nan", "is not finite"),
    answers("propensity-above-one", "a propensity is 2"),
    answers("propensity-nan", "a propensity is NaN"),
    answers("propensities-too-many", "`propensities` has 5 values for 1 rows"),
    answers("log-probability-nan", "`log-probability` is not finite"),
    answers("route-to-nowhere", "a route without any branch"),
    answers("route-against-the-odds", r"branch `\u{1b}[2J` is -1"),
    bounded("document-by-the-megabyte", Decide, |o| o.usage.memory_peak <= 16 << 20),
    // State.
    bounded("snapshot-huge", Snapshot, |o| o.usage.memory_peak <= 16 << 20),
    fault("snapshot-out-of-bounds", Snapshot, Trap, "out of bounds"),
    // Descriptors.
    describes("descriptor-with-nan", "`liar`"),
    describes("descriptor-upside-down", "`liar`"),
    describes("descriptor-off-range", "`liar`"),
    describes("descriptor-without-choice", "`liar`"),
    describes("descriptor-of-thousands", "5000 parameters"),
    describes("descriptor-of-megabytes", "1048576 bytes"),
    describes("descriptor-that-drives-a-terminal", r"\u{1b}[2J\nliar\r"),
    fault("descriptor-bomb", Describe, Memory, "handed over more than 67108864 bytes"),
    // What is not loaded.
    refused("import-of-the-network", "imports `wasi:http/outgoing-handler@0.2.0`, which this host does not offer"),
    refused("import-that-drives-a-terminal", "url"),
    refused("export-that-drives-a-terminal", "duplicate export"),
    refused("type-that-is-not-the-contract", "does not have the type of the contract"),
    refused("memory-of-64-bits", "memory64"),
    refused("memory-shared-by-threads", "threads"),
];
