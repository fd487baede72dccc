//! A small graph whose answer tells all that its plan is made of: the code, a parameter, the learned state, the wiring.

use std::fmt::Write as _;

use crate::guest;

/// How many versions there are of each kind: rows of their own.
pub const EACH: u32 = 32;

/// The second agent of the longer wiring turns round what the first one answers.
const TURNS: &str = r#"(module
    (memory (export "memory") 16)
    (global $next (mut i32) (i32.const 8192))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (local.get $at))
    ;; Of the observation: `limit` at 40, `inputs` at 132; of an input: its rows at 20.
    (func (export "greenroom:agent/policy@0.1.0#decide") (param $seen i32) (result i32)
        (local $input i32) (local $rows i32) (local $n i32) (local $i i32)
        (global.set $next (i32.const 8192))
        (if (i32.load (i32.add (local.get $seen) (i32.const 136))) (then
            (local.set $input (i32.load (i32.add (local.get $seen) (i32.const 132))))
            (local.set $rows (i32.load (i32.add (local.get $input) (i32.const 20))))
            (local.set $n (i32.load (i32.add (local.get $input) (i32.const 24))))))
        (if (i32.gt_u (local.get $n) (i32.const 3)) (then (local.set $n (i32.const 3))))
        (if (i32.gt_u (local.get $n) (i32.load (i32.add (local.get $seen) (i32.const 40))))
            (then (local.set $n (i32.load (i32.add (local.get $seen) (i32.const 40))))))
        (block $done (loop $each
            (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
            (i32.store (i32.add (i32.const 2048) (i32.shl (local.get $i) (i32.const 2)))
                (i32.load (i32.add (local.get $rows) (i32.shl
                    (i32.sub (i32.sub (local.get $n) (local.get $i)) (i32.const 1)) (i32.const 2)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $each)))
        (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (local.get $n))
        (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (local.get $n))
        i32.const 1024))"#;

/// What an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// Which code.
    pub code: u32,
    /// Its parameter.
    pub offset: u32,
    /// Its state.
    pub state: u32,
    /// Whether the second agent is in the graph.
    pub turned: bool,
}

impl Made {
    /// The rows that a graph made of this answers, which are the ids of its items too.
    #[must_use]
    pub fn rows(self) -> [u32; 3] {
        let (code, offset, state) = (self.code, EACH + self.offset, 2 * EACH + self.state);
        if self.turned { [state, offset, code] } else { [code, offset, state] }
    }

    /// What it must have been made of, by its rows.
    ///
    /// # Errors
    /// When no graph answers them.
    pub fn of(rows: &[u32]) -> Result<Self, String> {
        let made = match *rows {
            [code, offset, state] if code < EACH => Self::checked(code, offset, state, false),
            [state, offset, code] => Self::checked(code, offset, state, true),
            _ => None,
        };
        made.ok_or_else(|| format!("{rows:?} is no answer of this graph"))
    }

    fn checked(code: u32, offset: u32, state: u32, turned: bool) -> Option<Self> {
        let made = Self { code, offset: offset.checked_sub(EACH)?, state: state.checked_sub(2 * EACH)?, turned };
        (made.code < EACH && made.offset < EACH && made.state < EACH).then_some(made)
    }

    /// Its graph file. Components are `one.wasm` and `turns.wasm` beside it.
    #[must_use]
    pub fn graph(self) -> String {
        let (output, more) = if self.turned {
            let more = "[agents.turns]\ncomponent = \"turns.wasm\"\ninstances = \"pooled\"\n\
                 [nodes.turns]\nagent = \"turns\"\ninputs = { first = \"one\" }\n";
            ("turns", more)
        } else {
            ("one", "")
        };
        format!(
            "[graph]\nname = \"versioned\"\noutput = \"{output}\"\ndeadline_ms = 5000\nexclude_seen = false\n\
             [agents.one]\ncomponent = \"one.wasm\"\nparams = {{ offset = {} }}\ninstances = \"pooled\"\n\
             [nodes.one]\nagent = \"one\"\n{more}",
            self.offset
        )
    }
}

/// The agent that answers its code, its parameter and its state, each in a range of rows of its own.
///
/// # Panics
/// As for [`guest`].
#[must_use]
#[track_caller]
pub fn code(code: u32) -> Vec<u8> {
    guest(&text_with(code, ""))
}

/// Its text, with more functions in it.
#[must_use]
pub fn text_with(code: u32, more: &str) -> String {
    format!(
        r#"(module
        (memory (export "memory") 16)
        (global $next (mut i32) (i32.const 8192))
        (global $offset (mut i32) (i32.const 0))
        (global $state (mut i32) (i32.const 0))
        (data (i32.const 256) "versioned0.1.0answersoffsetone-byte")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
        (func (export "greenroom:agent/policy@0.1.0#decide") (param $seen i32) (result i32)
            (local $n i32)
            (global.set $next (i32.const 8192))
            (local.set $n (i32.load (i32.add (local.get $seen) (i32.const 40))))
            (if (i32.gt_u (local.get $n) (i32.const 3)) (then (local.set $n (i32.const 3))))
            (i32.store (i32.const 2048) (i32.const {code}))
            (i32.store (i32.const 2052) (i32.add (i32.const {EACH}) (global.get $offset)))
            (i32.store (i32.const 2056) (i32.add (i32.const {states}) (global.get $state)))
            (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (local.get $n))
            (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (local.get $n))
            i32.const 1024)
        (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32)
            (i32.store (i32.const 1536) (i32.const 256)) (i32.store (i32.const 1540) (i32.const 9))
            (i32.store (i32.const 1544) (i32.const 265)) (i32.store (i32.const 1548) (i32.const 5))
            (i32.store (i32.const 1552) (i32.const 270)) (i32.store (i32.const 1556) (i32.const 7))
            (i32.store (i32.const 1608) (i32.const 4096)) (i32.store (i32.const 1612) (i32.const 1))
            (i32.store (i32.const 1616) (i32.const 283)) (i32.store (i32.const 1620) (i32.const 8))
            ;; The parameter: a whole number.
            (i32.store (i32.const 4096) (i32.const 277)) (i32.store (i32.const 4100) (i32.const 6))
            (i32.store8 (i32.const 4112) (i32.const 1)) (i64.store (i32.const 4128) (i64.const {most}))
            i32.const 1536)
        ;; A map of one name to a small number ends with the number.
        (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param $at i32) (param $size i32) (result i32)
            (global.set $next (i32.const 8192))
            (global.set $offset (i32.load8_u (i32.sub (i32.add (local.get $at) (local.get $size)) (i32.const 1))))
            i32.const 768)
        (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
            (i32.store8 (i32.const 800) (global.get $state))
            (i32.store (i32.const 1284) (i32.const 283)) (i32.store (i32.const 1288) (i32.const 8))
            (i32.store (i32.const 1292) (i32.const 800)) (i32.store (i32.const 1296) (i32.const 1))
            i32.const 1280)
        (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32) (param $at i32) (param i32) (result i32)
            (global.set $next (i32.const 8192))
            (global.set $state (i32.load8_u (local.get $at)))
            i32.const 768)
        (func (export "greenroom:agent/learner@0.1.0#learn") (param i32) (result i32)
            (global.set $next (i32.const 8192))
            i32.const 768)
        (func (export "greenroom:agent/learner@0.1.0#fit") (result i32) i32.const 1792)
        {more})"#,
        states = 2 * EACH,
        most = EACH - 1,
    )
}

/// The second agent.
///
/// # Panics
/// As for [`guest`].
#[must_use]
#[track_caller]
pub fn turns() -> Vec<u8> {
    guest(TURNS)
}

/// A state of the first agent: its schema and its bytes.
#[must_use]
pub fn state(state: u8) -> (&'static str, Vec<u8>) {
    ("one-byte", vec![state])
}

/// Items whose ids are their rows.
#[must_use]
pub fn items() -> String {
    let mut text = String::from("item,title\n");
    for item in 0..3 * EACH {
        let _ = writeln!(text, "{item},Title {item}");
    }
    text
}
