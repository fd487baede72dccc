//! What a new component or graph breaks.

use greenroom_graph::{Authored, ComponentFacts, Finding, Impact, Plan, compare_components, compare_plans, resolve};
use greenroom_model::{
    ColumnKind, Condition, Descriptor, Digest, Domain, Learning, Parameter, PayloadKind, RewardLevel, Role,
};

use crate::components::{columns, facts, found, parameter, port};
use crate::good::MOVIES;

fn component(name: &str) -> ComponentFacts {
    found(&format!("{name}.wasm")).unwrap()
}

/// The impact and the first line of each.
fn told(findings: &[Finding]) -> Vec<String> {
    for finding in findings {
        assert!(!finding.advice.is_empty(), "{finding:?}");
    }
    let line = |finding: &Finding| format!("{} {}", finding.severity, finding.to_string().lines().next().unwrap());
    findings.iter().map(line).collect()
}

/// Changes a component, and says what that breaks.
#[track_caller]
fn check(name: &str, change: impl FnOnce(&mut ComponentFacts), expected: &[&str]) {
    let old = component(name);
    let mut new = old.clone();
    change(&mut new);
    assert_eq!(told(&compare_components(&old, &new)), expected);
    assert_eq!(compare_components(&old, &old), []);
}

/// The same for what it says of itself.
#[track_caller]
fn check_said(name: &str, change: impl FnOnce(&mut Descriptor), expected: &[&str]) {
    check(name, |facts| change(facts.descriptor.as_mut().unwrap()), expected);
}

#[track_caller]
fn check_parameter(from: Parameter, to: Parameter, expected: &[&str]) {
    let with = |parameter: Parameter| {
        let mut facts = component("popularity");
        facts.descriptor.as_mut().unwrap().parameters = vec![parameter];
        facts
    };
    assert_eq!(told(&compare_components(&with(from), &with(to))), expected);
}

#[test]
fn other_code_that_says_the_same_breaks_nothing() {
    check("ease", |facts| facts.digest = Digest::of(b"other code"), &[]);
    check_said("ease", |d| d.version = "0.2.0".to_owned(), &[]);
    check_said("ease", |d| d.summary = "the same in other words".to_owned(), &[]);
}

#[test]
fn a_lost_export_and_a_new_need_for_grants_break() {
    check("ease", |facts| facts.interfaces.policy = false, &["breaking - export policy"]);
    check("ease", |facts| facts.interfaces.learner = true, &["note + export learner"]);
    let imports = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    check(
        "ease",
        |facts| facts.interfaces.imports = imports(&["memory", "metric"]),
        &["breaking + import memory", "note - import log", "note + import metric"],
    );
    check("content", |facts| facts.interfaces.imports.clear(), &["note - import memory"]);
    check("ease", |facts| facts.interfaces.wasi = true, &["note + import WASI 0.2"]);
    check(
        "ease",
        |facts| facts.interfaces.contract = "0.1.0".to_owned(),
        &["note ~ contract: greenroom:agent@0.2.0 -> greenroom:agent@0.1.0"],
    );
}

#[test]
fn who_does_not_describe_itself_any_more_takes_candidates_and_no_parameters() {
    let silent = |facts: &mut ComponentFacts| {
        facts.descriptor = None;
        facts.interfaces.lifecycle = false;
    };
    check(
        "rerank",
        silent,
        &[
            "breaking - export lifecycle",
            "breaking - parameter blocked: items",
            "breaking - parameter seen: boolean",
            "note ~ port ranked: required -> optional",
            "note + port *: candidates, optional",
        ],
    );
    check(
        "ranker",
        silent,
        &[
            "breaking - export lifecycle",
            "breaking - produced column probability: f32",
            "breaking ~ port settings: settings -> candidates",
            "note ~ port candidates: required -> optional",
            "note - required column fused of port candidates: f32",
            "note + port *: candidates, optional",
        ],
    );
}

#[test]
fn what_a_graph_connects_breaks_when_it_goes_or_asks_for_more() {
    check_said("popularity", |d| d.output = PayloadKind::Route, &["breaking ~ output: candidates -> route"]);
    check_said("rerank", |d| d.inputs.clear(), &["breaking - port ranked: candidates, required"]);
    check_said("rerank", |d| d.inputs[0].name = "*".to_owned(), &["breaking + port *: candidates, required"]);
    check_said("rerank", |d| d.inputs[0].optional = true, &["note ~ port ranked: required -> optional"]);
    check_said("ranker", |d| d.inputs[1].optional = false, &["breaking ~ port settings: optional -> required"]);
    check_said(
        "ranker",
        |d| d.inputs[1].kind = PayloadKind::Document,
        &["breaking ~ port settings: settings -> document"],
    );
    check_said(
        "popularity",
        |d| {
            d.inputs.push(port("optional", PayloadKind::Candidates, true, &[]));
            d.inputs.push(port("required", PayloadKind::Settings, false, &[]));
        },
        &["breaking + port required: settings, required", "note + port optional: candidates, optional"],
    );
}

#[test]
fn columns_break_when_they_are_not_produced_or_are_required() {
    check_said(
        "ranker",
        |d| {
            d.produces = columns(&["uncertainty"]);
            d.inputs[0].columns = columns(&["age"]);
        },
        &[
            "breaking - produced column probability: f32",
            "breaking + required column age of port candidates: f32",
            "note + produced column uncertainty: f32",
            "note - required column fused of port candidates: f32",
        ],
    );
    check_said(
        "ranker",
        |d| {
            d.produces[0].kind = ColumnKind::S64;
            d.inputs[0].columns[0].kind = ColumnKind::U32;
        },
        &[
            "breaking ~ produced column probability: f32 -> s64",
            "breaking ~ required column fused of port candidates: f32 -> u32",
        ],
    );
}

#[test]
fn parameters_break_when_they_take_less() {
    check_said(
        "ease",
        |d| d.parameters.retain(|p| p.name != "lambda"),
        &["breaking - parameter lambda: float 1 to 10000"],
    );
    check_said(
        "popularity",
        |d| d.parameters.push(parameter("days", Domain::Integer { low: 0, high: 9, default: 0, log: false })),
        &["note + parameter days: integer 0 to 9"],
    );
    let float = |low, high, default| parameter("x", Domain::Float { low, high, default, log: false });
    let integer = |low, high, default| parameter("x", Domain::Integer { low, high, default, log: false });
    check_parameter(float(0.0, 1.0, 0.5), float(0.0, 1.0, 0.5), &[]);
    check_parameter(
        float(0.0, 1.0, 0.5),
        float(0.0, 0.9, 0.5),
        &["breaking ~ parameter x: float 0 to 1 -> float 0 to 0.9"],
    );
    check_parameter(
        integer(0, 9, 5),
        integer(1, 99, 5),
        &["breaking ~ parameter x: integer 0 to 9 -> integer 1 to 99"],
    );
    check_parameter(integer(0, 9, 5), integer(-1, 99, 5), &["note ~ parameter x: integer 0 to 9 -> integer -1 to 99"]);
    check_parameter(integer(0, 9, 5), integer(0, 9, 6), &["behaviour ~ parameter x: default 5 -> default 6"]);
    check_parameter(
        integer(0, 9, 5),
        float(0.0, 9.0, 5.0),
        &["breaking ~ parameter x: integer 0 to 9 -> float 0 to 9"],
    );
    let choice = |options: &[&str], default: &str| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        parameter("x", Domain::Choice { options, default: default.to_owned() })
    };
    check_parameter(
        choice(&["a", "b"], "b"),
        choice(&["a", "c"], "a"),
        &[
            "breaking - option b of parameter x",
            "behaviour ~ parameter x: default b -> default a",
            "note + option c of parameter x",
        ],
    );
    let log = parameter("x", Domain::Integer { low: 0, high: 9, default: 5, log: true });
    check_parameter(integer(0, 9, 5), log, &["note ~ parameter x: linear scale -> logarithmic scale"]);
    check_parameter(
        parameter("x", Domain::Items),
        parameter("x", Domain::Numbers),
        &["breaking ~ parameter x: items -> numbers"],
    );
}

#[test]
fn when_a_parameter_matters_changes_what_it_does() {
    let plain = parameter("x", Domain::Boolean { default: true });
    let shaping = Parameter { shapes_state: true, ..plain.clone() };
    check_parameter(
        plain.clone(),
        shaping.clone(),
        &["behaviour ~ parameter x: read when it decides -> shapes the state"],
    );
    check_parameter(shaping, plain.clone(), &["note ~ parameter x: shapes the state -> read when it decides"]);
    let condition = Condition { parameter: "y".to_owned(), values: vec!["1".to_owned(), "2".to_owned()] };
    let conditional = Parameter { condition: Some(condition), ..plain.clone() };
    check_parameter(plain, conditional, &["behaviour ~ parameter x: always -> when y is 1 or 2"]);
}

#[test]
fn what_it_learns_and_sees_changes_what_it_does() {
    check_said(
        "content",
        |d| {
            d.role = Role::Ranking;
            d.reward_level = RewardLevel::Outer;
            d.inner_metric = "ndcg@10".to_owned();
            d.history_max = 5;
            d.facts = vec!["year".to_owned(), "price".to_owned()];
        },
        &[
            "behaviour ~ role: recall -> ranking",
            "behaviour ~ reward: inner -> outer",
            "behaviour ~ history: 0 -> 5",
            "behaviour - item fact genres",
            "behaviour + item fact price",
            "note ~ inner metric: none -> ndcg@10",
        ],
    );
}

#[test]
fn a_state_of_another_layout_is_lost_to_who_cannot_learn_it_anew() {
    let other = |d: &mut Descriptor| d.snapshot_schema = "ease/2".to_owned();
    check_said("ease", other, &["breaking ~ state: none -> ease/2"]);
    let mut learner = component("ease");
    learner.interfaces.learner = true;
    let mut new = learner.clone();
    other(new.descriptor.as_mut().unwrap());
    let findings = compare_components(&learner, &new);
    assert_eq!(told(&findings), ["behaviour ~ state: none -> ease/2"]);
    assert!(findings[0].advice.contains("cannot be handed over, unless its `restore` takes it"), "{}", findings[0]);
    check_said("ease", |d| d.learning = Learning::Onward, &["note ~ learning: anew -> onward"]);
    new.descriptor.as_mut().unwrap().learning = Learning::Onward;
    assert_eq!(told(&compare_components(&new, &learner))[1], "behaviour ~ learning: onward -> anew");
}

/// A plan of the movie graph, its text and components changed.
fn movies(from: &str, to: &str, change: impl Fn(&str, &mut ComponentFacts)) -> Plan {
    assert!(MOVIES.contains(from), "{from}");
    let authored = Authored::parse("graph.toml", &MOVIES.replace(from, to)).unwrap();
    let mut all = facts(&authored);
    for (agent, found) in &mut all {
        change(agent, found.as_mut().unwrap());
    }
    resolve(&authored, &all).unwrap()
}

fn unchanged(_: &str, _: &mut ComponentFacts) {}

/// Findings without what depends on digests.
fn of_plans(old: &Plan, new: &Plan) -> Vec<String> {
    let told = told(&compare_plans(old, new));
    told.into_iter().map(|line| line.split(": component").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_graph_with_itself_is_compatible() {
    let plan = movies("", "", unchanged);
    assert_eq!(compare_plans(&plan, &plan), []);
}

#[test]
fn what_is_taken_from_an_agent_or_from_all_breaks() {
    let old = movies("", "", unchanged);
    let without = movies("[\"items:read\", \"constraints:read\"]", "[\"items:read\"]", unchanged);
    let findings = of_plans(&old, &without);
    assert_eq!(findings[0], "breaking - agent rerank: grants.memory constraints:read");
    assert!(findings.iter().all(|finding| !finding.contains("what it learned")), "it has no state: {findings:?}");
    assert_eq!(of_plans(&without, &old), ["note + agent rerank: grants.memory constraints:read"]);
}

#[test]
fn a_graph_takes_back_what_its_rules_would_have_refused() {
    let old = movies("", "", unchanged);
    let new = movies("", "", |agent, facts| {
        if agent == "ease" {
            facts.digest = Digest::of(b"new code");
            let parameters = &mut facts.descriptor.as_mut().unwrap().parameters;
            parameters.retain(|p| p.name != "positives");
            // Set by the graph, and not set by it.
            parameters[0].domain = Domain::Float { low: 1.0, high: 10_000.0, default: 1.0, log: true };
            parameters[1].domain = Domain::Integer { low: 100, high: 20_000, default: 100, log: true };
        }
    });
    let of_ease: Vec<String> = of_plans(&old, &new);
    let expected = [
        "behaviour ~ agent ease: parameter items_max: default 4000 -> default 100",
        "behaviour - agent ease: parameter positives: boolean",
        "note ~ agent ease: parameter lambda: default 200 -> default 1",
    ];
    for line in expected {
        assert!(of_ease.iter().any(|found| found == line), "{line} is not in {of_ease:#?}");
    }
    assert!(compare_plans(&old, &new).iter().all(|finding| finding.severity != Impact::Breaking));
}

#[test]
fn a_new_import_breaks_until_it_is_granted() {
    let importing = |name: &'static str| {
        move |agent: &str, facts: &mut ComponentFacts| {
            if agent == "ranker" {
                facts.digest = Digest::of(name.as_bytes());
                facts.interfaces.imports = vec![name.to_owned()];
            }
        }
    };
    let old = movies("", "", importing("log"));
    let grants = "[agents.ranker]\ngrants = { memory = [\"items:read\"] }";
    let new = movies("[agents.ranker]", grants, importing("memory"));
    let findings = of_plans(&old, &new);
    assert!(findings.contains(&"note + agent ranker: import memory".to_owned()), "{findings:#?}");
    assert!(findings.contains(&"note + agent ranker: grants.memory items:read".to_owned()), "{findings:#?}");
    assert!(compare_plans(&old, &new).iter().all(|finding| finding.severity == Impact::Note), "{findings:#?}");
}

#[test]
fn who_keeps_a_state_of_another_shape_learns_anew() {
    let stateful = |digest: &'static [u8]| {
        move |agent: &str, facts: &mut ComponentFacts| {
            if agent == "ease" {
                facts.digest = Digest::of(digest);
                let descriptor = facts.descriptor.as_mut().unwrap();
                descriptor.snapshot_schema = "ease/1".to_owned();
                descriptor.parameters[0].shapes_state = true;
            }
        }
    };
    let learns = |new: &Plan| {
        let old = movies("", "", stateful(b"one"));
        of_plans(&old, new).iter().any(|finding| finding.contains("behaviour ~ agent ease: what it learned"))
    };
    assert!(!learns(&movies("", "", stateful(b"one"))));
    assert!(learns(&movies("", "", stateful(b"two"))), "other code");
    assert!(learns(&movies("lambda = 500", "lambda = 300", stateful(b"one"))), "a parameter that shapes it");
    assert!(!learns(&movies("deadline_ms = 200", "deadline_ms = 100", stateful(b"one"))), "a deadline");
}
