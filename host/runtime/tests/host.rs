//! A host over a data folder: it learns, answers, takes feedback, learns from that, and comes back after a restart.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::sync::Arc;

use greenroom_memory::Outcome;
use greenroom_model::{EventKind, Generation};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{AskError, FeedbackError, HostError, Quiet, Reply, Told};
use support::{World, ask, items};

const GRAPH: &str = r#"
[graph]
name = "small"
output = "rank"
deadline_ms = 2000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"
instances = "pooled"

[agents.item-knn]
component = "COMPONENTS/item-knn.wasm"
params = { neighbours = 20, half_life = 500 }

[agents.fusion]
component = "COMPONENTS/fusion.wasm"
instances = "pooled"

[agents.ranker]
component = "COMPONENTS/ranker.wasm"
grants = { memory = ["items:read"] }
instances = "pooled"

[nodes.popularity]
agent = "popularity"

[nodes.knn]
agent = "item-knn"

[nodes.fuse]
agent = "fusion"
inputs = { popularity = "popularity", knn = "knn" }

[nodes.rank]
agent = "ranker"
inputs = { ranked = "fuse" }
"#;

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn ids(reply: &Reply) -> Vec<u32> {
    reply.items.iter().map(|item| item.id.parse().unwrap()).collect()
}

fn liked(event: &str, request: Option<&str>, item: &str) -> Told {
    Told {
        event_id: event.to_owned(),
        request_id: request.map(ToOwned::to_owned),
        subject: Some("s0".to_owned()),
        item: item.to_owned(),
        kind: EventKind::Like,
        value: 1.0,
        time_ms: None,
        retract: false,
    }
}

#[test]
fn an_untrained_graph_says_who_has_not_learned() {
    let world = World::new(GRAPH);
    let error = world.open().activate().unwrap_err();
    assert!(matches!(&error, HostError::Untrained { agents } if agents.len() == 4), "{error}");
    assert!(error.to_string().contains("greenroom train"), "{error}");
    assert!(matches!(world.open().train(Arc::new(Quiet)), Err(HostError::NoEvents)));
}

#[test]
fn a_subject_is_answered_from_its_circle_and_not_what_it_has_seen() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let reply = block(host.decide(ask("s0", 2))).unwrap();
    assert_eq!(ids(&reply), [8, 9], "what the circle likes next");
    assert_eq!(reply.items[0].title.as_deref(), Some("Title 8"));
    assert!(reply.items[0].from.iter().any(|node| &**node == "knn"), "{:?}", reply.items[0].from);
    assert_eq!(reply.answer.generation, Generation(1));
    assert!(reply.answer.degraded.is_empty());
}

#[test]
fn a_new_subject_and_an_anonymous_one_are_normal_requests() {
    let world = World::new(GRAPH);
    let host = world.serving();
    assert_eq!(block(host.decide(ask("nobody", 5))).unwrap().items.len(), 5);
    let anonymous = greenroom_runtime::Ask { subject: None, ..ask("", 5) };
    assert_eq!(block(host.decide(anonymous)).unwrap().items.len(), 5);
    assert!(host.store().subjects().row("nobody").is_none(), "asking leaves nothing behind");
}

#[test]
fn what_is_excluded_or_not_allowed_is_not_answered() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let without = greenroom_runtime::Ask { exclude: vec!["8".to_owned()], ..ask("s0", 5) };
    assert!(!ids(&block(host.decide(without)).unwrap()).contains(&8));
    let only = greenroom_runtime::Ask { allow: Some(vec!["9".to_owned(), "25".to_owned()]), ..ask("s0", 5) };
    let answered = ids(&block(host.decide(only)).unwrap());
    assert!(answered.iter().all(|id| [9, 25].contains(id)) && answered.contains(&9), "{answered:?}");
}

#[test]
fn everything_wrong_with_a_request_is_told_at_once() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let wrong = greenroom_runtime::Ask { exclude: vec!["99".to_owned(), "x".to_owned()], ..ask("s0", 0) };
    let Err(AskError::Invalid(mistakes)) = block(host.decide(wrong)) else { panic!("taken") };
    assert_eq!(mistakes.iter().map(|m| m.field).collect::<Vec<_>>(), ["limit", "exclude", "exclude"]);
}

#[test]
fn a_request_id_is_taken_once_also_by_requests_at_the_same_time() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let named = || greenroom_runtime::Ask { request_id: Some("r1".to_owned()), ..ask("s0", 2) };
    let refused = |result: &Result<Reply, AskError>| match result {
        Ok(_) => false,
        Err(AskError::Invalid(mistakes)) => mistakes[0].message.contains("decided before"),
        Err(other) => panic!("{other}"),
    };
    block(async {
        let (a, b, c) = tokio::join!(host.decide(named()), host.decide(named()), host.decide(named()));
        assert_eq!([a, b, c].iter().filter(|result| refused(result)).count(), 2);
        // In the log's queue, or in the log.
        assert!(refused(&host.decide(named()).await));
        host.flush().await.unwrap();
        assert!(refused(&host.decide(named()).await));
    });
    let counts = host.counts().unwrap();
    assert_eq!((counts.decisions, counts.decisions_repeated), (1, 0));
}

#[test]
fn a_delisted_item_is_not_answered_and_takes_no_feedback() {
    let world = World::new(GRAPH);
    let host = world.serving();
    std::fs::write(world.path("items.csv"), items(Some(8))).unwrap();
    host.import(None, Some(&read_items(&world.path("items.csv")).unwrap())).unwrap();
    assert_eq!(ids(&block(host.decide(ask("s0", 2))).unwrap())[0], 9);
    let error = block(host.feedback(vec![liked("e", None, "8")])).unwrap_err();
    assert!(matches!(&error, FeedbackError::Invalid(m) if m[0].message.contains("was delisted")), "{error}");
    std::fs::write(world.path("items.csv"), items(None)).unwrap();
    host.import(None, Some(&read_items(&world.path("items.csv")).unwrap())).unwrap();
    assert_eq!(ids(&block(host.decide(ask("s0", 2))).unwrap()), [8, 9], "and is back when it is listed again");
}

#[test]
fn refused_feedback_names_its_events_and_leaves_no_subject_behind() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let of = |event: &str, subject: &str| Told { subject: Some(subject.to_owned()), ..liked(event, None, "8") };
    let told = vec![
        of("e0", "newcomer"),
        of("e1", ""),
        of("e2\n", "newcomer"),
        Told { request_id: Some("r\n".to_owned()), ..of("e3", "newcomer") },
        of(&"e".repeat(257), "newcomer"),
    ];
    let before = (host.store().subjects().len(), host.store().log().data_digest().unwrap());
    let Err(FeedbackError::Invalid(mistakes)) = block(host.feedback(told)) else { panic!("taken") };
    let named: Vec<_> = mistakes.iter().map(|mistake| (mistake.place, mistake.field)).collect();
    assert_eq!(named, [(1, "subject"), (2, "event_id"), (3, "request_id"), (4, "event_id")]);
    assert_eq!((host.store().subjects().len(), host.store().log().data_digest().unwrap()), before);
    assert_eq!(host.store().subjects().row("newcomer"), None);
}

#[test]
fn feedback_joins_its_decision_once_and_changes_the_next_answer() {
    let world = World::new(GRAPH);
    let host = world.serving();
    block(async {
        let reply = host.decide(ask("s0", 2)).await.unwrap();
        let event = || liked("e1", Some(&reply.request_id), "8");
        assert_eq!(host.feedback(vec![event()]).await.unwrap(), [Outcome::Joined { position: 0 }]);
        assert_eq!(host.feedback(vec![event()]).await.unwrap(), [Outcome::Repeated]);
        let unknown = liked("e2", Some("no such request"), "9");
        assert_eq!(host.feedback(vec![unknown]).await.unwrap(), [Outcome::UnknownRequest]);
        let next = host.decide(ask("s0", 2)).await.unwrap();
        assert!(!ids(&next).contains(&8) && !ids(&next).contains(&9), "what was liked is seen");
        let back = Told { retract: true, ..event() };
        assert_eq!(host.feedback(vec![back]).await.unwrap(), [Outcome::Retracted]);
        assert_eq!(ids(&host.decide(ask("s0", 1)).await.unwrap()), [8], "a retracted event never was");
    });
    let counts = host.counts().unwrap();
    assert_eq!((counts.joined, counts.repeated, counts.unknown_request, counts.retracted), (1, 1, 1, 1));
}

#[test]
fn learning_from_feedback_makes_a_new_generation_that_survives_a_restart() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let before = host.active().unwrap();
    let states = |plan: &greenroom_runtime::ActivePlan| -> Vec<_> {
        plan.agents.iter().map(|agent| (agent.spec.name.clone(), agent.version.state)).collect()
    };
    block(async {
        for subject in 0..30 {
            let reply = host.decide(ask(&format!("s{subject}"), 4)).await.unwrap();
            let last = reply.items.last().unwrap().id.to_string();
            let told = Told {
                subject: Some(format!("s{subject}")),
                ..liked(&format!("e{subject}"), Some(&reply.request_id), &last)
            };
            host.feedback(vec![told]).await.unwrap();
        }
    });
    host.train(Arc::new(Quiet)).unwrap();
    assert_eq!(host.activate().unwrap(), Generation(2));
    let after = host.active().unwrap();
    for ((agent, old), (_, new)) in states(&before).iter().zip(states(&after)) {
        assert_ne!(*old, new, "{agent} learned nothing");
    }
    assert_eq!(host.activate().unwrap(), Generation(2), "the same plan is the same generation");
    let answer = block(host.decide(ask("s1", 5))).unwrap();
    drop((host, before, after));
    let again = world.open();
    assert_eq!(again.activate().unwrap(), Generation(2));
    assert_eq!(ids(&block(again.decide(ask("s1", 5))).unwrap()), ids(&answer));
}

#[test]
fn the_same_file_again_changes_nothing() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let events = read(&world.path("events.csv"), &ReadOptions::default()).unwrap();
    let again = host.import(Some(&events), None).unwrap();
    assert_eq!((again.events, again.repeated), (480, 480));
    assert!(host.train(Arc::new(Quiet)).unwrap().iter().all(|trained| trained.kept), "nothing is learned twice");
    assert_eq!(host.activate().unwrap(), Generation(1));
}

#[test]
fn an_agent_whose_states_have_another_schema_learns_anew() {
    let world = World::new(
        "[graph]\nname = \"one\"\noutput = \"list\"\ndeadline_ms = 2000\n\
         [agents.popularity]\ncomponent = \"popularity.wasm\"\n[nodes.list]\nagent = \"popularity\"\n",
    );
    let mut component = std::fs::read(greenroom_kit::component("popularity")).unwrap();
    std::fs::write(world.path("popularity.wasm"), &component).unwrap();
    drop(world.serving());
    let (old, new) = (b"popularity/2", b"popularity/x");
    let place = component.windows(old.len()).position(|bytes| bytes == old).unwrap();
    component[place..place + new.len()].copy_from_slice(new);
    std::fs::write(world.path("popularity.wasm"), &component).unwrap();
    let host = world.open();
    let descriptor = host.loaded().plan.agents[0].descriptor.clone().unwrap();
    assert_eq!(descriptor.snapshot_schema, "popularity/x");
    assert!(matches!(host.activate(), Err(HostError::Untrained { .. })));
    assert!(!host.train(Arc::new(Quiet)).unwrap()[0].kept);
    assert_eq!(host.activate().unwrap(), Generation(2));
}

#[test]
fn the_same_request_gets_the_same_answer() {
    let world = World::new(GRAPH);
    let host = world.serving();
    let asked = || greenroom_runtime::Ask { seed: Some(7), ..ask("s5", 9) };
    let first = block(host.decide(asked())).unwrap();
    for _ in 0..20 {
        assert_eq!(block(host.decide(asked())).unwrap().items, first.items);
    }
}
