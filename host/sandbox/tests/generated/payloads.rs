//! What is lifted from a guest's memory, when the memory holds anything.
//!
//! One guest answers every call with what a test put into its memory, so that pointers, lengths, cases and numbers are
//! whatever the test likes and nothing is compiled on the way.

use greenroom_kit::guest;
use greenroom_model::{Fault, FaultKind, FaultSource};
use greenroom_sandbox::{Capabilities, Component};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};

use crate::rounds::rounds;
use crate::world::{BUDGET, World, decides, readable, told};

/// Bytes of memory that a test fills. Its first number says where answers begin.
const IMAGE: usize = 32 << 10;
/// Where answers begin, mostly.
const ANSWER: usize = 64;

/// Keeps what it is configured with at the start of its memory.
const ECHO: &str = r#"(module
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
        (global.set $next (i32.add (local.get $at) (local.get $new)))
        (local.get $at))
    (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param $at i32) (param $length i32) (result i32)
        (memory.copy (i32.const 0) (local.get $at) (local.get $length))
        i32.const 61440)
    (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32)
        (i32.load (i32.const 0)))
    (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32) (i32.load (i32.const 0)))
    (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32) (i32.load (i32.const 0)))
    (func (export "greenroom:agent/learner@0.1.0#learn") (param i32) (result i32) (i32.load (i32.const 0)))
    (func (export "greenroom:agent/learner@0.1.0#fit") (result i32) (i32.load (i32.const 0)))
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) (i32.load (i32.const 0))))"#;

/// A number as there may be one in an answer: nothing, a case, a length, a pointer, a real.
fn word(rng: &mut StdRng) -> u32 {
    match rng.random_range(0..16) {
        0..5 => 0,
        5 | 6 => rng.random_range(0..9),
        7 => rng.random_range(0..300),
        8..12 => rng.random_range(0..IMAGE as u32 / 8) * 8,
        12 => rng.random_range(0..IMAGE as u32),
        13 => [u32::MAX, 1 << 31, 65_535, 262_144, 1 << 20][rng.random_range(0..5)],
        14 => [f32::NAN, f32::INFINITY, 1.0, 0.5, -1.0][rng.random_range(0..5)].to_bits(),
        _ => rng.random(),
    }
}

/// A memory: some of it plausible, some of it anything.
fn image(rng: &mut StdRng) -> Vec<u8> {
    let mut image = vec![0; IMAGE];
    let kind = rng.random_range(0..4);
    match kind {
        // Zeroes are good answers: these are good but for some words.
        0 => {}
        // Rows that are known and scores that are finite, wherever a list may point.
        1 => image.chunks_exact_mut(4).zip(0_u32..).for_each(|(at, n)| at.copy_from_slice(&(n % 4_000).to_le_bytes())),
        // Text.
        2 => image.fill(rng.random_range(0x20..0x7f)),
        _ => rng.fill_bytes(&mut image),
    }
    let words = if rng.random_ratio(1, 2) { rng.random_range(1..12) } else { 64 };
    let mut put = |at: usize, word: u32| image[at..at + 4].copy_from_slice(&word.to_le_bytes());
    if kind != 3 || rng.random_ratio(1, 2) {
        // The answer itself, where it is not to be noise.
        (0..64).for_each(|n| put(ANSWER + 4 * n, 0));
    }
    for _ in 0..words {
        put(ANSWER + 4 * rng.random_range(0..64), word(rng));
    }
    // Lists of lists, which answers may point to.
    for _ in 0..rng.random_range(0..32) {
        put(4 * rng.random_range(128..IMAGE / 4), word(rng));
    }
    put(0, if rng.random_ratio(15, 16) { ANSWER as u32 } else { word(rng) });
    image
}

/// A fault that a guest's answer may end in.
#[track_caller]
fn fault(fault: &Fault) {
    use FaultKind::{
        Internal, InvalidFeedback, InvalidObservation, InvalidOutput, InvalidParameters, InvalidState, Memory, Trap,
        Unavailable,
    };
    readable(&fault.to_string());
    assert_eq!(fault.source, FaultSource::Guest, "{fault}");
    let reported = [Internal, InvalidFeedback, InvalidObservation, InvalidParameters, InvalidState, Unavailable]
        .contains(&fault.kind);
    assert!(reported || [InvalidOutput, Memory, Trap].contains(&fault.kind), "{fault}");
}

async fn answers(component: &Component, image: &[u8], rng: &mut StdRng) -> bool {
    let mut instance = component.instantiate(Capabilities::none("echo"), &BUDGET).await.unwrap();
    instance.configure(image, &BUDGET).await.unwrap();
    let ended = match rng.random_range(0..6) {
        0 => instance.describe(&BUDGET).await.map(|described| readable(&format!("-{}", described.summary))),
        1 => instance.snapshot(&BUDGET).await.map(|_| ()),
        2 => {
            instance.fit(&BUDGET).await.map(|report| report.notes.iter().for_each(|note| readable(&format!("-{note}"))))
        }
        _ => return decides(&mut instance).await,
    };
    ended.as_ref().err().iter().for_each(|found| fault(found));
    told(ended).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_lies_in_memory_is_lifted_or_refused() {
    let world = World::new();
    let component = world.sandbox.load(&guest(ECHO)).unwrap();
    let (mut answered, mut refused) = (0, 0);
    let many = rounds("whatever_lies_in_memory_is_lifted_or_refused", async |rng: &mut StdRng| {
        let image = image(rng);
        match answers(&component, &image, rng).await {
            true => answered += 1,
            false => refused += 1,
        }
        world.whole().await;
    });
    if many.await {
        assert!(answered > 0 && refused > 0, "{answered} answers were taken, {refused} were not");
    }
}
