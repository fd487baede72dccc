//! The scripts of the repository beside the same agents in Rust: the same answers, byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unnecessary_operation,
    reason = "a test that cannot go on should stop"
)]

use greenroom_echo::Echo;
use greenroom_script_rhai::Script;
use greenroom_sdk::{
    Branch, Candidates, Column, Feedback, Input, Learner as _, Lifecycle as _, NONE, Observation, Params, Payload,
    Policy as _, Route, Settings, Subject, Values, memory, native,
};

fn script(source: &str) -> Script {
    Script::load("agent.rhai", source).unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn echoes() -> (Script, Echo) {
    (script(include_str!("../../../../tests/guests/echo-script-rhai/agent.rhai")), Echo::default())
}

fn world() {
    native::set_facts(
        4,
        &[("year", vec![1990.0, f32::NAN, 2000.0, 1e10])],
        &[("genres", vec!["a", "ü"], vec![1, 2, 3, 0])],
    );
    native::grant(&["echo"]);
}

fn full() -> Observation {
    let columns = vec![
        Column { name: "ease.score".into(), values: Values::F32s(vec![0.5, f32::NAN, -0.0]) },
        Column { name: "ease.rank".into(), values: Values::S64s(vec![-1, i64::MIN, i64::MAX]) },
        Column { name: "ü".into(), values: Values::U32s(vec![0, u32::MAX, 7]) },
    ];
    let candidates = Candidates {
        rows: vec![3, u32::MAX, 0],
        scores: vec![1.5, -0.0, 1e-42],
        sources: vec![u64::MAX, 0, 1 << 63],
        columns,
    };
    let input = |port: &str, payload| Input { port: port.into(), node: "n".into(), payload };
    let branch = |name: &str, probability| Branch { name: name.into(), probability };
    Observation {
        subject: Some(Subject { key: "ü€𝄞".into(), number: 7 }),
        seed: u64::MAX - 1,
        surface: "home".into(),
        session_id: Some(String::new()),
        segments: vec!["cold".into(), "ü".into()],
        excluded: vec![1, 2],
        allowed: Some(vec![3, 4]),
        context: vec![0x81, 0xa1, b'a', 1],
        inputs: vec![
            input("a", Payload::Candidates(candidates)),
            input("b", Payload::Route(Route { branches: vec![branch("z", 0.1), branch("a", 0.9)] })),
            input("c", Payload::Settings(Settings { scope: "s".into(), patch: vec![0xc0] })),
            input("d", Payload::Document(vec![0, 255])),
        ],
        ..native::observe(3, &[(1, -5), (2, 9)])
    }
}

fn batch() -> Feedback {
    Feedback {
        requests: vec![NONE, 0, 0],
        request_ids: vec!["r".into()],
        versions: vec![NONE, 0, 0],
        version_ids: vec!["ü".into()],
        positions: vec![0, 1, NONE],
        exposed: vec![0, 1, 2],
        statuses: vec![0, 1, 2],
        credits: vec![0.5, f32::NAN, 0.0],
        propensities: vec![f32::NAN, 0.25, 1.0],
        decided: vec![Column { name: "decided.rank".into(), values: Values::S64s(vec![-1, 0, 1]) }],
        inputs: vec![Column { name: "ease.score".into(), values: Values::F32s(vec![0.1, 0.2, f32::NAN]) }],
        ..native::organic(&[(0, 1, -7), (1, 2, 5), (u32::MAX, 3, i64::MAX)])
    }
}

#[test]
fn the_echo_describes_itself_alike() {
    assert_eq!(echoes().0.descriptor(), &Echo::describe());
}

#[test]
fn the_echo_sees_and_answers_alike() {
    world();
    let (mut script, mut echo) = echoes();
    // A key that a walk through memory leaves there, so that both find it.
    memory::open("echo").and_then(|space| space.put("k", b"v")).unwrap();
    let mut check = |seen: Observation| {
        let (mine, theirs) = (script.decide(seen.clone()), echo.decide(seen));
        // NaN equals nothing, so the answers are compared in words.
        assert_eq!(format!("{mine:?}"), format!("{theirs:?}"));
        let lines = native::take_log();
        let (mine, theirs) = lines.split_at(lines.len() / 2);
        assert_eq!(mine, theirs);
    };
    check(full());
    for place in 1..4 {
        let mut seen = full();
        seen.inputs.rotate_left(place);
        check(seen);
    }
    check(native::observe(5, &[(9, 1), (8, 2)]));
    check(Observation { surface: "fault".into(), ..full() });
    check(Observation { surface: "memory".into(), ..full() });
    native::grant(&[]);
    check(Observation { surface: "memory".into(), ..full() });
}

#[test]
fn the_echo_is_configured_and_learns_alike() {
    let (mut script, mut echo) = echoes();
    let with = |change: fn(Params) -> Params| change(Params::defaults(&Echo::describe()));
    let sets = [
        with(|params| params),
        with(|params| params.with("rows", vec![1, 2]).with("weights", vec![1, 2]).with("c", "ü").with("f", 0.1)),
        with(|params| params.with("b", false).with("i", -5_i64)),
    ];
    for params in sets {
        (script.configure(&params).unwrap(), echo.configure(&params).unwrap());
        assert_eq!(script.fit().unwrap(), echo.fit().unwrap());
    }
    let refused = with(|params| params.with("i", 5_i64));
    assert_eq!(script.configure(&refused).unwrap_err(), echo.configure(&refused).unwrap_err());

    for _ in 0..2 {
        (script.learn(batch()).unwrap(), echo.learn(batch()).unwrap());
        assert_eq!(script.fit().unwrap(), echo.fit().unwrap());
    }
    let unlucky = Feedback { events: vec![13, 14, 15], ..batch() };
    assert_eq!(script.learn(unlucky.clone()).unwrap_err(), echo.learn(unlucky).unwrap_err());
    let state = echo.snapshot().unwrap();
    assert_eq!(script.snapshot().unwrap(), state);

    let mut other = echoes().0;
    other.configure(&with(|params| params)).unwrap();
    other.restore(state.clone()).unwrap();
    assert_eq!(other.snapshot().unwrap(), state);
    let short = greenroom_sdk::State { bytes: vec![1], ..state };
    assert_eq!(other.restore(short.clone()).unwrap_err(), Echo::default().restore(short).unwrap_err());
}

/// The rows that the template answers with.
fn template(strength: f64, rows: &[u32]) -> Vec<u32> {
    let mut script = script(include_str!("../../../script-rhai/template/agent.rhai"));
    let params = Params::defaults(script.descriptor()).with("strength", strength);
    script.configure(&params).unwrap();
    let ranked = Candidates::new(rows.to_vec(), vec![0.0; rows.len()]);
    script.decide(native::observe(9, &[]).with_input("ranked", ranked)).unwrap().candidates().unwrap().rows.clone()
}

#[test]
fn the_template_does_what_its_cases_say() {
    native::set_facts(4, &[("year", vec![1950.0, 2020.0, 1980.0, 2020.0])], &[]);
    assert_eq!(template(1.0, &[0, 1, 2, 3]), [1, 3, 2, 0]);
    assert_eq!(template(0.0, &[2, 0, 3, 1]), [2, 0, 3, 1]);
    assert_eq!(template(1.0, &[]), [0_u32; 0]);
    native::set_facts(4, &[], &[]);
    assert_eq!(template(1.0, &[0, 1, 2]), [0, 1, 2]);
}
