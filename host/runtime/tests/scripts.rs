//! A graph whose agents are text.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use greenroom_model::Generation;
use greenroom_runtime::{Change, Host, Proposal};
use support::World;
use support::small::{GRAPH, row, wait_for};

fn graph() -> String {
    GRAPH.replace("component = \"one.wasm\"", "script = \"one.rhai\"")
}

fn answers(row: u32) -> String {
    format!("fn decide(seen) {{\n    candidates([{row}], [1.0]).first(seen.limit)\n}}\n")
}

fn watching(world: &World) -> Host {
    fs::write(world.path("one.rhai"), answers(3)).unwrap();
    let host = world.trained(world.config_with_scripts().open().unwrap());
    host.watch_files(Duration::from_millis(20)).unwrap();
    host
}

/// A host that was dropped a moment ago may still have something to finish.
fn open_again(world: &World) -> Host {
    let config = world.config_with_scripts();
    let by = Instant::now() + Duration::from_secs(10);
    loop {
        match config.open_again() {
            Err(_) if Instant::now() < by => std::thread::sleep(Duration::from_millis(10)),
            host => {
                let host = host.unwrap();
                host.resume().unwrap();
                return host;
            }
        }
    }
}

#[test]
fn a_change_of_the_text_swaps_and_a_wrong_one_is_told_with_its_place() {
    let world = World::new(&graph());
    let host = watching(&world);
    assert_eq!(row(&host), "3");
    fs::write(world.path("one.rhai"), answers(4)).unwrap();
    wait_for("the new text serves", || row(&host) == "4");
    let record = host.plan_records().unwrap().pop().unwrap();
    assert_eq!(record.reason, "one.rhai changed");
    fs::write(world.path("one.rhai"), answers(5).replace("])", "]")).unwrap();
    wait_for("it is refused", || host.refusals().unwrap().len() == 1);
    let why = host.refusals().unwrap().remove(0).why;
    assert!(why.contains("one.rhai:3:") && why.contains("the script of agent `one`"), "{why}");
    assert_eq!(row(&host), "4");
    let kept = host.plan_records().unwrap().len();
    fs::write(world.path("one.rhai"), answers(4)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(host.plan_records().unwrap().len(), kept, "what serves already is no change");
}

#[test]
fn a_restart_and_a_step_back_need_neither_text_nor_interpreter() {
    let world = World::new(&graph());
    let host = watching(&world);
    fs::write(world.path("one.rhai"), answers(4)).unwrap();
    wait_for("the new text serves", || row(&host) == "4");
    drop(host);
    // Nothing changed while it was down.
    let host = open_again(&world);
    host.watch_files(Duration::from_millis(20)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!((row(&host), host.active().unwrap().generation), ("4".to_owned(), Generation(2)));
    drop(host);
    fs::remove_file(world.path("one.rhai")).unwrap();
    let host = open_again(&world);
    assert_eq!(row(&host), "4");
    let change = Change::Again(Generation(1));
    host.propose(Proposal { parent: None, author: "me".to_owned(), reason: "as it was".to_owned(), change }).unwrap();
    assert_eq!(row(&host), "3");
}

/// Whatever a request did to what all objects inherit is gone with its instance.
#[test]
fn nothing_of_a_request_is_left_for_the_next() {
    let world = World::new(&graph().replace("one.rhai", "one.js").replace("instances = \"pooled\"\n", ""));
    let script = r#"
        import { Candidates, agent } from "greenroom";
        export default agent({
          decide(seen) {
            const before = Object.prototype.calls ?? 0;
            Object.prototype.calls = before + 1;
            Array.prototype.push = () => 0;
            return new Candidates([3 + before], [1]).first(seen.limit);
          },
        });
    "#;
    fs::write(world.path("one.js"), script).unwrap();
    let host = world.trained(world.config_with_scripts().open().unwrap());
    for _ in 0..5 {
        assert_eq!(row(&host), "3");
    }
}
