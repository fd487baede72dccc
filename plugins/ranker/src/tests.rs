use greenroom_sdk::{Column, FaultKind, Input, Payload, Values, native};

use super::*;

fn agent(change: impl Fn(Params) -> Params) -> Ranker {
    let mut agent = Ranker::default();
    agent.configure(&change(Params::defaults(&Ranker::describe()))).unwrap();
    agent
}

// Row 20 comes after row 10 with every even subject, row 21 after row 11 with every odd one.
fn sequences(n: u32) -> Feedback {
    let events: Vec<(u32, u32, i64)> =
        (0..n).flat_map(|u| [(u, 10 + u % 2, i64::from(u)), (u, 20 + u % 2, i64::from(u) + 1)]).collect();
    native::organic(&events)
}

// Requests of subjects that liked row 10 or 11 lately. Both 20 and 21 are offered in the same order to all.
fn requests(n: u32) -> Feedback {
    let organic: Vec<(u32, u32, i64)> = (0..n).map(|u| (1000 + u, 10 + u % 2, 50)).collect();
    let asked: Vec<(u32, u32, i64)> = (0..n).flat_map(|u| [22, 20, 21].map(|row| (1000 + u, row, 60))).collect();
    let mut batch = native::organic(&organic.iter().chain(&asked).copied().collect::<Vec<_>>());
    batch.requests = organic.iter().map(|_| NONE).chain((0..n).flat_map(|r| [r; 3])).collect();
    let outcome = |u: u32| [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]][(u % 2) as usize];
    batch.outer_rewards = organic.iter().map(|_| 1.0).chain((0..n).flat_map(outcome)).collect();
    let column = |name: &str, three: [f32; 3]| Column {
        name: name.into(),
        values: Values::F32s(organic.iter().map(|_| f32::NAN).chain((0..n).flat_map(|_| three)).collect()),
    };
    batch.inputs = vec![
        column("ranked.score", [3.0, 2.0, 1.0]),
        column("ranked.rank", [0.0, 1.0, 2.0]),
        column("ranked.ease.score", [1.0, 0.0, -1.0]),
        column("ranked.ease.rank", [0.0, 1.0, 2.0]),
    ];
    batch
}

fn candidates() -> Candidates {
    let mut all = Candidates::new(vec![22, 20, 21], vec![3.0, 2.0, 1.0]);
    all.sources = vec![1, 3, 1];
    all.push_f32s("ease.score", vec![1.0, 0.0, -1.0]);
    all.push_f32s("ease.rank", vec![0.0, 1.0, 2.0]);
    all
}

fn seen(history: &[(u32, i64)]) -> Observation {
    let input = Input { port: PORT.into(), node: "fuse".into(), payload: Payload::Candidates(candidates()) };
    Observation { inputs: vec![input], ..native::observe(9, history) }
}

fn ask(agent: &mut Ranker, seen: Observation) -> Candidates {
    match agent.decide(seen).unwrap().payload {
        Payload::Candidates(all) => all,
        _ => Candidates::default(),
    }
}

fn trained() -> Ranker {
    let mut agent = agent(|p| p);
    agent.learn(sequences(40)).unwrap();
    agent.learn(requests(100)).unwrap();
    agent.fit().unwrap();
    agent
}

#[test]
fn before_feedback_the_order_is_that_which_came_in() {
    let mut agent = agent(|p| p);
    agent.learn(sequences(40)).unwrap();
    agent.fit().unwrap();
    let all = ask(&mut agent, seen(&[(10, 5)]));
    assert_eq!((all.rows, all.scores), (vec![22, 20, 21], vec![3.0, 2.0, 1.0]));
}

#[test]
fn what_followed_for_others_comes_first_after_feedback() {
    let mut agent = trained();
    assert_eq!(ask(&mut agent, seen(&[(10, 55)])).rows[0], 20);
    assert_eq!(ask(&mut agent, seen(&[(11, 55)])).rows[0], 21);
}

#[test]
fn a_subject_without_history_gets_the_order_that_came_in() {
    assert_eq!(ask(&mut trained(), seen(&[])).rows, [22, 20, 21]);
}

#[test]
fn what_came_with_rows_goes_on_with_them() {
    let all = ask(&mut trained(), seen(&[(11, 55)]));
    let place = all.rows.iter().position(|&row| row == 20).unwrap();
    assert_eq!(all.sources[place], 3);
    assert_eq!(all.f32s("ease.rank").unwrap()[place], 1.0);
    assert_eq!(all.f32s("fused.score").unwrap()[place], 2.0);
    assert!(all.scores.is_sorted_by(|a, b| a >= b) && all.scores.iter().all(|s| s.is_finite()));
}

#[test]
fn excluded_rows_and_those_beyond_the_limit_are_left_out() {
    let asked = Observation { excluded: vec![21], limit: 1, ..seen(&[(11, 55)]) };
    assert_eq!(ask(&mut trained(), asked).rows.len(), 1);
    let asked = Observation { allowed: Some(vec![22]), ..seen(&[(11, 55)]) };
    assert_eq!(ask(&mut trained(), asked).rows, [22]);
}

#[test]
fn genres_that_a_subject_likes_come_first_after_feedback() {
    let genres: Vec<i64> = (0..30).map(|row| 1 << (row % 2)).collect();
    native::set_facts(30, &[("year", vec![2000.0; 30])], &[("genres", vec!["Comedy", "Drama"], genres)]);
    // No sequences to learn from: only genres tell.
    let mut agent = agent(|p| p.with("window", 0_i64));
    agent.learn(requests(100)).unwrap();
    let report = agent.fit().unwrap();
    assert!(report.loss.unwrap() < 3.0_f64.ln(), "{report:?}");
    assert_eq!(ask(&mut agent, seen(&[(4, 55)])).rows[0], 20);
    assert_eq!(ask(&mut agent, seen(&[(5, 55)])).rows[0], 21);
}

#[test]
fn without_facts_it_says_so_once_and_ranks() {
    native::set_facts(0, &[], &[]);
    let _ = native::take_log();
    let mut agent = agent(|p| p);
    agent.learn(sequences(40)).unwrap();
    agent.learn(requests(20)).unwrap();
    let notes = agent.fit().unwrap().notes;
    let about =
        |field: &str| notes.iter().filter(|note| note.contains(&format!("without the field `{field}`"))).count();
    assert_eq!((about("genres"), about("year")), (1, 1), "{notes:?}");
    assert_eq!(ask(&mut agent, seen(&[(10, 55)])).rows[0], 20);
    assert_eq!(native::take_log(), Vec::<String>::new(), "a note is said already");
}

#[test]
fn a_request_does_not_know_what_comes_after_it() {
    let scored = |late: &[(u32, u32, i64)]| {
        let mut agent = agent(|p| p);
        agent.learn(sequences(40)).unwrap();
        agent.learn(requests(20)).unwrap();
        agent.learn(native::organic(late)).unwrap();
        let report = agent.fit().unwrap();
        report.loss
    };
    assert_eq!(scored(&[]), scored(&[(1000, 22, 90), (2000, 20, 91), (2000, 22, 92)]));
}

#[test]
fn learning_goes_on_after_restore_as_if_it_had_never_stopped() {
    let mut once = trained();
    let mut restored = agent(|p| p);
    restored.restore(once.snapshot().unwrap()).unwrap();
    for agent in [&mut once, &mut restored] {
        agent.learn(requests(30)).unwrap();
        agent.fit().unwrap();
    }
    assert_eq!(once.snapshot().unwrap(), restored.snapshot().unwrap());
}

#[test]
fn state_comes_back_with_the_same_bytes_and_decisions() {
    let mut learner = trained();
    let state = learner.snapshot().unwrap();
    assert_eq!(trained().snapshot().unwrap(), state);
    let mut other = agent(|p| p);
    other.restore(state.clone()).unwrap();
    assert_eq!(other.snapshot().unwrap(), state);
    assert_eq!(ask(&mut other, seen(&[(10, 55)])), ask(&mut learner, seen(&[(10, 55)])));
}

#[test]
fn a_broken_state_is_refused_wherever_it_is_cut() {
    let state = trained().snapshot().unwrap();
    for cut in (0..state.bytes.len()).step_by(7) {
        let cut = State { bytes: state.bytes[..cut].to_vec(), ..state.clone() };
        assert_eq!(agent(|p| p).restore(cut).unwrap_err().kind, FaultKind::InvalidState);
    }
    let garbage = State { bytes: vec![0xff; 64], ..state };
    assert_eq!(agent(|p| p).restore(garbage).unwrap_err().kind, FaultKind::InvalidState);
}

#[test]
fn a_batch_with_a_short_column_is_refused() {
    let mut batch = requests(3);
    batch.subjects.pop();
    assert_eq!(agent(|p| p).learn(batch).unwrap_err().kind, FaultKind::InvalidFeedback);
}
