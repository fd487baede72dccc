use greenroom_sdk::{Column, FaultKind, Input, ParamValue, Payload, Values, native};

use super::*;

fn agent(change: impl Fn(Params) -> Params) -> Fusion {
    let mut agent = Fusion::default();
    agent.configure(&change(Params::defaults(&Fusion::describe()))).unwrap();
    agent
}

fn input(port: &str, rows: &[u32], scores: &[f32], source: u64) -> Input {
    let mut all = Candidates::new(rows.to_vec(), scores.to_vec());
    all.sources = vec![source; rows.len()];
    Input { port: port.into(), node: port.into(), payload: Payload::Candidates(all) }
}

fn seen(limit: u32, inputs: Vec<Input>) -> Observation {
    Observation { inputs, ..native::observe(limit, &[(99, 1)]) }
}

fn ask(agent: &mut Fusion, seen: Observation) -> Candidates {
    match agent.decide(seen).unwrap().payload {
        Payload::Candidates(all) => all,
        _ => Candidates::default(),
    }
}

// Requests of three rows, of which both sources offer two: "good" puts the right one first, "bad" the wrong one.
fn lessons(n: u32) -> Feedback {
    let events: Vec<(u32, u32, i64)> = (0..n).flat_map(|u| (0..3).map(move |row| (u, row, 0))).collect();
    let mut batch = native::organic(&events);
    batch.requests = (0..n).flat_map(|r| [r; 3]).collect();
    batch.outer_rewards = (0..n).flat_map(|r| if r % 6 == 0 { [0.0, 1.0, 0.0] } else { [1.0, 0.0, 0.0] }).collect();
    let of = |name: &str, three: [f32; 3]| Column {
        name: name.into(),
        values: Values::F32s((0..n).flat_map(|_| three).collect()),
    };
    batch.inputs = vec![
        of("bad.score", [f32::NAN, 9.0, 1.0]),
        Column { name: "bad.rank".into(), values: Values::S64s((0..n).flat_map(|_| [-1, 0, 1]).collect()) },
        of("good.score", [0.4, 0.2, f32::NAN]),
        of("good.rank", [0.0, 1.0, -1.0]),
    ];
    batch
}

fn two() -> Vec<Input> {
    vec![input("good", &[5, 6], &[0.4, 0.2], 1), input("bad", &[6, 7], &[9.0, 1.0], 2)]
}

#[test]
fn before_feedback_lists_merge_by_reciprocal_ranks() {
    let all = ask(&mut agent(|p| p), seen(9, two()));
    assert_eq!(all.rows, [6, 5, 7]);
    assert!((all.scores[0] - (1.0 / 61.0 + 1.0 / 62.0)).abs() < 1e-6);
    assert_eq!(ask(&mut agent(|p| p.with("method", "rrf")), seen(9, two())), all);
}

#[test]
fn initial_weights_tip_the_merge() {
    let weights = BTreeMap::from([("bad".to_owned(), 0.0), ("good".to_owned(), 2.0)]);
    let all = ask(&mut agent(|p| p.with("weights", ParamValue::Named(weights.clone()))), seen(9, two()));
    assert_eq!(all.rows, [5, 6, 7]);
}

#[test]
fn what_told_the_outcome_weighs_more_after_feedback() {
    let mut agent = agent(|p| p);
    agent.learn(lessons(200)).unwrap();
    let report = agent.fit().unwrap();
    assert_eq!(report.examples, 600);
    assert!(report.loss.unwrap() < 3.0_f64.ln(), "{report:?}");
    assert_eq!(ask(&mut agent, seen(9, two())).rows[0], 5);
}

#[test]
fn a_subject_without_history_is_answered_as_before_feedback() {
    let mut agent = agent(|p| p);
    let fresh = || Observation { inputs: two(), ..native::observe(9, &[]) };
    let before = ask(&mut agent, fresh());
    agent.learn(lessons(200)).unwrap();
    agent.fit().unwrap();
    assert_eq!(ask(&mut agent, fresh()), before);
}

#[test]
fn what_each_source_said_goes_on_as_columns_without_nan() {
    let all = ask(&mut agent(|p| p), seen(9, two()));
    assert_eq!(all.sources, [3, 1, 2]);
    let names: Vec<&str> = all.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["bad.score", "bad.rank", "good.score", "good.rank"]);
    assert_eq!(all.f32s("bad.rank").unwrap(), [0.0, -1.0, 1.0]);
    assert_eq!(all.f32s("good.score").unwrap(), [-1.0, 1.0, -1.0]);
}

#[test]
fn excluded_rows_and_those_beyond_the_limit_are_left_out() {
    let all = ask(&mut agent(|p| p), Observation { excluded: vec![6], ..seen(1, two()) });
    assert_eq!(all.rows, [5]);
    assert_eq!(all.columns[0].values.to_f32s().len(), 1);
}

#[test]
fn a_single_source_keeps_its_order_whatever_was_learned() {
    let mut agent = agent(|p| p);
    agent.learn(lessons(500)).unwrap();
    agent.fit().unwrap();
    for port in ["good", "bad", "new"] {
        let all = ask(&mut agent, seen(9, vec![input(port, &[8, 3, 5], &[3.0, 2.0, 1.0], 1)]));
        assert_eq!(all.rows, [8, 3, 5], "{port}");
    }
}

#[test]
fn nothing_offered_is_nothing_answered() {
    assert!(ask(&mut agent(|p| p), seen(9, vec![input("a", &[], &[], 1)])).is_empty());
    assert!(ask(&mut agent(|p| p), seen(9, Vec::new())).is_empty());
}

#[test]
fn two_sources_at_one_port_are_refused() {
    let inputs = vec![input("a", &[1], &[1.0], 1), input("a", &[2], &[1.0], 2)];
    let fault = agent(|p| p).decide(seen(9, inputs)).unwrap_err();
    assert!(fault.message.contains("\"a\""), "{}", fault.message);
}

#[test]
fn state_comes_back_with_the_same_bytes_and_decisions() {
    for scale in Scale::NAMES {
        let mut learner = agent(|p| p.with("scale", *scale));
        learner.learn(lessons(100)).unwrap();
        learner.fit().unwrap();
        let state = learner.snapshot().unwrap();
        let mut other = agent(|p| p.with("scale", *scale));
        other.restore(state.clone()).unwrap();
        assert_eq!(other.snapshot().unwrap(), state);
        assert_eq!(ask(&mut other, seen(9, two())), ask(&mut learner, seen(9, two())));
    }
}

#[test]
fn the_same_feedback_gives_the_same_state_in_one_batch_or_several() {
    let mut once = agent(|p| p);
    once.learn(lessons(60)).unwrap();
    let mut twice = agent(|p| p);
    twice.learn(lessons(30)).unwrap();
    twice.learn(lessons(30)).unwrap();
    once.fit().unwrap();
    twice.fit().unwrap();
    assert_eq!(once.snapshot().unwrap(), twice.snapshot().unwrap());
}

#[test]
fn a_state_that_is_garbage_or_of_another_scale_is_refused() {
    let garbage = State { schema: SCHEMA.into(), bytes: vec![0xc1, 7, 7] };
    assert_eq!(agent(|p| p).restore(garbage).unwrap_err().kind, FaultKind::InvalidState);
    let mut learner = agent(|p| p);
    learner.learn(lessons(10)).unwrap();
    learner.fit().unwrap();
    let fault = agent(|p| p.with("scale", "rank")).restore(learner.snapshot().unwrap()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidState);
}

#[test]
fn organic_feedback_teaches_nothing_here_and_is_no_fault() {
    let mut agent = agent(|p| p);
    agent.learn(native::organic(&[(1, 2, 3)])).unwrap();
    assert_eq!(agent.fit().unwrap().examples, 0);
    assert!(agent.model.is_empty());
}

#[test]
fn a_source_that_was_silent_while_learning_has_little_to_say_afterwards() {
    let mut agent = agent(|p| p);
    let mut batch = lessons(200);
    for (name, absent) in [("mute.score", f32::NAN), ("mute.rank", -1.0)] {
        batch.inputs.push(Column { name: name.into(), values: Values::F32s(vec![absent; 600]) });
    }
    agent.learn(batch).unwrap();
    agent.fit().unwrap();
    let mut inputs = two();
    inputs.push(input("mute", &[8, 9, 5], &[3.0, 2.0, 1.0], 4));
    assert_eq!(ask(&mut agent, seen(9, inputs)).rows[0], 5);
}
