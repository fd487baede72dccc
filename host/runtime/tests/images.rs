//! Where fresh instances come from: made ready ahead of requests at first, copies of a warm image from when there is one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::time::{Duration, Instant};

use greenroom_model::Budget;
use greenroom_runtime::{Ask, Host, Reply, Source};
use greenroom_sandbox::Capabilities;
use support::{World, ask, open_with_pool};

const FRESH: &str = r#"
[graph]
name = "fresh"
output = "fuse"
deadline_ms = 5000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"

[agents.knn]
component = "COMPONENTS/item-knn.wasm"

[agents.fusion]
component = "COMPONENTS/fusion.wasm"

[nodes.popularity]
agent = "popularity"

[nodes.knn]
agent = "knn"

[nodes.fuse]
agent = "fusion"
inputs = { popularity = "popularity", knn = "knn" }
"#;

fn sources(host: &Host) -> Vec<Source> {
    host.active().unwrap().agents.iter().map(|agent| agent.source().0).collect()
}

fn with_images(host: &Host) {
    host.make_images();
    let began = Instant::now();
    while sources(host).iter().any(|source| *source != Source::Image) {
        assert!(began.elapsed() < Duration::from_secs(120), "no images: {:?}", sources(host));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn answers(host: &Host, subjects: u32) -> Vec<Reply> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asked = (0..subjects).map(|s| Ask { seed: Some(7), ..ask(&format!("s{s}"), 5) });
    asked.map(|ask| runtime.block_on(host.decide(ask)).unwrap()).collect()
}

fn items(replies: &[Reply]) -> Vec<Vec<(String, u32)>> {
    let of = |reply: &Reply| reply.items.iter().map(|item| (item.id.to_string(), item.score.to_bits())).collect();
    replies.iter().map(of).collect()
}

#[test]
fn a_copy_of_the_image_answers_what_an_instance_made_ready_for_it_does() {
    let world = World::new(FRESH);
    let host = world.serving();
    assert_eq!(sources(&host), [Source::Stock; 3]);
    let before = answers(&host, 20);
    with_images(&host);
    let after = answers(&host, 20);
    assert_eq!(items(&before), items(&after));
    for reply in &after {
        assert!(reply.answer.degraded.is_empty(), "{:?}", reply.answer.degraded);
        // Made and asked, nothing else.
        assert!(reply.answer.nodes.iter().all(|(_, used)| used.calls == 2), "{:?}", reply.answer.nodes);
    }
}

#[test]
fn no_request_finds_what_an_earlier_one_left() {
    for instances in ["fresh", "stocked"] {
        let world = World::new(&format!(
            r#"
[graph]
name = "counting"
output = "count"
deadline_ms = 5000
exclude_seen = false

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.probe]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "count" }}
instances = "{instances}"
grants = {{ memory = ["probe:read"] }}

[nodes.count]
agent = "probe"
"#
        ));
        let host = world.serving();
        // It answers with the row of how often it was asked before.
        let first = items(&answers(&host, 10));
        assert!(first.iter().all(|items| items == &first[0] && items.len() == 1), "{instances}: {first:?}");
        if instances == "fresh" {
            with_images(&host);
            assert_eq!(items(&answers(&host, 10)), first);
        } else {
            host.make_images();
            assert_eq!(sources(&host), [Source::Stock]);
        }
    }
}

#[test]
fn the_same_request_has_the_same_answer_bit_for_bit() {
    let world = World::new(FRESH);
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let thousand = || -> Vec<Vec<(String, u32)>> {
        let asks = (0..1_000).map(|n| Ask { seed: Some(n / 60), ..ask(&format!("s{}", n % 60), 10) });
        let replies: Vec<Reply> = asks.map(|ask| runtime.block_on(host.decide(ask)).unwrap()).collect();
        items(&replies)
    };
    let first = thousand();
    assert!(first == thousand());
    with_images(&host);
    assert!(first == thousand());
}

#[test]
fn what_stands_ready_leaves_room_in_a_small_pool() {
    let world = World::new(FRESH);
    drop(world.serving());
    // One of each of the three agents does not fit.
    let host = open_with_pool(&world.path("graph.toml"), &world.path("data"), 2);
    host.activate().unwrap();
    for reply in answers(&host, 20) {
        assert!(reply.answer.degraded.is_empty(), "{:?}", reply.answer.degraded);
    }
}

#[test]
fn a_copy_may_have_as_much_memory_as_preparing_it_took() {
    // As much as the component begins with, which preparing it exceeds.
    let bytes = std::fs::read(greenroom_kit::component("item-knn")).unwrap();
    let sandbox = greenroom_sandbox::Config { pool_instances: 30, ..Default::default() }.build().unwrap();
    let component = sandbox.load(&bytes).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bare = component.instantiate(Capabilities::none("bare"), &Budget::PREPARE);
    let bare = runtime.block_on(bare).unwrap().usage().memory_peak;
    let small = format!("instantiate = {{ memory_max = {bare} }}");
    let world = World::new(&FRESH.replace(
        "component = \"COMPONENTS/item-knn.wasm\"",
        &format!("component = \"COMPONENTS/item-knn.wasm\"\nbudget = {{ {small} }}"),
    ));
    let host = world.serving();
    with_images(&host);
    for reply in answers(&host, 5) {
        assert!(reply.answer.degraded.is_empty(), "{:?}", reply.answer.degraded);
    }
}

const LARGE: &str = r#"
[graph]
name = "large"
output = "rerank"
deadline_ms = 5000

[agents.popularity]
component = "popularity.wasm"

[agents.rerank]
component = "rerank.wasm"
grants = { memory = ["items:read"] }

[nodes.popularity]
agent = "popularity"

[nodes.rerank]
agent = "rerank"
inputs = { ranked = "popularity" }
"#;

#[test]
fn code_that_is_large_has_an_image_only_with_a_state() {
    let world = World::new(LARGE);
    for name in ["popularity", "rerank"] {
        let mut component = std::fs::read(greenroom_kit::component(name)).unwrap();
        // A custom section of 8 MiB, which nobody reads.
        component.extend([0, 0x82, 0x80, 0x80, 0x04, 1, b'x']);
        component.resize(component.len() + (8 << 20), 0);
        std::fs::write(world.path(&format!("{name}.wasm")), component).unwrap();
    }
    let host = world.serving();
    host.make_images();
    let source = |agent: &str| {
        let plan = host.active().unwrap();
        plan.agents.iter().find(|a| a.spec.name == agent).unwrap().source()
    };
    let began = Instant::now();
    while source("popularity").0 != Source::Image {
        assert!(began.elapsed() < Duration::from_secs(120), "no images: {:?}", sources(&host));
        std::thread::sleep(Duration::from_millis(20));
    }
    let (rerank, why) = source("rerank");
    assert_eq!(rerank, Source::Stock);
    assert!(why.as_ref().is_some_and(|why| why.contains("no learned state")), "{why:?}");
    assert!(answers(&host, 3).iter().all(|reply| reply.answer.degraded.is_empty()));
}
