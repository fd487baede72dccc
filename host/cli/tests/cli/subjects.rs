//! What graphs have for each subject, in one fold, with several seeds.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::scene::{GRAPH, Ran, Scene};

fn eval(scene: &Scene, more: &[&str]) -> Ran {
    let all = ["eval", "graph.toml", "--events", "events.csv", "--items", "items.csv"];
    scene.run(&[&all[..], more].concat())
}

/// What everybody likes, of which the last places are drawn: that is where some of what a subject likes is.
const DRAWING: &str = r#"[graph]
name = "drawing"
output = "rerank"
deadline_ms = 2000

[agents.popularity]
component = "popularity.wasm"
instances = "pooled"

[agents.rerank]
component = "rerank.wasm"
params = { epsilon = 0.9 }
grants = { memory = ["items:read"] }
instances = "pooled"

[nodes.popular]
agent = "popularity"
limit = 40

[nodes.rerank]
agent = "rerank"
inputs = { ranked = "popular" }
"#;

/// The report, and what was written beside it.
fn judged(scene: &Scene, more: &[&str]) -> (Value, Value) {
    let report = eval(scene, &[more, &["--json", "--per-subject", "values.json"]].concat()).json();
    (report, serde_json::from_slice(&fs::read(scene.path("values.json")).unwrap()).unwrap())
}

fn values(of: &Value, metric: &str) -> Vec<f64> {
    of["graphs"][0][metric].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn each_subject_is_judged_in_one_fold() {
    let scene = Scene::new(GRAPH);
    let (_, whole) = judged(&scene, &["--protocol", "p2"]);
    let subjects = |of: &Value| -> Vec<String> { serde_json::from_value(of["subjects"].clone()).unwrap() };
    let mut seen = BTreeSet::new();
    for fold in ["0", "1", "2", "3", "4"] {
        let (report, of) = judged(&scene, &["--protocol", "p2", "--fold", fold]);
        assert_eq!((&report["protocol"], &of["protocol"]), (&json!(format!("p2, fold {fold}")), &report["protocol"]));
        for metric in ["ndcg@10", "recall@20"] {
            let values = values(&of, metric);
            assert_eq!(values.len(), subjects(&of).len());
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - report["arms"][0][metric]["value"].as_f64().unwrap()).abs() < 1e-12, "{fold}: {metric}");
        }
        assert!(of["graphs"][0]["fuel_per_request"].as_f64().unwrap() > 0.0);
        for subject in subjects(&of) {
            assert!(seen.insert(subject.clone()), "{subject} is in two folds");
        }
    }
    assert_eq!(seen, subjects(&whole).into_iter().collect());
    let refused = eval(&scene, &["--fold", "0"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("add --protocol p2"), "{}", refused.err);
}

#[test]
fn what_is_drawn_is_drawn_with_each_seed_and_the_mean_counts() {
    let scene = Scene::new(DRAWING);
    fs::copy(greenroom_kit::component("rerank"), scene.path("rerank.wasm")).unwrap();
    let with = |seeds: &str| values(&judged(&scene, &["--seeds", seeds]).1, "recall@20");
    let (one, two, both) = (with("1"), with("2"), with("1,2"));
    assert_ne!(one, two, "something is drawn");
    assert_eq!(one, with("1"));
    for ((one, two), both) in one.iter().zip(&two).zip(&both) {
        assert!(((one + two) / 2.0 - both).abs() < 1e-12);
    }
    let scene = Scene::new(GRAPH);
    let (_, of) = judged(&scene, &["--seeds", "1,2,3"]);
    assert_eq!(of["seeds"], json!([1, 2, 3]));
    assert_eq!(values(&of, "ndcg@10"), values(&judged(&scene, &[]).1, "ndcg@10"), "nothing is drawn");
}
