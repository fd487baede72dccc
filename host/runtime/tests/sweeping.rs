//! What is swept for its age goes by a clock that is believed.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a test that cannot go on should stop")]

mod support;

use std::time::{Duration, SystemTime};

use greenroom_kit::versioned::Made;
use greenroom_runtime::{Host, Limits, Retention};
use support::{World, ask, open_retaining};

/// Keeps no decision at all.
fn open(world: &World) -> Host {
    let retention = Retention { decisions: Duration::ZERO, ..Retention::default() };
    let host = open_retaining(&world.path("graph.toml"), &world.path("data"), Limits::default(), retention);
    assert!(host.resume().unwrap().is_some());
    host
}

/// The id of the decision.
fn decides(host: &Host) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let id = runtime.block_on(host.decide(ask("nobody", 3))).unwrap().request_id.to_string();
    runtime.block_on(host.flush()).unwrap();
    // The sweep comes a moment later.
    std::thread::sleep(Duration::from_millis(2));
    id
}

#[test]
fn a_clock_that_jumped_while_the_host_was_down_takes_no_decision_along() {
    let made = Made { code: 0, offset: 0, state: 0, turned: false };
    let world = World::new(&made.graph());
    std::fs::write(world.path("one.wasm"), greenroom_kit::versioned::code(0)).unwrap();
    std::fs::write(world.path("items.csv"), greenroom_kit::versioned::items()).unwrap();
    drop(world.serving());
    let left = world.path("data/.tmpabcdef");
    std::fs::write(&left, "half").unwrap();
    let days_ago = |days: u64| SystemTime::now() - Duration::from_secs(86_400 * days);
    std::fs::File::options().append(true).open(&left).unwrap().set_modified(days_ago(2)).unwrap();

    let host = open(&world);
    decides(&host);
    let swept = host.sweep().unwrap();
    assert_eq!((swept.decisions, swept.bytes, left.exists()), (1, 4, false), "{swept:?}");
    decides(&host);
    // As if that sweep had been a hundred days ago, by a clock that was right.
    let then = days_ago(100).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let then = rmp_serde::to_vec_named(&i64::try_from(then).unwrap()).unwrap();
    let key = format!("{}/swept", host.loaded().plan.name);
    let kv = host.store().kv();
    assert!(kv.get("@plans", &key).unwrap().is_some(), "a sweep is written down");
    kv.put("@plans", &key, &then).wait().unwrap();
    drop((kv, host));

    let host = open(&world);
    let id = decides(&host);
    assert_eq!(host.sweep().unwrap().decisions, 0, "the clock is not believed yet");
    assert!(host.store().log().decision(&id).unwrap().is_some());
}
