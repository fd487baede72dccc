//! An agent whose learned state is a large model of rows, of which a call reads a few.

use std::sync::Arc;

use greenroom_kit::guest;
use greenroom_model::{Budgets, Observation, State};
use greenroom_sandbox::{Capabilities, Component, Instance, Preparation, Sandbox};

use crate::attack::seen;

/// Bytes of a row of the model.
const ROW: usize = 4 << 10;

/// Reads as many rows as are wanted, and answers with a sum as the first row's score. Of seed 0 it reads the first ones, one
/// number of each 64 bytes, which is touching them and little more. Of another seed it reads random ones, and sums their
/// numbers of 32 bits one after the other, as a compiler must that keeps to the order of a sum. The model stays where the
/// canonical ABI put it, from the third page on.
const AGENT: &str = r#"(module
    (memory (export "memory") PAGES)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (select (i32.const 131072) (i32.const 4096) (i32.gt_u (local.get 3) (i32.const 65536))))
    (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32) i32.const 1024)
    (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func $touch (param $rows i32) (result f32) (local $at i32) (local $end i32) (local $sum f32)
        (local.set $at (i32.const 131072))
        (local.set $end (i32.add (local.get $at) (i32.shl (local.get $rows) (i32.const 12))))
        (loop $again
            (local.set $sum (f32.add (local.get $sum) (f32.load (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            (br_if $again (i32.lt_u (local.get $at) (local.get $end))))
        (local.get $sum))
    (func $sum (param $rows i32) (param $seed i64) (result f32) (local $at i32) (local $end i32) (local $sum f32)
        (loop $again
            (local.set $seed (i64.add (i64.const 1442695040888963407)
                (i64.mul (local.get $seed) (i64.const 6364136223846793005))))
            (local.set $at (i32.wrap_i64 (i64.rem_u (i64.shr_u (local.get $seed) (i64.const 33)) (i64.const ROWS))))
            (local.set $at (i32.add (i32.const 131072) (i32.shl (local.get $at) (i32.const 12))))
            (local.set $end (i32.add (local.get $at) (i32.const 4096)))
            (loop $row
                SUM
                (local.set $at (i32.add (local.get $at) (i32.const 32)))
                (br_if $row (i32.lt_u (local.get $at) (local.get $end))))
            (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
            (br_if $again (local.get $rows)))
        (local.get $sum))
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
        (local $rows i32) (local $seed i64)
        (local.set $seed (i64.load offset=32 (local.get 0)))
        (local.set $rows (i32.load offset=40 (local.get 0)))
        (f32.store (i32.const 2052)
            (if (result f32) (i64.eqz (local.get $seed))
                (then (call $touch (local.get $rows)))
                (else (call $sum (local.get $rows) (local.get $seed)))))
        (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
        (i32.store (i32.const 1044) (i32.const 2052)) (i32.store (i32.const 1048) (i32.const 1))
        i32.const 1024))"#;

/// The agent for a model of so many bytes, a multiple of 64 KiB.
pub(crate) fn load(sandbox: &Sandbox, bytes: usize) -> Component {
    let pages = 2 + bytes / (64 << 10);
    let next = |n| format!("(local.set $sum (f32.add (local.get $sum) (f32.load offset={} (local.get $at))))", n * 4);
    let sum: String = (0..8).map(next).collect();
    let text = AGENT.replace("PAGES", &pages.to_string()).replace("ROWS", &(bytes / ROW).to_string());
    let text = text.replace("SUM", &sum);
    sandbox.load(&guest(&text)).unwrap()
}

/// Numbers that are no zeroes, so that nothing of them is left out of an image.
pub(crate) fn state(bytes: usize) -> State {
    let numbers = (0..bytes / 4).flat_map(|n| (1.0 + (n % 1_009) as f32).to_le_bytes());
    State { schema: "model/1".into(), bytes: numbers.collect() }
}

/// An instance that has the model.
pub(crate) async fn prepared(component: &Component, state: &State) -> Instance {
    let budgets = Budgets::default();
    let preparation = Preparation { params: None, state: Some(state), budgets: &budgets, by: None };
    let (mut used, mut tape) = (greenroom_model::Usage::default(), greenroom_sandbox::Tape::default());
    component.prepare(none(), &preparation, &mut used, &mut tape).await.unwrap()
}

/// The component whose instances have the model from the beginning.
pub(crate) async fn image(component: &Component, state: &State) -> Component {
    let budgets = Budgets::default();
    let preparation = Preparation { params: None, state: Some(state), budgets: &budgets, by: None };
    component.image(none(), &preparation).await.unwrap()
}

pub(crate) fn none() -> Capabilities {
    Capabilities::none("model")
}

/// A request that reads `rows` rows.
pub(crate) fn reads(rows: u32, seed: u64) -> Observation {
    Observation { seed, segments: Arc::from([]), ..seen(rows) }
}
