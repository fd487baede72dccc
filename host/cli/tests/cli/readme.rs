//! The agent that README.md shows, which `scripts/guests.sh` builds from what stands there, in the graph that it shows.

use crate::scene::Scene;

#[test]
fn the_agent_of_the_readme_runs_as_it_is_shown() {
    let readme = include_str!("../../../../README.md");
    let graph = readme.split("```").find(|block| block.contains("name = \"newest\"")).unwrap();
    let scene = Scene::new(graph.strip_prefix("toml").unwrap());
    std::fs::create_dir(scene.path("components")).unwrap();
    std::fs::copy(greenroom_kit::component("newest"), scene.path("components/newest.wasm")).unwrap();
    let inspected = scene.run(&["inspect", "components/newest.wasm", "--json"]).json();
    assert_eq!((&inspected["class"], &inspected["exports"]), (&"module".into(), &serde_json::json!(["policy"])));
    scene.run(&["check", "graph.toml"]).ok();
    scene.run(&["train", "graph.toml", "--events", "events.csv"]).ok();
    let answered = |more: &[&str]| {
        let reply = scene.run(&[&["decide", "graph.toml", "--limit", "3", "--json"], more].concat()).json();
        let item = |item: &serde_json::Value| item["item"].as_str().unwrap().to_owned();
        reply["items"].as_array().unwrap().iter().map(item).collect::<Vec<_>>()
    };
    assert_eq!(answered(&[]), ["i9", "i8", "i7"], "the items that the catalog got last");
    assert_eq!(answered(&["--exclude", "i8"]), ["i9", "i7", "i6"]);
}
