//! Counters, logs, expiry and changes as an agent uses them, and what all agents of a request see.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a test that cannot go on should stop")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use support::{World, ask};

const NAMESPACES: &str = r#"
[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[memory.counts]
kind = "counter"
bytes_max = "1MiB"
owner = "probe"

[memory.notes]
kind = "log"
bytes_max = "1MiB"
retention_s = 86400
"#;

fn all_kinds() -> World {
    World::new(&format!(
        r#"
[graph]
name = "kinds"
output = "probe"
deadline_ms = 5000

{NAMESPACES}
[agents.probe]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "kinds" }}
grants = {{ memory = ["probe:write", "counts:write", "notes:write"] }}

[nodes.probe]
agent = "probe"
"#
    ))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[test]
fn an_agent_keeps_what_each_kind_is_for() {
    let world = all_kinds();
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let decided = runtime.block_on(host.decide(ask("s1", 3))).unwrap();
    assert!(decided.answer.degraded.is_empty(), "{:?}", decided.answer.degraded);
    let kv = host.store().kv();
    assert_eq!(kv.get("counts", "shown").unwrap().unwrap().number(), Some(-3));
    let notes = kv.scan("notes", "", None, 10).unwrap().entries;
    assert_eq!(notes.iter().map(|entry| text(&entry.value)).collect::<Vec<_>>(), ["of another", "two", "three"]);
    let day = 86_400_000;
    assert!(notes.iter().all(|entry| entry.expires_ms.is_some_and(|at| at <= kv.now_ms() + day)));
    std::thread::sleep(std::time::Duration::from_millis(2));
    assert_eq!(kv.get("probe", "ada").unwrap(), None, "it was to live for a millisecond");
}

const CONTENTS: &str = r#"
[memory.models]
kind = "blob"
bytes_max = "16MiB"

[memory.tastes]
kind = "vector"
bytes_max = "1MiB"
dimension = 2
metric = "cosine"
"#;

fn with_contents(mode: &str) -> World {
    World::new(&format!(
        r#"
[graph]
name = "contents"
output = "probe"
deadline_ms = 5000
exclude_seen = false

{CONTENTS}
[agents.probe]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "{mode}" }}
grants = {{ memory = ["models:write", "tastes:append", "tastes/ada:write"] }}

[nodes.probe]
agent = "probe"
"#
    ))
}

/// Waits for what is done aside.
fn soon(what: impl Fn() -> bool) {
    let by = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !what() {
        assert!(std::time::Instant::now() < by, "it was not done in 20 seconds");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn an_agent_keeps_contents_and_finds_what_is_near() {
    let world = with_contents("contents");
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let decided = runtime.block_on(host.decide(ask("s1", 3))).unwrap();
    assert!(decided.answer.degraded.is_empty(), "{:?}", decided.answer.degraded);
    let kv = host.store().kv();
    // The blob that stayed: a manifest, a header and three pieces. What was not finished leaves nothing.
    soon(|| kv.usage("models").unwrap().entries == 5);
    assert_eq!(kv.usage("tastes").unwrap().entries, 2);
}

/// What an instance has not finished is removed with it.
#[test]
fn uploads_are_bounded_and_end_with_their_instance() {
    let world = with_contents("held-uploads");
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let decided = runtime.block_on(host.decide(ask("s1", 1))).unwrap();
    assert!(decided.answer.degraded.is_empty(), "{:?}", decided.answer.degraded);
    assert_eq!(decided.items[0].score, 4.0);
    let kv = host.store().kv();
    soon(|| kv.usage("models").unwrap().entries == 0);
}

/// Two agents, one after the other, while somebody else writes what they read.
#[test]
fn all_agents_of_a_request_read_memory_as_it_was_when_it_began() {
    let world = World::new(&format!(
        r#"
[graph]
name = "moment"
output = "second"
deadline_ms = 5000
exclude_seen = false

{NAMESPACES}
[agents.probe]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "moment" }}
grants = {{ memory = ["probe:read", "counts:append", "notes:append"] }}

[nodes.first]
agent = "probe"

[nodes.second]
agent = "probe"
inputs = {{ first = "first" }}
"#
    ));
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kv = host.store().kv();
    let done = AtomicBool::new(false);
    let seen: Vec<f32> = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1_u32.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                kv.put("probe", "moment", &number.to_le_bytes()).wait().unwrap();
            }
        });
        let seen = (0..50).map(|_| {
            let decided = runtime.block_on(host.decide(ask("s1", 1))).unwrap();
            assert!(decided.answer.degraded.is_empty(), "{:?}", decided.answer.degraded);
            decided.items[0].score
        });
        let seen = seen.collect();
        done.store(true, Ordering::Relaxed);
        seen
    });
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.first() < seen.last(), "nothing was written meanwhile: {seen:?}");
}
