//! A host call, with and without what the host does around it: permission, quota, accounting.
//!
//! One guest reads a thousand values of 128 bytes in a call. Below it is the same hash map, reached in three ways: through
//! the sandbox; through the same generated bindings without a check in them; and through functions by hand that copy
//! nothing which the guest does not get. So the first ratio is what safety costs, and the second what bindings add.

use std::sync::Arc;
use std::time::Instant;

use greenroom_kit::{Figure, guest, quantile};
use greenroom_model::{Budget, Grant};
use greenroom_sandbox::{Capabilities, Config};

use crate::attack::seen;
use crate::raw::Raw;

mod bound;
mod least;
mod profile;

/// What a namespace holds.
type Values = std::collections::HashMap<String, Vec<u8>>;

/// Host calls of one decision.
const CALLS: u32 = 1_000;
/// Decisions of each kind, interleaved.
const ROUNDS: usize = 600;
const VALUE_BYTES: usize = 128;

/// Opens a namespace and reads as many keys of it as rows are wanted. Each has 16 bytes, and there are 256.
const READER: &str = r#"(module
    (import "greenroom:agent/memory@0.2.0" "open" (func $open (param i32 i32 i32)))
    (import "greenroom:agent/memory@0.2.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.2.0" "[resource-drop]namespace" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (data (i32.const 16) "profile")
    (data (i32.const 64) "subject/000000__")
    (func (export "greenroom:agent/policy@0.2.0#decide") (param i32) (result i32) (local $left i32)
        (local.set $left (i32.load offset=40 (local.get 0)))
        (call $open (i32.const 16) (i32.const 7) (i32.const 256))
        (if (i32.load8_u (i32.const 256)) (then unreachable))
        (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (i32.store8 (i32.const 78) (i32.add (i32.const 97) (i32.and (local.get $left) (i32.const 15))))
            (i32.store8 (i32.const 79)
                (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $left) (i32.const 4)) (i32.const 15))))
            (call $get (i32.load (i32.const 264)) (i32.const 64) (i32.const 16) (i32.const 512))
            ;; It is there, and of 128 bytes.
            (if (i32.or (i32.load8_u (i32.const 512)) (i32.eqz (i32.load8_u (i32.const 520)))) (then unreachable))
            (if (i32.ne (i32.load (i32.const 532)) (i32.const 128)) (then unreachable))
            (br_if $again (local.get $left)))
        (call $drop (i32.load (i32.const 264)))
        i32.const 1024))"#;

fn values() -> Values {
    let letters = || 'a'..='p';
    let keys = letters().flat_map(|a| letters().map(move |b| format!("subject/000000{a}{b}")));
    keys.map(|key| (key, vec![7; VALUE_BYTES])).collect()
}

pub(crate) async fn figures() -> Vec<Figure> {
    let values = Arc::new(values());
    let bytes = guest(READER);
    let sandbox = Config { pool_instances: 10, ..Config::default() }.build().unwrap();
    let capabilities = Capabilities {
        agent: "reader".into(),
        grants: vec![Grant::parse("profile:read").unwrap()].into(),
        memory: Arc::new(profile::Profile(Arc::clone(&values))),
    };
    let component = sandbox.load(&bytes).unwrap();
    let mut host = component.instantiate(capabilities, &Budget::DECIDE).await.unwrap();
    let mut bound = Raw::new(sandbox.engine(), &bytes, bound::link).instance(bound::of(&values)).await;
    let mut least = Raw::new(sandbox.engine(), &bytes, least::link).instance(least::of(&values)).await;

    let (mut with, mut without, mut by_hand) = (Vec::new(), Vec::new(), Vec::new());
    let ns = |began: Instant| began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        host.decide(&seen(CALLS), &Budget::DECIDE).await.unwrap();
        with.push(ns(began));
        let began = Instant::now();
        bound.decide(CALLS).await;
        without.push(ns(began));
        let began = Instant::now();
        least.decide(CALLS).await;
        by_hand.push(ns(began));
    }
    let (with, spread) = quantile(&mut with, 0.5);
    let beside = |id, what, other: &mut Vec<f64>, baseline, target| {
        let (other, _) = quantile(other, 0.5);
        Figure {
            id,
            what,
            value: with / other,
            unit: "times",
            better: "lower",
            target,
            baseline: Some((baseline, other)),
            samples: ROUNDS as u64,
            spread: spread / other,
        }
    };
    println!("a host call for 128 bytes: {with:.0} ns");
    vec![
        beside("hostile.host-call", "a host call with permission and quotas", &mut without, "without, ns", Some(1.5)),
        beside("hostile.host-call-least", "the same beside one without copies", &mut by_hand, "by hand, ns", None),
    ]
}
