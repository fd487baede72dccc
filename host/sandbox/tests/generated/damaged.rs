//! An honest agent with something changed: its code before it is packaged, or its bytes after.

use greenroom_kit::{guest, package};
use rand::RngExt as _;
use rand::rngs::StdRng;
use wasm_mutate::WasmMutate;

use crate::rounds::rounds;
use crate::world::{Met, World};

/// An agent with everything that an agent may have. Zeroes are an answer without anything in it.
const AGENT: &str = r#"(module
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 65536))
    (global $calls (mut i32) (i32.const 0))
    (table $tools 2 funcref)
    (elem (table $tools) (i32.const 0) func $none $first)
    (data (i32.const 2048) "\00\00\00\00\01\00\00\00\02\00\00\00")
    (data (i32.const 3072) "\00\00\80\3f\00\00\00\3f\00\00\80\3e")
    (type $tool (func (param i32) (result i32)))
    (func $none (param i32) (result i32) i32.const 512)
    (func $first (param $n i32) (result i32)
        (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (local.get $n))
        (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (local.get $n))
        i32.const 1024)
    (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
            (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $new)))
        (if (i32.gt_u (global.get $next) (i32.const 131072)) (then (drop (memory.grow (i32.const 1)))))
        (local.get $at))
    (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32) i32.const 512)
    (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32) i32.const 512)
    (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32)
        (i32.store (i32.const 780) (i32.const 2048)) (i32.store (i32.const 784) (i32.const 12))
        i32.const 768)
    (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32) i32.const 512)
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
        (local $n i32)
        (loop $count
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $count (i32.lt_u (local.get $n) (i32.const 3))))
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call_indirect $tools (type $tool) (local.get $n) (i32.and (global.get $calls) (i32.const 1)))))"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_with_mutated_code_are_refused_or_run_in_bounds() {
    let world = World::new();
    let agent = wat::parse_str(AGENT).unwrap();
    assert_eq!(world.meet(&package(&agent).unwrap()).await, Met::Answered);
    let mut answered = 0;
    let many = rounds("agents_with_mutated_code_are_refused_or_run_in_bounds", async |rng: &mut StdRng| {
        let mut module = agent.clone();
        for _ in 0..rng.random_range(1..6) {
            let mut mutate = WasmMutate::default();
            mutate.seed(rng.random()).fuel(300).preserve_semantics(false);
            let Some(mutated) = mutate.run(&module).ok().and_then(|mut all| all.next()?.ok()) else { continue };
            module = mutated;
        }
        let Ok(component) = package(&module) else { return };
        answered += u32::from(world.meet(&component).await == Met::Answered);
    });
    if many.await {
        assert!(answered > 0, "no mutated agent answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_components_are_refused_or_run_in_bounds() {
    let world = World::new();
    let (agent, other) = (guest(AGENT), std::fs::read(greenroom_kit::component("probe")).unwrap());
    let (mut refused, mut loaded) = (0, 0);
    let many = rounds("damaged_components_are_refused_or_run_in_bounds", async |rng: &mut StdRng| {
        let mut bytes = agent.clone();
        for _ in 0..rng.random_range(1..5) {
            damage(rng, &mut bytes, &other);
        }
        match world.meet(&bytes).await {
            Met::Refused => refused += 1,
            Met::Faulty | Met::Answered => loaded += 1,
        }
    });
    if many.await {
        assert!(refused > 0 && loaded > 0, "{refused} were refused, {loaded} loaded");
    }
}

/// Changes something somewhere.
fn damage(rng: &mut StdRng, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    let end = (at + rng.random_range(1..64)).min(bytes.len());
    match rng.random_range(0..7) {
        0 => bytes[at] ^= 1 << rng.random_range(0..8),
        1 => bytes[at] = rng.random(),
        // Numbers that are small, and where they are cut off or go on.
        2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.random_range(0..5)],
        3 => bytes.truncate(at.max(8)),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let copied = bytes[at..end].to_vec();
            let to = rng.random_range(0..bytes.len());
            bytes.splice(to..to, copied);
        }
        _ => {
            let from = rng.random_range(0..other.len() - 64);
            bytes.splice(at..end, other[from..from + (end - at)].iter().copied());
        }
    }
}
