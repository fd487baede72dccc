//! Agents that want to look better than they are. A search may take them; nothing of them is proven, the study goes on, and
//! what was wrong is told and kept.

use std::fs;

use greenroom_memory::Store;
use serde_json::Value;

use crate::scene::{Ran, Scene};

const DATA: [&str; 4] = ["--events", "events.csv", "--items", "items.csv"];
const OPTIONS: [&str; 4] = ["--trials", "8", "--level", "compositional"];
/// Subjects, who are all asked about in each part, with each seed until two say the same.
const SUBJECTS: u64 = 30;

/// A graph that answers what is popular, and may answer what the saboteur says beside it or instead. One instance answers
/// all, so that how often it was called follows from the requests and not from the machine.
fn tempted(does: &str) -> String {
    format!(
        r#"[graph]
name = "tempted"
output = "fuse"
deadline_ms = 2000

[agents.popularity]
component = "popularity.wasm"
instances = "pooled"

[agents.fusion]
component = "fusion.wasm"
instances = "pooled"

[catalogue.saboteur]
component = "saboteur.wasm"
params = {{ does = {{ {does} }} }}
grants = {{ memory = ["items:read"] }}
budget = {{ deadline_ms = 1_500, fuel = 30_000_000 }}
instances = "pooled"
instances_max = 1

[nodes.popular]
agent = "popularity"

[nodes.fuse]
agent = "fusion"
inputs = {{ popular = "popular" }}
"#
    )
}

/// The saboteur by itself.
fn alone(params: &str) -> String {
    format!(
        r#"[graph]
name = "alone"
output = "one"
deadline_ms = 2000

[agents.saboteur]
component = "saboteur.wasm"
params = {{ {params} }}
grants = {{ memory = ["items:read"] }}
instances = "pooled"
instances_max = 1

[nodes.one]
agent = "saboteur"
"#
    )
}

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["evolve", "graph.toml"][..], &DATA, &["--sampler", "random", "--json"], more].concat())
}

fn prove(scene: &Scene) -> Ran {
    scene.run(&[&["prove", "graph.toml", "--json"][..], &DATA].concat())
}

/// What became of a graph that may take a saboteur.
struct Tempted {
    scene: Scene,
    evolved: Value,
    /// As `prove` says; none when nothing was chosen.
    standing: Option<String>,
}

impl Tempted {
    #[track_caller]
    fn by(does: &str) -> Self {
        Self::of(&tempted(does))
    }

    #[track_caller]
    fn of(graph: &str) -> Self {
        let scene = Scene::new(graph);
        let evolved = evolve(&scene, &OPTIONS).json();
        let trials: u64 = rounds(&evolved).iter().map(|round| round["trials"].as_u64().unwrap()).sum();
        assert_eq!(trials, 8, "the study goes on: {evolved:#}");
        let chosen = evolved["out"].is_string();
        let proved = prove(&scene);
        if !chosen {
            assert!(proved.err.contains("chose nothing"), "{}", proved.err);
        }
        let standing = chosen.then(|| proved.json()["standing"].as_str().unwrap().to_owned());
        Self { scene, evolved, standing }
    }

    /// Why arms were not judged on the part that the search has not used.
    fn unusable(&self) -> Vec<String> {
        let all = self.evolved["validation"]["unusable"].as_array().unwrap();
        all.iter().map(|arm| arm[1]["failed"]["why"].as_str().unwrap().to_owned()).collect()
    }

    fn page(&self) -> String {
        fs::read_to_string(self.scene.path("graph.evolution.html")).unwrap()
    }

    /// The classes of failures that the knowledge base has.
    fn known_failures(&self) -> Vec<String> {
        let known = self.scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
        let failures = known["records"].as_array().unwrap().iter().map(|record| record["judgement"]["failure"].clone());
        failures.filter_map(|failure| failure.as_str().map(ToOwned::to_owned)).collect()
    }
}

fn rounds(evolved: &Value) -> &[Value] {
    evolved["evolution"]["rounds"].as_array().unwrap()
}

/// Of thirty requests, in how many agents broke, and those of the graph as it is.
#[track_caller]
fn broke_in_each(why: &str) -> (u64, u64) {
    let numbers: Vec<u64> = why.split([' ', ';']).filter_map(|word| word.parse().ok()).take(3).collect();
    let [broken, requests, its] = numbers[..] else { panic!("{why}") };
    assert!(why.starts_with(&format!("its agents broke in {broken} of {requests} requests, ")), "{why}");
    (broken * SUBJECTS / requests, its)
}

/// Without it no other test here says anything: there is something to find, and what finds it can prove it.
#[test]
fn the_same_agent_without_sabotage_is_found_and_proven() {
    let honest = Tempted::by("");
    assert_eq!(honest.standing.as_deref(), Some("proven"), "{:#}", honest.evolved);
    assert_eq!(honest.evolved["terms"]["seeds"], serde_json::json!([1, 2, 3, 4, 5]));
    assert_eq!(honest.evolved["evolution"]["proof"]["terms"]["seeds"], serde_json::json!([1, 2, 3, 4, 5]));
    assert!(honest.page().contains("with 5 seeds"), "the report tells of them");
    let known = honest.scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    let validated =
        known["records"].as_array().unwrap().iter().find(|record| record["judgement"]["verdict"] == "validated");
    assert_eq!(validated.unwrap()["seeds"], serde_json::json!([1, 1, 2, 3, 4, 5]), "that of the search, and these");
}

#[test]
fn scores_that_are_no_numbers_and_rows_that_there_are_not_are_failures_of_their_class() {
    for (does, told) in [("nan = 1", "`scores` is not finite at place 0"), ("invented = 1", "1000000")] {
        let tempted = Tempted::by(does);
        assert_eq!(tempted.standing, None, "{does}");
        let page = tempted.page();
        assert!(page.contains("were answered degraded, or not at all; the first fault: "), "{does}: {page}");
        assert!(page.contains(told) && page.contains("invalid-output: node `saboteur`"), "{does}: {page}");
    }
}

#[test]
fn who_answers_what_is_known_or_the_same_to_all_gains_nothing() {
    for does in ["known = 1", "constant = 1"] {
        let tempted = Tempted::by(does);
        assert_eq!(tempted.standing, None, "{does}: {:#}", tempted.evolved["validation"]);
        assert!(tempted.unusable().is_empty(), "{does}: they are judged: {:?}", tempted.unusable());
    }
}

/// It answers all that the search asks of an instance, at both rungs, and traps later.
#[test]
fn who_traps_only_after_the_search_is_not_judged_by_what_it_answered_before() {
    let tempted = Tempted::by("late = 20");
    assert_eq!(tempted.standing, None, "{:#}", tempted.evolved);
    let best = rounds(&tempted.evolved)[0]["best"].as_f64().unwrap();
    assert!(best > tempted.evolved["evolution"]["baseline"].as_f64().unwrap(), "the search took it for good");
    let why = tempted.unusable();
    assert!(!why.is_empty() && why.iter().all(|why| broke_in_each(why) == (1, 0)), "{why:?}");
    assert!(why[0].contains("node `saboteur`") && why[0].contains("it has answered enough"), "{why:?}");
    assert!(tempted.page().contains("was not judged: its agents broke in "), "the report tells of it");
    assert_eq!(tempted.known_failures().first().map(String::as_str), Some("fault"));
}

/// It says nothing of its draws, and is asked with all seeds that were declared all the same.
#[test]
fn who_draws_without_saying_so_is_judged_with_all_seeds() {
    let tempted = Tempted::by("draws = 1, late = 20");
    let why = tempted.unusable();
    assert!(!why.is_empty() && why.iter().all(|why| why.contains("broke in 5 of 150 requests")), "{why:?}");
}

#[test]
fn who_never_comes_back_for_some_is_not_judged_by_the_others() {
    let tempted = Tempted::by("spin = 7");
    assert_eq!(tempted.standing, None, "{:#}", tempted.evolved);
    let why = tempted.unusable();
    assert!(!why.is_empty() && why.iter().all(|why| broke_in_each(why) == (5, 0)), "{why:?}");
}

/// The search has 120 events to learn from, the part that chooses 150, the test part 210.
#[test]
fn who_cannot_learn_from_more_than_the_search_has_ends_neither_the_choice_nor_the_proof() {
    let tempted = Tempted::by("learns = 130");
    assert_eq!(tempted.standing, None, "{:#}", tempted.evolved);
    let why = tempted.unusable();
    assert!(!why.is_empty() && why.iter().all(|why| why.contains("it was told more than it bears")), "{why:?}");
    assert_eq!(tempted.known_failures().first().map(String::as_str), Some("fault"));
    let later = Tempted::by("learns = 180");
    assert_eq!(later.standing.as_deref(), Some("contradicted"), "{:#}", later.evolved);
    let again = prove(&later.scene).json();
    let why = again["proof"]["test"]["unusable"][0][1]["failed"]["why"].as_str().unwrap();
    assert!(why.contains("it was told more than it bears"), "{why}");
    assert_eq!(again["uses"], 1, "it had its look");
    let text = later.scene.run(&[&["prove", "graph.toml"][..], &DATA].concat()).ok();
    assert!(text.contains("was not judged: ") && text.contains("NOT proven"), "{text}");
}

/// The search knows 4 things of a subject, the part that chooses 5, the test part 7.
#[test]
fn who_keeps_to_a_constraint_in_the_search_alone_is_not_judged_where_it_does_not() {
    let bound = "objective = { maximise = \"ndcg@10\", subject_to = [{ metric = \"fuel\", max = 1_000_000 }] }";
    let bounded = |does: &str| tempted(does).replace("deadline_ms = 2000", &format!("deadline_ms = 2000\n{bound}"));
    let told = "here, expected at most 1000000";
    let early = Tempted::of(&bounded("greedy = 4"));
    assert_eq!(early.standing, None, "{:#}", early.evolved);
    let why = early.scene.run(&[&["evolve", "graph.toml", "--sampler", "random"][..], &DATA, &OPTIONS].concat()).ok();
    assert!(why.contains("was not judged: `fuel` is ") && why.contains(told), "{why}");
    let late = Tempted::of(&bounded("greedy = 6"));
    assert_eq!(late.standing.as_deref(), Some("contradicted"), "{:#}", late.evolved);
    assert_eq!(Tempted::of(&bounded("")).standing.as_deref(), Some("proven"), "who keeps to it everywhere is");
}

/// It is good as long as a request says that it is an evaluation's, and none does.
#[test]
fn nobody_can_tell_by_its_id_that_a_request_is_judged() {
    let tempted = Tempted::by("marked = 1");
    assert_eq!(tempted.standing, None, "{:#}", tempted.evolved);
    let best = rounds(&tempted.evolved)[0]["best"].as_f64().unwrap();
    assert!(best <= tempted.evolved["evolution"]["baseline"].as_f64().unwrap(), "{:#}", tempted.evolved);
}

#[test]
fn a_space_that_contradicts_itself_or_traps_in_its_half_is_searched_where_it_can_be() {
    let scene = Scene::new(&alone("does = { half = 1 }"));
    let evolved = evolve(&scene, &["--trials", "16", "--level", "individual"]).json();
    assert_eq!(rounds(&evolved)[0]["trials"], 16, "{evolved:#}");
    let notes = evolved["evolution"]["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    let notes: Vec<&str> = notes.filter(|note| note.contains("not searched: ")).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("not searched: dimension `saboteur.chicken`: "), "{notes:?}");
    assert!(notes[1].contains("not searched: dimension `saboteur.egg`: "), "{notes:?}");
    assert!(evolved["validation"]["unusable"].as_array().unwrap().is_empty());
    let page = fs::read_to_string(scene.path("graph.evolution.html")).unwrap();
    assert!(page.contains("it does not work here"), "{page}");
}

#[test]
fn what_there_is_nothing_to_be_had_from_is_told_before_anything_is_searched() {
    let scene = Scene::new(&alone(""));
    let refused = |arguments: &[&str], code: i32, part: &str| {
        let ran = scene.run(&[&["evolve", "graph.toml"], arguments].concat());
        let err = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{arguments:?}: {err}");
        assert!(err.contains(part), "{arguments:?}: expected {part}, found {err}");
    };
    // Of four subjects none is in fold 1.
    let events = fs::read_to_string(scene.path("events.csv")).unwrap();
    scene.write("few.csv", events.lines().take(33).map(|line| format!("{line}\n")).collect::<String>());
    let nobody =
        "few.csv: under p2, fold 1 there is nobody to prove on: expected subjects with five positives or more there";
    refused(&["--events", "few.csv", "--protocol", "p2", "--fold", "1"], 3, nobody);
    refused(&["--events", "events.csv", "--trials", "0"], 2, "0 is not in 1..");
    scene.write(
        "graph.toml",
        alone("does = { invented = 1 }")
            .replace("deadline_ms = 2000", "deadline_ms = 2000\nobjective = { maximise = \"novelty\" }"),
    );
    refused(
        &["--events", "events.csv"],
        1,
        "the graph as it is cannot be evaluated: `novelty` is NaN, expected a finite number",
    );
    // Whoever has the records open has them alone.
    let _open = Store::open(&scene.path(".greenroom/evolution")).unwrap();
    refused(&["--events", "events.csv"], 5, "in use");
}

/// A bundle of what an agent has learned elsewhere is no agent that composition may choose: nobody knows what it has learned.
#[test]
fn a_catalogue_brings_no_states() {
    let scene = Scene::new(&tempted("").replace("[catalogue.saboteur]", "[catalogue.saboteur]\nstate = \"it.state\""));
    scene.write("it.state", "all that there is to know");
    let evolved = evolve(&scene, &OPTIONS);
    let err = evolved.err.clone();
    let page = fs::read_to_string(scene.path("graph.evolution.html")).unwrap_or_default();
    let told = if evolved.code == Some(0) { page } else { err };
    assert!(told.contains("it.state"), "{told}");
    assert!(evolved.code != Some(0) || evolved.json()["out"].is_null(), "nothing is chosen");
}
