//! The hostile suite: every guest of `tests/guests/hostile` is contained.
//!
//! A guest is a file there, and a row of [`suite::SUITE`] says how it is called and what must hold it. Each attack ends in
//! one typed fault or refusal with one readable line, or is allowed and bounded; its slots are free afterwards, and the
//! next request to an honest agent of the same sandbox is served.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod attack;
mod lines;
mod memory;
mod suite;

use std::collections::BTreeSet;

use attack::{BUDGET, World, folder, seen};
use greenroom_model::{Budget, FaultKind};
use greenroom_sandbox::Capabilities;
use suite::SUITE;

#[test]
fn every_guest_has_a_row_and_every_row_has_a_guest() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let files: BTreeSet<String> = files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(";; "), "{} does not begin with what it attacks", path.display());
            path.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    let rows: BTreeSet<String> = SUITE.iter().map(|row| format!("{}.wat", row.guest)).collect();
    assert_eq!(files, rows);
    assert!(rows.len() >= 40, "{} guests", rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_guest_is_contained_and_the_next_request_is_served() {
    let lines = lines::listen();
    let mut world = World::new();
    world.load(SUITE);
    let free = world.sandbox.free_slots();
    let mut mistakes = Vec::new();
    for row in SUITE {
        let outcome = world.attack(row).await;
        mistakes.extend(outcome.held(row).err());
        mistakes.extend(world.served().await.err().map(|e| format!("{}: then the honest agent: {e}", row.guest)));
        if world.sandbox.free_slots() != free {
            mistakes.push(format!("{}: {} slots of {free} are free", row.guest, world.sandbox.free_slots()));
        }
        if let Some(line) = lines.unreadable() {
            mistakes.push(format!("{}: it wrote a line that is not readable: {line:?}", row.guest));
        }
    }
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
    assert_eq!(world.spaces.forbidden(), 0, "memory was reached without a grant");
    assert!(world.spaces.written() <= 64 << 10, "{} bytes of memory", world.spaces.written());
    assert!(lines.count() > 0, "nobody heard what the guests wrote");
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_attacks_leave_no_memory_behind() {
    let mut world = World::new();
    world.load(SUITE);
    let mut early = 0;
    // Less of everything: what is asked here is what stays, not where it stops.
    let less = |budget: &Budget| Budget { fuel: 200_000, deadline_ms: budget.deadline_ms.min(2), ..*budget };
    for (n, row) in SUITE.iter().cycle().take(2_000).enumerate() {
        let row = suite::Row { budget: less(&row.budget), ..*row };
        drop(world.attack(&row).await);
        if n == 200 {
            early = resident();
        }
    }
    let late = resident();
    assert!(late < early + (64 << 20), "{early} bytes were resident after 200 attacks, {late} at the end");
    world.served().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_agent_is_served_while_six_runaways_spin_on_two_threads() {
    let mut world = World::new();
    world.load(SUITE);
    let world = std::sync::Arc::new(world);
    let budget = Budget { fuel: u64::MAX / 2, deadline_ms: 1_000, ..BUDGET };
    let runaway = |guest: &'static str| {
        let component = world.component(guest).unwrap().clone();
        tokio::spawn(async move {
            let mut instance = component.instantiate(Capabilities::none(guest), &budget).await.unwrap();
            instance.decide(&seen(1), &budget).await.unwrap_err().kind
        })
    };
    let runaways: Vec<_> =
        ["spin-decide", "spin-realloc", "spin-post-return"].into_iter().cycle().take(6).map(runaway).collect();
    for _ in 0..20 {
        // From outside, so that it has to wait for one of the two threads.
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { world.served().await }).await.unwrap().unwrap();
    }
    assert!(runaways.iter().any(|runaway| !runaway.is_finished()), "the neighbour waited for the runaways");
    for runaway in runaways {
        assert_eq!(runaway.await.unwrap(), FaultKind::Deadline);
    }
}
