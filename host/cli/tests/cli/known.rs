//! What evolutions know of each other: each trial is written down once, the next study begins with it, and what has failed is
//! not paid for again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::scene::{GRAPH, Ran, Scene, probe};

const DATA: [&str; 4] = ["--events", "events.csv", "--items", "items.csv"];
/// Few trials of one level, whatever they come to.
const FEW: [&str; 6] = ["--level", "individual", "--sampler", "random", "--trials", "15"];

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["evolve", "graph.toml"][..], &DATA, more].concat())
}

/// What an evolution printed as JSON.
#[track_caller]
fn evolved(scene: &Scene, study: &str, more: &[&str]) -> Value {
    evolve(scene, &[&FEW, &["--study", study, "--json"][..], more].concat()).json()
}

/// All records, the newest first.
fn records(scene: &Scene) -> Vec<Value> {
    let known = scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    assert_eq!(known["damaged"], serde_json::json!([]));
    known["records"].as_array().unwrap().clone()
}

fn trials(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| !record["prior"].is_null()).collect()
}

/// How many trials of the past the first round began with, and how many were on other data.
fn began(evolved: &Value) -> (u64, u64) {
    let round = &evolved["evolution"]["rounds"][0];
    (round["known"].as_u64().unwrap(), round["foreign"].as_u64().unwrap())
}

#[test]
fn every_trial_is_written_down_once() {
    let scene = Scene::new(GRAPH);
    let first = evolved(&scene, "a", &[]);
    let all = records(&scene);
    let numbers: BTreeSet<u64> = trials(&all).iter().map(|record| record["trial"][1].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..15).collect());
    let trial = trials(&all)[0];
    assert_eq!((&trial["proposer"], &trial["trial"][0]), (&"random".into(), &"a.1-individual".into()));
    assert!(trial["hypothesis"].as_str().unwrap().starts_with("ndcg@10 with other "), "{trial}");
    assert!(trial["cost"]["fuel"].as_u64().unwrap() > 0 && trial["difference"][0]["from"].is_string(), "{trial}");
    let complete = trials(&all).into_iter().find(|record| record["judgement"]["verdict"] == "tried").unwrap();
    assert!(complete["metrics"]["ndcg@10"]["value"].is_f64(), "{complete}");
    assert!(complete["metrics"].as_object().unwrap().len() > 1, "inner rewards are kept: {complete}");
    // The origin, and the arms that were judged, are there too; and none of it twice.
    let arms = first["validation"]["arms"].as_array().unwrap().len();
    assert_eq!(all.len(), 1 + 15 + arms);
    evolved(&scene, "a", &[]);
    assert_eq!(records(&scene), all);
    // Where a plan comes from goes by them.
    let plan = complete["plan"].as_str().unwrap();
    let why = scene.run(&["knowledge", "why", "graph.toml", plan]).ok();
    assert!(why.contains("made from") && why.contains(", an origin"), "{why}");
}

#[test]
fn a_new_study_begins_with_what_others_came_to_on_the_same_data() {
    let scene = Scene::new(GRAPH);
    let tpe = |study: &str, more: &[&str]| {
        let of = ["--level", "individual", "--sampler", "tpe", "--study", study];
        evolve(&scene, &[&of, more].concat())
    };
    let first_point = |study: &str| {
        let of = |record: &&Value| record["trial"][0] == format!("{study}.1-individual") && record["trial"][1] == 0;
        trials(&records(&scene)).into_iter().find(of).unwrap()["prior"]["point"].clone()
    };
    assert_eq!(began(&evolved(&scene, "a", &[])), (0, 0));
    assert_eq!(began(&tpe("alone", &["--trials", "15", "--no-warm", "--json"]).json()), (0, 0));
    let text = tpe("b", &["--trials", "15"]).ok();
    let told = text.lines().find(|line| line.starts_with("b.1-individual")).unwrap();
    assert!(told.contains("it began with ") && told.ends_with(" trials of the past"), "{text}");
    // It would begin with ten random trials, had it been told nothing.
    assert_ne!(first_point("b"), first_point("alone"));
    // More is known by now, and it goes on as it was begun.
    let known = began(&tpe("b", &["--trials", "25", "--json"]).json()).0;
    assert!(told.contains(&format!("began with {known} trials")), "{told}: {known}");
    assert!(began(&tpe("c", &["--trials", "5", "--json"]).json()).0 > known);
    // Whether it depends on others is part of an evolution.
    for (study, more, how) in [("alone", &[][..], "with"), ("b", &["--no-warm"][..], "without")] {
        let refused = tpe(study, more);
        let err = refused.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(refused.code == Some(1) && err.contains(&format!("was begun {how} `--no-warm`")), "{err}");
    }
    // Values on other events say nothing here.
    let events = fs::read_to_string(scene.path("events.csv")).unwrap();
    let fewer: Vec<&str> = events.lines().take(events.lines().count() - 3).collect();
    scene.write("events.csv", fewer.join("\n") + "\n");
    let (known, foreign) = began(&evolved(&scene, "elsewhere", &[]));
    assert!(known == 0 && foreign >= 15, "{known}, {foreign}");
}

#[test]
fn what_others_found_is_a_candidate_without_being_tried_again() {
    let scene = Scene::new(GRAPH);
    evolved(&scene, "a", &[]);
    let all = records(&scene);
    let value = |record: &&Value| record["metrics"]["ndcg@10"]["value"].as_f64();
    let best = trials(&all).iter().filter_map(value).fold(f64::NEG_INFINITY, f64::max);
    let other = evolved(&scene, "b", &["--seed", "9"]);
    let reached = other["evolution"]["rounds"][0]["best"].as_f64().unwrap();
    assert!(reached >= best, "{reached} < {best}");
}

/// An agent that fails in half of its modes, at once.
fn failing() -> Scene {
    let graph = probe("honest")
        .replace("[nodes.probe]", "budget = { fuel = 50_000_000, memory_max = \"16MiB\" }\n\n[nodes.probe]");
    Scene::new(&graph)
}

#[test]
fn what_has_failed_is_not_paid_for_again() {
    let scene = failing();
    evolved(&scene, "a", &[]);
    let outcomes = |study: &str| -> BTreeMap<u64, (String, String, u64, String)> {
        let all = records(&scene);
        let of = |record: &&Value| record["trial"][0].as_str() == Some(&format!("{study}.1-individual"));
        let told = |record: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let judgement = &record["judgement"];
            let cost = record["cost"]["fuel"].as_u64().unwrap() + record["cost"]["time_us"].as_u64().unwrap();
            let told = (text(&judgement["failure"]), text(&judgement["why"]), cost, text(&record["digest"]));
            (record["trial"][1].as_u64().unwrap(), told)
        };
        trials(&all).into_iter().filter(of).map(told).collect()
    };
    let first = outcomes("a");
    let failed: Vec<u64> = first.iter().filter(|(_, told)| !told.0.is_empty()).map(|(number, _)| *number).collect();
    let classes: BTreeSet<&str> = first.values().map(|told| told.0.as_str()).collect();
    assert!(failed.len() >= 4 && classes.len() >= 2, "{first:?}");
    // The same points again, since chance does not go by what it is told.
    evolved(&scene, "b", &[]);
    let again = outcomes("b");
    assert_eq!(again.len(), 15, "they count as trials");
    for number in &failed {
        let (class, why, cost, _) = &again[number];
        let (was, _, _, record) = &first[number];
        let short = &record.strip_prefix("sha256:").unwrap()[..12];
        assert!(why.starts_with(&format!("failed before, record {short}: ")), "{why}; expected {short}");
        assert_eq!((class, *cost), (was, 0), "trial {number}");
    }
    assert!(
        again.iter().all(|(number, told)| failed.contains(number) || !told.1.contains("failed before")),
        "{again:?}"
    );
    // Whoever is to be independent pays for all of it.
    evolved(&scene, "alone", &["--no-warm"]);
    assert!(outcomes("alone").values().all(|told| !told.1.contains("failed before")));
    // More fuel is another graph: nothing is known of it.
    let graph = fs::read_to_string(scene.path("graph.toml")).unwrap();
    scene.write("graph.toml", graph.replace("50_000_000", "60_000_000"));
    evolved(&scene, "more", &[]);
    assert!(outcomes("more").values().all(|told| !told.1.contains("failed before")));
}

/// Learned states that an evolution keeps.
fn states(scene: &Scene) -> BTreeSet<PathBuf> {
    let files = fs::read_dir(scene.path(".greenroom/evolution/states")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).collect()
}

#[test]
fn what_trials_learned_goes_when_nothing_needs_it() {
    let scene = Scene::new(GRAPH);
    evolved(&scene, "a", &[]);
    let kept = states(&scene);
    // One or two of each of two learners, on two parts of the events, for the graph as it is and at most six others. What fifteen
    // trials learned was more.
    let trainings = fs::read_dir(scene.path(".greenroom/evolution/states/trainings")).unwrap().count();
    assert!(!kept.is_empty() && kept.len() <= 28 && trainings >= kept.len() / 2, "{} and {trainings}", kept.len());
    // The same again needs the same.
    evolved(&scene, "a", &[]);
    assert_eq!(states(&scene), kept);
    // What nobody used for as long as compiled components are kept is swept, whether or not the graph was ever trained.
    let gc = |scene: &Scene| scene.run(&["gc", "graph.toml", "--compiled-days", "1", "--json"]).json();
    assert_eq!(gc(&scene)["states"], 0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for path in &kept {
        fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
    }
    let swept = gc(&scene);
    assert_eq!((swept["states"].as_u64(), states(&scene).len()), (Some(kept.len() as u64), 0));
    assert!(swept["bytes"].as_u64().unwrap() > 0, "{swept}");
    // And after: it is learned anew.
    evolved(&scene, "a", &[]);
    assert_eq!(states(&scene), kept);
    scene.run(&["train", "graph.toml", "--events", "events.csv"]).ok();
    for path in &kept {
        fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
    }
    assert_eq!((gc(&scene)["states"].as_u64(), states(&scene).len()), (Some(kept.len() as u64), 0));
}
