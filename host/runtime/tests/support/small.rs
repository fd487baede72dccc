//! A graph of one agent that answers one row, and waiting for what a host does by itself.

#![allow(
    dead_code,
    clippy::indexing_slicing,
    reason = "each test uses a part of it, and should stop when it cannot go on"
)]

use std::time::{Duration, Instant};

use greenroom_runtime::Host;

use super::ask;

pub const GRAPH: &str = r#"
[graph]
name = "small"
output = "one"
deadline_ms = 3000

[agents.one]
component = "one.wasm"
instances = "pooled"

[nodes.one]
agent = "one"
"#;

/// Answers this row, whatever is asked.
pub fn answers(row: u32) -> Vec<u8> {
    on_console(row, "nop")
}

/// The same, and does something else first where the request is for the surface "console", or one as long. The gate asks
/// for none of them.
pub fn on_console(row: u32, what: &str) -> Vec<u8> {
    greenroom_kit::guest(&format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            ;; Of the observation: `limit` at 40, the length of `surface` at 48.
            (func (export "greenroom:agent/policy@0.1.0#decide") (param $seen i32) (result i32)
                (if (i32.eq (i32.const 7) (i32.load (i32.add (local.get $seen) (i32.const 48)))) (then {what}))
                (i32.store (i32.const 2048) (i32.const {row}))
                (i32.store (i32.const 1036) (i32.const 2048))
                (i32.store (i32.const 1040) (i32.ne (i32.const 0) (i32.load (i32.add (local.get $seen) (i32.const 40)))))
                (i32.store (i32.const 1044) (i32.const 3072))
                (i32.store (i32.const 1048) (i32.load (i32.const 1040)))
                i32.const 1024))"#
    ))
}

/// What it answers.
pub fn row(host: &Host) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(host.decide(ask("nobody", 1))).unwrap().items[0].id.to_string()
}

/// Until it holds.
#[track_caller]
pub fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let by = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < by, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
