//! Scripts as a host sees them: what is loaded, what is refused, and what is told of mistakes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use greenroom_script_rhai::{Exports, Failure, Script};
use greenroom_sdk::{Candidates, FaultKind, Params, State, native};

const NAME: &str = "agent.rhai";

#[track_caller]
fn load(source: &str) -> Script {
    Script::load(NAME, source).unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[track_caller]
fn refused(source: &str) -> Failure {
    Script::load(NAME, source).err().unwrap()
}

/// The kind and message of the fault that `decide` with this body gives.
#[track_caller]
fn fault(body: &str) -> (FaultKind, String) {
    let fault = load(&format!("fn decide(seen) {{\n{body}\n}}")).decide(native::observe(3, &[])).err().unwrap();
    (fault.kind, fault.message)
}

/// The rows and scores that `decide` with this body answers for candidates 5, 6 and 7.
#[track_caller]
fn decided(body: &str) -> (Vec<u32>, Vec<f32>) {
    let seen = native::observe(3, &[]).with_input("ranked", Candidates::new(vec![5, 6, 7], vec![3.0, 2.0, 1.0]));
    let decision =
        load(&format!("fn decide(seen) {{ let ranked = seen.candidates(\"ranked\"); {body} }}")).decide(seen);
    let all = decision.unwrap_or_else(|fault| panic!("{}", fault.message)).candidates().unwrap().clone();
    (all.rows, all.scores)
}

#[test]
fn a_mistake_of_the_grammar_has_its_place() {
    let failure = refused("fn decide(seen) {\n    let x = ;\n}");
    assert_eq!((failure.line, failure.column), (Some(2), Some(13)), "{failure:?}");
    let failure = refused("fn decide(seen) {\n    best(rows, [], 1)\n}");
    assert_eq!((failure.line, failure.column), (Some(2), Some(10)), "{failure:?}");
    assert!(failure.message.starts_with("there is no `rows` here"), "{failure:?}");
}

#[test]
fn what_the_contract_calls_has_to_be_there_and_to_fit() {
    assert!(
        refused("fn describe() { agent(\"a\", \"1\", \"recall\", \"s\") }").message.contains("no `fn decide(seen)`")
    );
    assert!(refused("fn decide() { }").message.contains("is called as `decide(seen)`"));
    assert!(refused("fn decide(seen) { } fn learn(batch) { }").message.contains("no `fn fit`"));
    let failure = refused("fn decide(seen) {}\nfn describe() {\n    agent(\"a\", \"1\", \"reranker\", \"s\")\n}");
    assert_eq!(failure.line, Some(3));
    assert!(failure.message.contains("\"reranking\"") && failure.message.contains("not \"reranker\""), "{failure:?}");
}

#[test]
fn a_script_exports_what_it_has() {
    assert_eq!(load("fn decide(seen) { candidates() }").exports(), Exports::POLICY);
    let described = "fn decide(seen) {} fn describe() { agent(\"a\", \"1\", \"recall\", \"s\") }";
    assert_eq!(load(described).exports(), Exports::POLICY | Exports::LIFECYCLE);
    let learns = load(&format!("{described} fn learn(batch) {{}} fn fit() {{}}"));
    assert_eq!(learns.exports(), Exports::POLICY | Exports::LIFECYCLE | Exports::LEARNER);
    let fault = load(described).fit().err().unwrap();
    assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::Internal, "agent.rhai has no `fit`"));
}

#[test]
fn a_mistake_at_run_time_has_the_place_where_it_is_made() {
    let mut script = load("fn decide(seen) {\n    helper(1)\n}\nfn helper(x) {\n    let y = x;\n    y.nothing()\n}");
    let fault = script.decide(native::observe(1, &[])).err().unwrap();
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(fault.message.starts_with("agent.rhai:6:7: Function not found: nothing"), "{}", fault.message);
    let (_, message) = fault_of_line("let x = seen.limitt;");
    assert!(
        message.starts_with("agent.rhai:2:") && message.contains("Observation has no `limitt`; it has `request_id`"),
        "{message}"
    );
    let (_, message) = fault_of_line("9223372036854775807 + seen.limit");
    assert!(message.contains("overflow"), "{message}");
    let (_, message) = fault_of_line("throw \"on purpose\"");
    assert_eq!(message, "agent.rhai:2:1: on purpose");
    let (_, message) = fault_of_line("#{ rows: 1 }");
    assert!(message.contains("a decision is `best(...)`"), "{message}");
}

#[track_caller]
fn fault_of_line(line: &str) -> (FaultKind, String) {
    fault(line)
}

#[test]
fn thrown_faults_are_those_of_the_contract() {
    assert_eq!(fault("throw fault(\"unavailable\", \"later\")"), (FaultKind::Unavailable, "later".into()));
    assert_eq!(fault("throw fault(\"invalid-observation\", \"no\")"), (FaultKind::InvalidObservation, "no".into()));
    assert!(
        fault("throw fault(\"invalid\", \"no\")").1.contains("the kind of a fault is one of \"invalid-parameters\"")
    );
    native::grant(&[]);
    assert_eq!(
        fault("memory.open(\"notes\")"),
        (FaultKind::Internal, "agent.rhai:2:8: memory: no grant of namespace `notes`".into())
    );
}

#[test]
fn calls_without_end_are_a_fault() {
    let mut script = load("fn decide(seen) { deeper(0) }\nfn deeper(n) { deeper(n + 1) }");
    let fault = script.decide(native::observe(1, &[])).err().unwrap();
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(fault.message.contains("functions call each other more than"), "{}", fault.message);
    assert!(script.decide(native::observe(1, &[])).is_err());
}

#[test]
fn functions_see_constants_and_what_the_agent_keeps() {
    let mut script = load(
        "const FIRST = 7;\nconst TABLE = [FIRST, 8];\n\
         fn describe() { agent(\"a\", \"1\", \"recall\", \"s\").parameter(integer(\"n\", 0, 9, 2, \"n\")).parameter(items(\"rows\", \"r\")) }\n\
         fn configure(params) { this.calls = params.n; this.rows = params.rows; }\n\
         fn decide(seen) { this.count(); candidates([TABLE[0], this.calls, this.rows.len], [1, 1, 1]) }\n\
         fn count() { this.calls += 1; }",
    );
    script.configure(&Params::defaults(script.descriptor())).unwrap();
    for calls in 3..5 {
        let decision = script.decide(native::observe(1, &[])).unwrap();
        assert_eq!(decision.candidates().unwrap().rows, [7, calls, 0]);
    }
    let outside = refused("let outside = 1;\nfn decide(seen) { outside }");
    assert!(outside.message.contains("no `let` of outside"), "{outside:?}");
    let failing = refused("const A = 1;\nconst B = [].nothing();\nfn decide(seen) { }");
    assert_eq!(failing.line, Some(2), "{failing:?}");
    let (_, message) = fault("helper() }\nfn helper() { this.x");
    assert!(message.contains("called as `this.helper()`"), "{message}");
}

#[test]
fn columns_are_worked_on_in_f32_as_the_sdk_does() {
    let (rows, scores) =
        decided("let s = f32(0.1); best(ranked, (1 - s) * ranked.standing() + s * (ranked.scores / 3), 3)");
    let expected = |place: f32, score: f32| (1.0 - 0.1_f32) * (1.0 - place / 3.0) + 0.1 * (score / 3.0);
    assert_eq!((rows, scores), (vec![5, 6, 7], vec![expected(0.0, 3.0), expected(1.0, 2.0), expected(2.0, 1.0)]));
    for (body, rows) in [
        ("ranked.only(ranked.scores < 2.5)", &[6, 7][..]),
        ("ranked.only(|row| row != 6)", &[5, 7]),
        ("ranked.only((ranked.rows != 5) & (ranked.scores > 1))", &[6]),
        ("ranked.pick(ranked.scores.top(1))", &[5]),
        ("best(ranked.rows, ranked.rows, 2)", &[7, 6]),
        ("let scale = 2; best(ranked.rows, ranked.scores.map(|x| -x * scale), 1)", &[7]),
        (
            "let c = ranked.rows; let t = 0; for (x, i) in c { t += x * i; } candidates([t, c[-1], c.sum()], [1, 1, 1])",
            &[20, 7, 18],
        ),
        ("let c = u32s(); c.add_at([2, 0, 2], 1); c.push(9); candidates(c, f32s(4, 1))", &[1, 0, 2, 9]),
        ("candidates(s64s([3, 1]) * 2 + [1][0], [0, 0])", &[7, 3]),
        ("candidates(choose(f32s([0.5, 0 / 1.0]) > 0, 1, 2), [1, 1])", &[1, 2]),
        ("candidates([3, 1, 2].sort_of(), [1, 1, 1]) } fn sort_of() { column(this).order()", &[0, 2, 1]),
    ] {
        assert_eq!(decided(body).0, rows, "{body}");
    }
}

#[test]
fn columns_say_what_does_not_fit() {
    for (line, expected) in [
        ("f32s([1, 2]) + f32s([1])", "columns of 2 and of 1 numbers do not fit each other"),
        ("s64s([9223372036854775807]) + 1", "at place 0 give no whole number of 64 bits"),
        ("s64s([1]) / 0", "at place 0 give no whole number of 64 bits"),
        ("u32s([1, -1])", "not -1 at place 1"),
        ("f32s([1])[1]", "there is no place 1 in a column of 1 numbers"),
        ("f32s([1]) + \"x\"", "a number or a column is expected"),
        ("candidates([1], [0.0 / 0.0])", "the score at place 0 is NaN"),
        ("f32s([1]).nothing", "Column"),
    ] {
        let (_, message) = fault(line);
        assert!(message.starts_with("agent.rhai:") && message.contains(expected), "{line}: {message}");
    }
}

#[test]
fn a_namespace_is_open_for_one_call() {
    native::grant(&["notes"]);
    let mut script = load(
        "fn decide(seen) { if \"notes\" in this { this.notes.get(\"a\") } else { this.notes = memory.open(\"notes\"); candidates() } }",
    );
    script.decide(native::observe(1, &[])).unwrap();
    let fault = script.decide(native::observe(1, &[])).err().unwrap();
    assert!(fault.message.contains("the namespace is closed"), "{}", fault.message);
}

#[test]
fn a_state_is_bytes_or_whatever_is_packed() {
    let mut script = load(
        "fn describe() { agent(\"a\", \"1\", \"recall\", \"s\").state(\"a/1\") }\n\
         fn decide(seen) { candidates(this.wins, f32s(this.wins.len, this.rate)) }\n\
         fn snapshot() { #{ wins: u32s([1, 70000]), rate: 0.25 } }\n\
         fn restore(state) { let state = unpack(state); this.wins = u32s(state.wins); this.rate = state.rate; }",
    );
    let state = script.snapshot().unwrap();
    assert_eq!((state.schema.as_str(), state.bytes.first()), ("a/1", Some(&0x82)));
    script.restore(state).unwrap();
    let decision = script.decide(native::observe(2, &[])).unwrap();
    assert_eq!(decision.candidates().unwrap(), &Candidates::new(vec![1, 70_000], vec![0.25, 0.25]));
    let broken = script.restore(State { schema: "a/1".into(), bytes: vec![0x82] }).err().unwrap();
    assert!(broken.message.contains("no MessagePack"), "{}", broken.message);
}

#[test]
fn chance_is_that_of_the_seed() {
    let body = "let r = random(seen.seed); let a = r.below(1000); let b = r.place([0, 0, 1]); candidates([a, b], [r.next(), 1])";
    assert!(fault(body).1.contains("place"), "an array is no column");
    let body = body.replace("[0, 0, 1]", "f32s([0, 0, 1])");
    let (first, second) = (decided(&body), decided(&body));
    assert_eq!(first, second);
    assert_eq!(first.0[1], 2);
}
