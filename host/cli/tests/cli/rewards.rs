//! What an evolution is after: several things, some subjects, bounds, and what agents do by their own metrics.

use std::fs;

use serde_json::Value;

use crate::scene::{GRAPH, Ran, Scene};

const DATA: [&str; 4] = ["--events", "events.csv", "--items", "items.csv"];

fn with(objective: &str) -> String {
    GRAPH.replace("deadline_ms = 2000", &format!("deadline_ms = 2000\nobjective = {objective}"))
}

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["evolve", "graph.toml"][..], &DATA, more].concat())
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn several_objectives_keep_what_no_other_beats() {
    let scene = Scene::new(&with("{ maximise = [\"ndcg@10\", \"novelty\", \"fuel\"] }"));
    let run = ["--trials", "40", "--sampler", "random", "--level", "individual"];
    let evolved = evolve(&scene, &[&run[..], &["--json"]].concat()).json();
    let front = &evolved["evolution"]["front"];
    let names: Vec<&str> =
        front["objectives"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ndcg@10", "novelty", "fuel"]);
    // Larger is better here: fuel is turned around.
    let oriented = |values: &Value| {
        let mut values = numbers(values);
        values[2] = -values[2];
        values
    };
    let members: Vec<Vec<f64>> =
        front["members"].as_array().unwrap().iter().map(|member| oriented(&member["values"])).collect();
    assert!(!members.is_empty(), "{front}");
    let beats = |a: &[f64], b: &[f64]| a != b && a.iter().zip(b).all(|(a, b)| a >= b);
    let all: Vec<Vec<f64>> = members.iter().cloned().chain([oriented(&front["origin"])]).collect();
    for member in &members {
        assert!(!all.iter().any(|other| beats(other, member)), "{member:?} is beaten in {front}");
    }
    let volume = |key: &str| front[key].as_f64().unwrap();
    assert!(volume("hypervolume") >= volume("hypervolume_origin") && volume("hypervolume_origin") > 0.0, "{front}");
    // Judged is the front alone, by the first objective; what has a value for each subject has intervals beside, too.
    let arms = evolved["validation"]["arms"].as_array().unwrap().len();
    assert_eq!(arms, members.len().min(5));
    assert_eq!(evolved["beside"][0]["objective"], "novelty");
    assert_eq!(evolved["beside"][0]["subjects"]["arms"].as_array().unwrap().len(), arms);
    assert_eq!(evolved["beside"][1]["whole"].as_object().unwrap().len(), arms + 1);
    // The same in words, and in the report.
    let text = evolve(&scene, &run).ok();
    for part in ["no other beats these in the search; hypervolume", "novelty", "ndcg@10 of "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(fs::read_to_string(scene.path("graph.evolution.html")).unwrap().contains("<section id=\"front\">"));
}

#[test]
fn an_objective_may_be_of_a_segment() {
    let run = ["--trials", "4", "--sampler", "random", "--level", "individual", "--json"];
    let all = evolve(&Scene::new(GRAPH), &run).json();
    // All subjects have few events: all are cold, and none is heavy.
    let cold = evolve(&Scene::new(&with("{ maximise = \"ndcg@10[cold]\" }")), &run).json();
    assert_eq!(cold["evolution"]["baseline"], all["evolution"]["baseline"]);
    assert_eq!(cold["validation"]["users"], all["validation"]["users"]);
    let heavy = evolve(&Scene::new(&with("{ maximise = \"ndcg@10[heavy]\" }")), &run);
    assert!(heavy.err.contains("`ndcg@10[heavy]` is NaN, expected a finite number"), "{}", heavy.err);
    // Nobody can be recommended more than all that they liked: what breaks a bound is not judged.
    let bound = "{ maximise = \"ndcg@10\", subject_to = [{ metric = \"recall@20[cold]\", min = 1.1 }] }";
    let bound = evolve(&Scene::new(&with(bound)), &run).json();
    assert_eq!(bound["validation"]["arms"].as_array().unwrap().len(), 0);
    assert!(!all["validation"]["arms"].as_array().unwrap().is_empty());
}

#[test]
fn all_metrics_that_cannot_be_had_are_told_at_once() {
    let objective =
        "{ maximise = [\"joy\", \"novelty[cold]\", \"mrr\"], subject_to = [{ metric = \"fuel[head]\", max = 3 }] }";
    let told = evolve(&Scene::new(&with(objective)), &[]).err;
    // Lines are folded where a terminal is narrow.
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["\"joy\", \"novelty[cold]\", \"fuel[head]\"; expected ndcg@10,", "as in \"ndcg@10[cold]\": new, cold, light,"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// A re-ranker whose own metric rewards lists of many genres, for three crowds of subjects each of which likes one genre alone.
fn vain() -> Scene {
    let rerank = "\n[agents.rerank]\ncomponent = \"rerank.wasm\"\nparams = { diversity = 0.0 }\ngrants = { memory = \
                  [\"items:read\"] }\ninstances = \"pooled\"\n\n[nodes.rerank]\nagent = \"rerank\"\ninputs = { ranked = \"fuse\" \
                  }\n";
    let graph = GRAPH.replace("output = \"fuse\"", "output = \"rerank\"").replace("limit = 20", "limit = 60");
    let scene = Scene::new(&format!("{graph}{rerank}"));
    fs::copy(greenroom_kit::component("rerank"), scene.path("rerank.wasm")).unwrap();
    let items = (0..90).map(|item| format!("i{item},Title {item},1999,{}\n", ["Drama", "Comedy", "War"][item % 3]));
    scene.write("items.csv", format!("id,title,year,genres\n{}", items.collect::<String>()));
    let mut events = "user,item,rating,timestamp\n".to_owned();
    for subject in 0..30_u32 {
        for step in 0..12_u32 {
            let item = subject % 3 + 3 * ((subject * 7 + step * 11) % 30);
            events.push_str(&format!("s{subject},i{item},5,{}\n", 1_000_000_000 + subject * 1_000 + step));
        }
    }
    scene.write("events.csv", events);
    scene
}

#[test]
fn an_inner_gain_that_costs_outer_reward_is_not_promoted() {
    let scene = vain();
    let run = ["--trials", "110", "--sampler", "random", "--level", "individual", "--inner", "--json"];
    let evolved = evolve(&scene, &run).json();
    let rounds = evolved["evolution"]["rounds"].as_array().unwrap();
    let by = |round: &Value| round["by"].as_str().map(ToOwned::to_owned);
    // Whoever has a metric of its own goes by that; fusion, which coordinates others, goes by the objective.
    let all: Vec<Option<String>> = rounds.iter().map(by).take(4).collect();
    let own = ["alike recall@200", "popular recall@200", "rerank diversity@10"].map(|name| Some(name.to_owned()));
    assert_eq!(all, [own.as_slice(), &[None]].concat(), "{rounds:?}");
    let vain = &rounds[2];
    let study = vain["study"].as_str().unwrap();
    let notes = evolved["evolution"]["notes"].as_array().unwrap();
    let held = notes.iter().filter_map(Value::as_str).find(|note| note.contains(study)).unwrap();
    assert!(held.contains("is not promoted: its inner reward, rerank diversity@10, rose"), "{held}");
    // The outer reward did not move, and what is told of the round says so.
    assert_eq!(vain["best"], rounds[1]["best"]);
    assert!(vain["reason"].as_str().unwrap().contains("the outer reward gained 0.00000"), "{vain}");
    // It is known why, it is no graph's parent, and it is not what was chosen.
    let known = scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    let records: Vec<&Value> =
        known["records"].as_array().unwrap().iter().map(|found| found.get("record").unwrap_or(found)).collect();
    let kept = records.iter().filter(|record| record["judgement"]["verdict"] == "inner_only");
    let kept: Vec<&&Value> = kept.filter(|record| record["trial"][0] == study).collect();
    assert_eq!(kept.len(), 1, "{known}");
    let of = |key: &str| kept[0]["metrics"][key]["value"].as_f64().unwrap_or_else(|| panic!("{key}: {}", kept[0]));
    let before = evolved["evolution"]["inner"]["rerank diversity@10"].as_f64().unwrap();
    assert!(of("rerank diversity@10") > before);
    assert!(of("ndcg@10") < rounds[1]["best"].as_f64().unwrap());
    assert!(records.iter().all(|record| record["parent"] != kept[0]["plan"]), "{known}");
    assert_ne!(evolved["evolution"]["candidate"]["study"], *study);
    // What agents have by their own metrics is told of all that was judged.
    assert!(evolved["inner"]["baseline"]["rerank diversity@10"].is_number(), "{}", evolved["inner"]);
    // By the objective alone nothing is held back.
    let other = evolve(&scene, &["--study", "outer", "--trials", "20", "--level", "individual", "--json"]).json();
    assert_eq!(by(&other["evolution"]["rounds"][0]), None);
    assert!(!other["evolution"]["notes"].to_string().contains("promoted"), "{other}");
}
