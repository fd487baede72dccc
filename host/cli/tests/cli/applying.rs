//! Handing a proven graph over to a host that serves, with its proof.
#![cfg(unix)]

use std::fs;

use serde_json::{Value, json};

use crate::operating::serve;
use crate::scene::{Ran, Scene};

/// An agent that keeps one neighbour of each item, where a dozen are alike: there is something to gain.
const POOR: &str = r#"[graph]
name = "poor"
output = "alike"
deadline_ms = 2000

[agents.item-knn]
component = "item-knn.wasm"
params = { neighbours = 2 }
instances = "pooled"

[nodes.alike]
agent = "item-knn"
"#;

const DATA: [&str; 5] = ["graph.toml", "--events", "events.csv", "--items", "items.csv"];
const SEARCH: [&str; 6] = ["--trials", "12", "--level", "individual", "--sampler", "random"];

fn prove(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["prove"][..], &DATA, more].concat())
}

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    scene.run(&[&["evolve"][..], &DATA, &SEARCH, more].concat())
}

/// With somebody's token.
fn prove_as(scene: &Scene, token: &str, more: &[&str]) -> Ran {
    let mut command = scene.command(&[&["prove"][..], &DATA, more].concat());
    let output = command.env("GREENROOM_TOKEN", token).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// What operators asked of the host, and what came of it.
fn asked_of(scene: &Scene) -> String {
    fs::read_to_string(scene.path(".greenroom/audit.log")).unwrap_or_default()
}

fn plans(scene: &Scene) -> Value {
    scene.run(&["plans", "graph.toml", "--json"]).json()
}

/// The last thing that each subject does is like nothing that anybody did before.
fn turned(events: &str) -> String {
    let turn = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let (item, step) = (fields[1].trim_start_matches('i'), fields[3].trim_end_matches(char::is_whitespace));
        let last = step.ends_with('7');
        let item = item.parse().map_or(item.to_owned(), |item: u32| format!("i{}", (item + u32::from(last)) % 36));
        format!("{},{item},{},{step}\n", fields[0], fields[2])
    };
    let (head, rest) = events.split_once('\n').unwrap();
    format!("{head}\n{}", rest.lines().map(turn).collect::<String>())
}

#[test]
fn what_is_proven_is_handed_over_with_its_proof_and_once() {
    let scene = Scene::trained(POOR);
    evolve(&scene, &[]).ok();
    let before = scene.files();
    let alone = prove(&scene, &["--apply"]);
    assert!(alone.code == Some(1) && alone.err.contains("start one with `greenroom serve graph.toml`"), "{alone:?}");
    assert!(before == scene.files(), "the test part was not read for nothing");
    let aimless = prove(&scene, &["--to", "http://127.0.0.1:1"]);
    assert!(aimless.code == Some(2) && aimless.err.contains("add --apply"), "{aimless:?}");

    let server = serve(&scene);
    let unknown = prove_as(&scene, "greenroom_unknown", &["--apply"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("nobody knows the token"), "{unknown:?}");
    assert_eq!(unknown.out, "", "that is said before anything is done");
    let add = |name: &str, level: &str| scene.run(&["token", "graph.toml", "add", name, level]).ok().trim().to_owned();
    let (ann, bob) = (add("ann", "read"), add("bob", "deploy"));
    let reads = prove_as(&scene, &ann, &["--apply", "--json"]);
    assert!(reads.code == Some(1) && reads.err.contains("and this needs `deploy`"), "{reads:?}");
    assert!(reads.err.contains("`greenroom prove --apply` with the same arguments tries again"), "{}", reads.err);
    let said: Value = serde_json::from_str(&reads.out).unwrap();
    assert_eq!((&said["standing"], &said["applied"], &said["uses"]), (&json!("proven"), &json!(null), &json!(1)));
    assert_eq!((asked_of(&scene), &plans(&scene)["active"]), (String::new(), &json!(1)));

    let handed = prove_as(&scene, &bob, &["--apply", "--json"]).json();
    let done = &handed["applied"]["done"];
    assert_eq!((&done["generation"], &done["changed"], &done["parent"]), (&json!(2), &json!(true), &json!(1)));
    // The host has learned its state from its own log: that of the evaluation is of other data.
    assert!(done["notes"][0].as_str().unwrap().contains("agent `item-knn` learned anew from the log"), "{done}");
    let lines = handed["applied"]["diff"]["changes"].to_string();
    assert!(lines.contains("~ agent item-knn: params.neighbours 2 -> "), "{lines}");
    let record = plans(&scene)["plans"][0].clone();
    let (proof, said) = (&record["proof"], &handed["proof"]);
    assert_eq!((&proof["candidate"], &proof["base"]), (&said["candidate"], &said["data"]["graph"]));
    assert_eq!(proof["test"]["difference"], said["test"]["arms"][0]["difference"]);
    assert_eq!((&proof["level"], &proof["seeds"]), (&json!(0.025), &json!([1, 2, 3, 4, 5])));
    assert_eq!((&record["author"], &record["state"]), (&json!("bob"), &json!("active")));
    let reason = record["reason"].as_str().unwrap();
    assert!(reason.starts_with("evolution `evolution`: ndcg@10 +0."), "{reason}");
    let shown = scene.run(&["plans", "graph.toml"]).ok();
    assert!(shown.lines().nth(1).unwrap().ends_with("active, proven"), "{shown}");
    assert!(shown.contains("generation 2 is proven: ndcg@10 +0."), "{shown}");

    let again = prove(&scene, &["--apply"]).ok();
    assert!(again.ends_with("generation 2 is that already: nothing was changed\n"), "{again}");
    // A host that was killed comes up with it, somewhere else, and is found there.
    drop(server);
    let server = serve(&scene);
    assert_eq!(plans(&scene)["plans"][0]["proof"], *proof);
    let again = prove(&scene, &["--apply"]).ok();
    assert!(again.ends_with("generation 2 is that already: nothing was changed\n"), "{again}");

    // Somebody else was faster: the proof is against what does not serve any more.
    scene.write("other.toml", POOR.replace("2000", "1500"));
    scene.run(&["deploy", "other.toml", "--reason", "sooner"]).ok();
    let late = prove(&scene, &["--apply"]);
    assert!(late.code == Some(1) && late.err.contains("another one is active: generation 3"), "{late:?}");
    assert!(late.err.contains("by operator (sooner)") && late.out.contains("\nproven: better"), "{late:?}");
    assert_eq!(plans(&scene)["active"], json!(3));
    scene.run(&["rollback", "graph.toml", "1"]).ok();
    let back = prove(&scene, &["--apply"]).ok();
    let (serves, changed) = ("generation 5 serves, after generation 4\n~ agent item-knn: ", "params.neighbours 2 -> ");
    assert!(back.contains(serves) && back.contains(changed), "{back}");
    drop(server);
}

#[test]
fn an_evolution_is_searched_proven_and_handed_over_in_one_go() {
    let scene = Scene::trained(POOR);
    let _server = serve(&scene);
    let evolved = evolve(&scene, &["--apply", "--json"]).json();
    let done = &evolved["applied"]["done"];
    assert_eq!((&evolved["standing"], &evolved["uses"]), (&json!("proven"), &json!(1)));
    assert_eq!((&done["generation"], &done["changed"]), (&json!(2), &json!(true)));
    assert_eq!(plans(&scene)["plans"][0]["proof"]["candidate"], evolved["evolution"]["proof"]["candidate"]);
    let report = fs::read_to_string(scene.path("graph.evolution.html")).unwrap();
    assert!(report.contains("test"), "it has what the test part said");
    let again = evolve(&scene, &["--apply"]).ok();
    assert!(again.contains("\nproven: better") && again.contains("\n1 study has looked at this part"), "{again}");
    assert!(again.ends_with("generation 2 is that already: nothing was changed\n"), "{again}");
}

#[test]
fn what_is_not_proven_is_never_sent() {
    let scene = Scene::trained(POOR);
    let _server = serve(&scene);
    let nothing_sent = || {
        assert_eq!((asked_of(&scene), &plans(&scene)["active"]), (String::new(), &json!(1)));
        assert_eq!(plans(&scene)["refused"], json!([]), "nor refused");
    };
    // There is nothing to wire.
    let search = ["--trials", "2", "--level", "compositional", "--study", "none"];
    let none = scene.run(&[&["evolve"][..], &DATA, &search, &["--apply"]].concat());
    assert!(none.code == Some(1) && none.err.contains("nothing was chosen"), "{none:?}");
    assert!(none.err.contains("nothing was sent to the host"), "{}", none.err);
    nothing_sent();
    let none = prove(&scene, &["--study", "none", "--apply"]);
    assert!(none.code == Some(1) && none.err.contains("chose nothing: there is nothing to prove"), "{none:?}");
    nothing_sent();

    // It is better as long as everybody does as before.
    scene.write("events.csv", turned(&fs::read_to_string(scene.path("events.csv")).unwrap()));
    let evolved = evolve(&scene, &["--apply", "--json"]);
    assert_eq!(evolved.code, Some(1), "{}", evolved.err);
    assert!(evolved.err.contains("not proven: where nothing was chosen it is not above the graph"), "{}", evolved.err);
    let said: Value = serde_json::from_str(&evolved.out).unwrap();
    assert_eq!((&said["standing"], &said["applied"]), (&json!("contradicted"), &json!(null)));
    assert_eq!(said["validation"]["arms"][0]["verdict"], json!("better"));
    nothing_sent();
    let proved = prove(&scene, &["--apply"]);
    assert!(proved.code == Some(1) && proved.out.contains("\nNOT proven"), "{proved:?}");
    assert!(proved.err.contains("and what serves there stays"), "{}", proved.err);
    nothing_sent();
}
