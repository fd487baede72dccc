//! Searching for a better graph, choosing among what was found, and proving it once.

use std::fs;

use serde_json::Value;

use crate::scene::{GRAPH, Ran, Scene};

const DATA: [&str; 4] = ["--events", "events.csv", "--items", "items.csv"];

/// A graph with an agent to choose, beside those that run.
fn scene() -> Scene {
    let catalogue =
        "\n[catalogue.knn-far]\ncomponent = \"item-knn.wasm\"\nparams = { neighbours = 200 }\ninstances = \"pooled\"\n";
    Scene::new(&format!("{GRAPH}{catalogue}"))
}

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["evolve", "graph.toml"][..], &DATA, more].concat())
}

fn prove(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["prove", "graph.toml"][..], &DATA, more].concat())
}

/// The trials of each round, and the best value of each.
fn rounds(evolved: &Value) -> Vec<(String, u64, String)> {
    let round = |round: &Value| {
        let text = |key: &str| round[key].as_str().unwrap().to_owned();
        (text("study"), round["trials"].as_u64().unwrap(), round["best"].to_string())
    };
    evolved["evolution"]["rounds"].as_array().unwrap().iter().map(round).collect()
}

#[test]
fn both_levels_are_searched_and_a_study_goes_on_where_it_was() {
    let scene = scene();
    let evolved = evolve(&scene, &["--trials", "90", "--sampler", "random", "--json"]).json();
    let all = rounds(&evolved);
    assert_eq!(all[0].0, "evolution.1-individual");
    assert!(all.iter().all(|(_, trials, _)| *trials <= 30), "each level has its share: {all:?}");
    assert!(all.iter().any(|(study, ..)| study.ends_with("-compositional")), "{all:?}");
    assert!(all.iter().map(|(_, trials, _)| trials).sum::<u64>() <= 90, "{all:?}");
    assert!(evolved["validation"]["arms"].as_array().unwrap().len() <= 5);
    assert_eq!(
        evolved["validation"]["users"].as_u64(),
        evolved["validation"]["users"].as_u64().filter(|users| *users > 0)
    );
    // Everything is known by now, so that nothing is tried anew, and it comes to the same.
    let again = evolve(&scene, &["--trials", "90", "--sampler", "random", "--json"]).json();
    assert_eq!((rounds(&again), &again["validation"]), (all, &evolved["validation"]));
    // Another seed is another study, which has to have another name.
    let other = evolve(&scene, &["--trials", "90", "--sampler", "random", "--seed", "2"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(other.err.contains("seed"), "{}", other.err);
}

#[test]
fn an_evolution_ends_with_its_fuel_or_its_time() {
    let scene = scene();
    let spent = |more: &[&str]| {
        let evolved = evolve(&scene, &[&["--sampler", "random", "--no-warm", "--json"][..], more].concat()).json();
        let last = evolved["evolution"]["rounds"].as_array().unwrap().last().unwrap()["reason"].to_string();
        let took = |what: &str| evolved["took"][what].as_f64().unwrap();
        assert!(
            took("evaluating_s") > took("controller_s") / 10.0 && took("controller_s") > 0.0,
            "{}",
            evolved["took"]
        );
        let trials: u64 = rounds(&evolved).iter().map(|(_, trials, _)| trials).sum();
        (trials, evolved["cost"]["fuel"].as_u64().unwrap(), last)
    };
    let (trials, all, last) = spent(&["--trials", "25"]);
    assert!(last.contains("all trials are spent") || last.contains("too little"), "{last}");
    let (fewer, half, last) = spent(&["--trials", "25", "--study", "half", "--fuel", &(all / 2).to_string()]);
    assert!(last.contains("all fuel is spent"), "{last}");
    assert!(fewer < trials && half >= all / 2 && half < all, "{fewer} of {trials} trials, {half} of {all}");
    let (one, _, last) = spent(&["--study", "least", "--fuel", "1k"]);
    assert!(one == 1 && last.contains("all fuel is spent"), "{one} trials: {last}");
    let (some, _, last) = spent(&["--study", "time", "--seconds", "1", "--trials", "1000000", "--level", "individual"]);
    assert!(some >= 1 && last.contains("all time is spent"), "{some} trials: {last}");
    for wrong in ["much", "0", "-1G", "5K", "1e30"] {
        let refused = evolve(&scene, &[&format!("--fuel={wrong}")]);
        assert!(refused.err.contains("such as 500G or 1.5T"), "{wrong}: {}", refused.err);
    }
}

#[test]
fn what_was_chosen_is_a_graph_and_is_proven_once() {
    let scene = scene();
    let text = evolve(&scene, &["--trials", "4", "--level", "individual"]).ok();
    assert!(text.contains("as it is"), "{text}");
    let chosen = scene.path("graph.evolved.toml").is_file();
    assert_eq!(chosen, text.contains("`greenroom prove`"), "{text}");
    let first = prove(&scene, &["--json"]);
    if chosen {
        scene.run(&["check", "graph.evolved.toml"]).ok();
        let first = first.json();
        assert_eq!((first["uses"].as_u64(), prove(&scene, &["--json"]).json()), (Some(1), first));
    } else {
        assert!(first.err.contains("chose nothing"), "{}", first.err);
    }
}

#[test]
fn what_cannot_be_evolved_or_proven_is_explained() {
    let scene = scene();
    let none = prove(&scene, &[]);
    assert!(none.err.contains("there is no evolution `evolution` of this graph"), "{}", none.err);
    evolve(&scene, &["--trials", "2", "--level", "compositional"]).ok();
    let events = fs::read_to_string(scene.path("events.csv")).unwrap();
    scene.write(
        "fewer.csv",
        events.lines().take(events.lines().count() - 3).map(|line| format!("{line}\n")).collect::<String>(),
    );
    let other = scene.run(&["prove", "graph.toml", "--events", "fewer.csv", "--items", "items.csv"]);
    assert!(other.err.contains("other data"), "{}", other.err);
    scene.write(
        "graph.toml",
        GRAPH.replace("deadline_ms = 2000", "deadline_ms = 2000\nobjective = { maximise = \"joy\" }"),
    );
    let unknown = evolve(&scene, &["--study", "other"]);
    assert!(unknown.err.contains("\"joy\"; expected ndcg@10, recall@20"), "{}", unknown.err);
}
