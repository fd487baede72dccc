//! The road that people take: train, ask, judge.

use crate::scene::{GRAPH, Scene};

#[test]
fn an_answer_has_titles_and_where_each_item_came_from() {
    let scene = Scene::trained(GRAPH);
    let text = scene.run(&["decide", "graph.toml", "--subject", "s1", "--limit", "3"]).ok();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.contains("Title ") && text.contains("popular"), "{text}");
    let reply = scene.run(&["decide", "graph.toml", "--subject", "s1", "--limit", "2", "--json"]).json();
    let first = reply["items"][0]["item"].as_str().unwrap().to_owned();
    let other =
        scene.run(&["decide", "graph.toml", "--subject", "s1", "--limit", "2", "--exclude", &first, "--json"]).json();
    assert_eq!(reply["items"][1]["item"], other["items"][0]["item"]);
}

#[test]
fn a_new_subject_and_nobody_are_answered_too() {
    let scene = Scene::trained(GRAPH);
    for arguments in [&["decide", "graph.toml", "--subject", "nobody-yet"][..], &["decide", "graph.toml"]] {
        assert!(scene.run(arguments).ok().contains("Title "));
    }
}

#[test]
fn what_is_wrong_with_a_question_is_said_together() {
    let scene = Scene::trained(GRAPH);
    let ran = scene.run(&["decide", "graph.toml", "--limit", "0", "--exclude", "nothing"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(
        ran.err.contains("`limit`: 0 items") && ran.err.contains("\"nothing\" is not in the catalog"),
        "{}",
        ran.err
    );
}

#[test]
fn an_evaluation_has_the_graph_and_each_of_its_agents() {
    let scene = Scene::new(GRAPH);
    let arguments = ["eval", "graph.toml", "--events", "events.csv", "--items", "items.csv", "--protocol", "p1"];
    let text = scene.run(&arguments).ok();
    for part in ["small (graph)", "popular", "alike", "ndcg@10", "recall@20", "training of small"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document = scene.run(&[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(document["protocol"], "p1");
    assert_eq!(document["arms"].as_array().unwrap().len(), 3);
    assert!(document["trained"]["small"].as_array().unwrap().iter().all(|agent| agent["kept"] == true));
}

/// Two agents that would use facts of items, before and behind those of [`GRAPH`].
fn with_facts() -> String {
    let agent = |name: &str| {
        let component = greenroom_kit::component(name);
        format!("[agents.{name}]\ncomponent = {component:?}\ngrants = {{ memory = [\"items:read\"] }}\n")
    };
    let nodes =
        "[nodes.content]\nagent = \"content\"\n[nodes.rank]\nagent = \"ranker\"\ninputs = { ranked = \"fuse\" }\n";
    let graph = GRAPH.replace("output = \"fuse\"", "output = \"rank\"");
    let graph = graph.replace("inputs = { ", "limit = 20\ninputs = { content = \"content\", ");
    format!("{graph}{}{}{nodes}", agent("content"), agent("ranker"))
}

#[test]
fn facts_that_are_missing_are_told_once() {
    let scene = Scene::new(&with_facts());
    scene.write("other.toml", with_facts().replace("neighbours = 20", "neighbours = 30"));
    let runs: [&[&str]; 3] = [
        &["train", "graph.toml", "--events", "events.csv"],
        &["eval", "graph.toml", "--events", "events.csv"],
        &["eval", "graph.toml", "other.toml", "--events", "events.csv"],
    ];
    for arguments in runs {
        let ran = scene.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let said = format!("{}{}", ran.err, ran.out);
        for what in
            ["recommends nothing: neither", "works without the field `genres`", "works without the field `year`"]
        {
            assert_eq!(said.matches(what).count(), 1, "{what}, {arguments:?}: {said}");
        }
    }
    let asked = scene.run(&["decide", "graph.toml", "--subject", "s1"]);
    assert_eq!((asked.code, asked.err.as_str()), (Some(0), ""));
}

#[test]
fn two_files_can_be_judged_as_they_are() {
    let scene = Scene::new(GRAPH);
    let all = std::fs::read_to_string(scene.path("events.csv")).unwrap();
    let (test, train): (Vec<&str>, Vec<&str>) = all.lines().skip(1).partition(|line| line.ends_with('7'));
    scene.write("train.csv", train.join("\n"));
    scene.write("test.csv", test.join("\n"));
    let document = scene.run(&["eval", "graph.toml", "--train", "train.csv", "--test", "test.csv", "--json"]).json();
    assert_eq!((&document["protocol"], &document["data"]["test"]), (&"pair".into(), &30.into()));
}

#[test]
fn versions_of_one_graph_are_compared_under_the_names_of_their_files() {
    let scene = Scene::new(GRAPH);
    scene.write("wider.toml", GRAPH.replace("neighbours = 20", "neighbours = 30"));
    let document = scene.run(&["eval", "graph.toml", "wider.toml", "--events", "events.csv", "--json"]).json();
    let comparisons = document["comparisons"].as_array().unwrap();
    assert!(comparisons.iter().any(|c| c["a"] == "small" && c["b"] == "wider"), "{comparisons:?}");
    scene.refused("eval_twice", 2, &["eval", "wider.toml", "./wider.toml", "--events", "events.csv"]);
}

#[test]
fn figures_have_targets_and_what_others_reach() {
    let scene = Scene::new(GRAPH);
    let peers = r#"{ "graph": { "what": "others", "baseline": { "ndcg@10": 0.1 }, "target": { "ndcg@10": 0.2 } } }"#;
    scene.write("peers.json", peers);
    let arguments =
        ["eval", "graph.toml", "--events", "events.csv", "--figures", "figures.json", "--peers", "peers.json"];
    scene.run(&arguments).ok();
    let figures: serde_json::Value =
        serde_json::from_slice(&std::fs::read(scene.path("figures.json")).unwrap()).unwrap();
    let first = &figures[0];
    assert_eq!((&first["id"], &first["target"]), (&"quality.graph.ndcg@10".into(), &0.2.into()));
    assert_eq!(first["baseline"]["what"], "others");
    assert!(figures.as_array().unwrap().iter().any(|f| f["id"] == "quality.alike.recall@20"));
    scene.write("peers.json", r#"{ "graph": { "targets": {} } }"#);
    scene.refused("peers", 3, &arguments);
}
