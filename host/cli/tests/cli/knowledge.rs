//! What was tried, as a person asks for it. Records are made through the library, as studies make them.

use std::collections::BTreeMap;

use greenroom_evolve::Failure;
use greenroom_evolve::knowledge::{Change, Estimate, Judgement, Knowledge, Record};
use greenroom_evolve::study::{Cost, Data};
use greenroom_memory::Store;
use greenroom_model::Digest;
use serde_json::Value;

use crate::scene::{GRAPH, Scene};

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn record(plan: &str, parent: Option<&str>, time_ms: i64) -> Record {
    let change = |what: &str, from: Option<&str>, to: Option<&str>| Change {
        what: what.to_owned(),
        from: from.map(ToOwned::to_owned),
        to: to.map(ToOwned::to_owned),
    };
    let difference = match parent {
        Some(_) => {
            vec![change("agents.ease.lambda", Some("500"), Some("300")), change("nodes.next", None, Some("next"))]
        }
        None => Vec::new(),
    };
    Record {
        hypothesis: "less regularisation helps\u{1b}[2J".to_owned(),
        plan: digest(plan),
        parent: parent.map(digest),
        difference,
        proposer: "tpe".to_owned(),
        trial: Some(("movies-1-individual".to_owned(), 3)),
        data: Data {
            events: digest("events"),
            protocol: "p2".to_owned(),
            catalogue: digest("catalogue"),
            graph: digest("graph"),
        },
        seeds: vec![1, 2],
        metrics: BTreeMap::from([("ndcg@10".to_owned(), Estimate { value: 0.1, low: 0.09, high: 0.11 })]),
        cost: Cost { fuel: 3_000_000_000, time_us: 1_500_000, bytes: 1 << 24 },
        judgement: Judgement::Tried,
        prior: None,
        time_ms,
    }
}

const AT: i64 = 1_795_670_000_000;

/// A chain of three plans; the last was tried, failed on other data, and was proven.
fn known() -> (Scene, Vec<Digest>) {
    let scene = Scene::new(GRAPH);
    let store = Store::open(&scene.path(".greenroom/evolution")).unwrap();
    let mut knowledge = Knowledge::open(store.kv()).unwrap();
    let failed = Judgement::Failed { failure: Failure::Fault, why: "ease trapped\n".to_owned() };
    let elsewhere = Data { events: digest("other"), ..record("c", None, 0).data };
    let records = [
        record("b", Some("a"), AT),
        record("c", Some("b"), AT + 1_000),
        Record { judgement: failed, data: elsewhere, metrics: BTreeMap::new(), ..record("c", Some("b"), AT + 2_000) },
        Record { judgement: Judgement::Proven, ..record("c", Some("b"), AT + 3_000) },
    ];
    let digests = records.map(|record| knowledge.add(record).unwrap()).to_vec();
    (scene, digests)
}

#[test]
fn all_that_was_tried_is_listed_the_newest_first() {
    let (scene, digests) = known();
    let text = scene.run(&["knowledge", "ls", "graph.toml"]).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    for (line, digest) in lines[1..].iter().zip(digests.iter().rev()) {
        assert!(line.starts_with(&digest.short()), "{text}");
    }
    let plan = digest("c").short();
    assert!(lines[1].contains(&format!("2026-11-26 05:13:23  {plan}  proven")), "{text}");
    assert!(lines[1].contains("ndcg@10 0.1000 [0.0900, 0.1100]"), "{text}");
    assert!(lines[2].contains("failed"), "{text}");
    let json = scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    let told: Vec<&str> = json["records"].as_array().unwrap().iter().map(|r| r["digest"].as_str().unwrap()).collect();
    assert_eq!(told, digests.iter().rev().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(json["records"][1]["judgement"]["failure"], "fault");
    assert_eq!(json["damaged"], serde_json::json!([]));
    // The data folder itself does as well, wherever it is.
    assert_eq!(scene.run(&["knowledge", "ls", ".greenroom"]).ok(), text);
    assert_eq!(scene.run(&["knowledge", "ls", "graph.toml", "--data-dir", ".greenroom"]).ok(), text);
}

#[test]
fn one_record_is_told_whole() {
    let (scene, digests) = known();
    let text = scene.run(&["knowledge", "show", "graph.toml", &digests[2].short()]).ok();
    for part in [
        format!("record      {}", digests[2]),
        format!("plan        {}", digest("c")),
        format!("parent      {}", digest("b")),
        "proposer    tpe, trial 3 of movies-1-individual".to_owned(),
        "hypothesis  less regularisation helps\\u{1b}[2J".to_owned(),
        "changed     agents.ease.lambda: 500 -> 300\n            nodes.next: added next".to_owned(),
        "judgement   failed (fault): ease trapped\\n".to_owned(),
        "cost        3.0G fuel, 1.5 s, 16.0 MiB at most".to_owned(),
        "seeds       1, 2".to_owned(),
    ] {
        assert!(text.contains(&format!("{part}\n")), "{part}\n{text}");
    }
    let json = scene.run(&["knowledge", "show", "graph.toml", &digests[2].to_string(), "--json"]).json();
    assert_eq!(json["hypothesis"], "less regularisation helps\u{1b}[2J");
    assert_eq!(json["digest"], digests[2].to_string());
}

#[test]
fn where_a_plan_comes_from_is_told_back_to_its_origin() {
    let (scene, digests) = known();
    let text = scene.run(&["knowledge", "why", "graph.toml", &digest("c").short()]).ok();
    let plans: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    let [a, b, c] = ["a", "b", "c"].map(|plan| digest(plan).short());
    let expected =
        [format!("plan {c}"), format!("made from {b}"), format!("made from {a}, of which nothing else is known")];
    assert_eq!(plans, expected, "{text}");
    let failed = text.lines().find(|line| line.contains(&digests[2].short())).unwrap();
    assert!(failed.contains("failed (fault)") && failed.contains("(on other data)"), "{text}");
    assert_eq!(text.matches("(on other data)").count(), 1, "{text}");
    let json = scene.run(&["knowledge", "why", "graph.toml", &digest("c").to_string(), "--json"]).json();
    let count = |at: usize| json[at]["records"].as_array().unwrap().len();
    assert_eq!([count(0), count(1), count(2)], [3, 1, 0]);
    assert_eq!((&json[0]["records"][1]["foreign"], &json[2]["plan"]), (&true.into(), &digest("a").to_string().into()));
    // What is known as a parent alone may be asked for too.
    let origin = scene.run(&["knowledge", "why", "graph.toml", &a]).ok();
    assert_eq!(origin, format!("plan {a}, of which nothing else is known\n"));
}

#[test]
fn a_record_that_was_changed_is_told_and_the_others_are_there() {
    let (scene, digests) = known();
    let store = Store::open(&scene.path(".greenroom/evolution")).unwrap();
    let key = format!("record/{}", digests[0].hex());
    store.kv().put("@knowledge", &key, b"changed").wait().unwrap();
    drop(store);
    let ran = scene.run(&["knowledge", "ls", "graph.toml", "--json"]);
    assert!(
        ran.err.contains(&format!("warning: {key} in @knowledge is not used: its content has digest")),
        "{}",
        ran.err
    );
    let json = ran.json();
    assert_eq!((json["records"].as_array().map(Vec::len), &json["damaged"][0]["key"]), (Some(3), &Value::from(key)));
    let ran = scene.run(&["knowledge", "show", "graph.toml", &digests[0].hex()]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("so it was changed"), "{}", ran.err);
}

#[test]
fn what_is_not_meant_by_one_record_is_refused_with_what_there_is() {
    let (scene, digests) = known();
    let refused = |arguments: &[&str], code: i32, part: &str| {
        let ran = scene.run(&[&["knowledge"], arguments].concat());
        // As it is told to a person, folded or not.
        let err = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{arguments:?}: {err}");
        assert!(err.contains(part), "{arguments:?}: expected {part}, found {err}");
    };
    let unknown = "0".repeat(64);
    let newest: Vec<String> = digests.iter().rev().map(Digest::short).collect();
    let there = format!("no record begins with {unknown}; there are the records {}", newest.join(", "));
    refused(&["show", "graph.toml", &unknown], 1, &there);
    let plans = ["c", "b", "a"].map(|plan| digest(plan).short()).join(", ");
    refused(&["why", "graph.toml", &unknown], 1, &format!("there are the plans {plans}"));
    refused(&["show", "graph.toml", "latest"], 2, "`latest` is no beginning of a digest");
    refused(&["ls", "missing.toml"], 3, "there is no file missing.toml");
    let _open = Store::open(&scene.path(".greenroom/evolution")).unwrap();
    refused(&["ls", "graph.toml"], 5, "in use");
}

#[test]
fn asking_where_nothing_was_tried_makes_no_data_folder() {
    let scene = Scene::new(GRAPH);
    let before = scene.files();
    let ran = scene.run(&["knowledge", "ls", "graph.toml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("nothing is known: .greenroom/evolution has no data"), "{}", ran.err);
    assert!(before == scene.files());
    drop(Store::open(&scene.path(".greenroom/evolution")).unwrap());
    assert_eq!(scene.run(&["knowledge", "ls", "graph.toml"]).ok(), "nothing was tried yet\n");
}
