//! Samplers that are programs: what they are told, and what becomes of a study whose program does not answer.

use std::fs;

use serde_json::{Value, json};

use crate::scene::{GRAPH, Ran, Scene};

/// Writes down all that it is told, and answers the last point that it was.
const ECHO: &str = r#"
read -r study
printf '%s\n' "$study" >>said.txt
while read -r line; do
    printf '%s\n' "$line" >>said.txt
    printf '%s\n' "$line" | sed 's/.*"point":\({[^}]*}\).*/{"point":\1}/'
done
"#;

fn evolve(scene: &Scene, more: &[&str]) -> Ran {
    let all = ["evolve", "graph.toml", "--events", "events.csv", "--items", "items.csv"];
    scene.run(&[&all[..], more].concat())
}

/// What the program was told since this was asked last.
fn said(scene: &Scene) -> Vec<Value> {
    let text = fs::read_to_string(scene.path("said.txt")).unwrap_or_default();
    let _ = fs::remove_file(scene.path("said.txt"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How many trials each question told, and its number.
fn told(lines: &[Value]) -> Vec<(usize, u64)> {
    lines.iter().map(|line| (line["told"].as_array().unwrap().len(), line["ask"].as_u64().unwrap())).collect()
}

const INDIVIDUAL: [&str; 5] = ["--level", "individual", "--sampler-command", "sh sampler.sh", "--json"];

#[test]
fn a_program_is_told_what_is_new_and_all_of_it_when_it_is_begun_anew() {
    let scene = Scene::new(GRAPH);
    scene.write("sampler.sh", ECHO);
    let run = |trials| evolve(&scene, &[&INDIVIDUAL[..], &["--trials", trials]].concat());
    let evolved = run("3").json();
    assert_eq!(evolved["evolution"]["sampler"], "command sh sampler.sh");
    assert_eq!(evolved["evolution"]["rounds"][0]["trials"], 3);
    let lines = said(&scene);
    let study = &lines[0]["study"];
    assert_eq!((&study["name"], &study["trials"]), (&json!("evolution.1-individual"), &json!(3)));
    assert!(study["space"].as_array().unwrap().iter().any(|of| of["name"] == "item-knn.neighbours"), "{study}");
    assert_eq!(told(&lines[1..]), [(1, 0), (1, 1), (1, 2)]);
    let warm = &lines[1]["told"][0];
    assert_eq!((&warm["warm"], &warm["point"]["item-knn.neighbours"]), (&json!(true), &json!(20)));
    let first = &lines[2]["told"][0];
    assert_eq!((&first["number"], &first["seed"], &first["point"]), (&json!(0), &lines[1]["seed"], &warm["point"]));
    assert_eq!(first["values"], warm["values"], "the graph as it is, once more");
    // Another process knows nothing of the first.
    run("5").ok();
    let lines = said(&scene);
    assert_eq!(told(&lines[1..]), [(4, 3), (1, 4)]);
    assert_eq!(lines[1]["told"][1], *first);
    // Nothing is left to ask.
    run("5").ok();
    assert!(said(&scene).is_empty());
    let other = evolve(&scene, &["--level", "individual", "--sampler-command", "sh other.sh", "--trials", "5"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(other.err.contains("other settings: sampler"), "{}", other.err);
}

#[test]
fn a_program_that_does_not_answer_stops_a_study_that_goes_on_with_one_that_does() {
    let scene = Scene::new(GRAPH);
    scene.write("good.sh", ECHO);
    for (name, bad, expected) in [
        ("dies", "exit 7", "ended without an answer (exit status: 7)"),
        ("babbles", "echo 'let me think'", "found let me think"),
        ("strays", "echo '{\"point\": {\"joy\": 1}}'", "`joy` is unknown"),
        ("hangs", "exec sleep 1000", "did not answer within 1 s"),
        ("gives up", "echo '{\"error\": \"no network\"}'", "has no point: no network"),
    ] {
        // Good for two questions.
        let script = format!(
            "read -r s\nfor i in 1 2; do\n read -r line\n printf '%s\\n' \"$line\" | sed \
             's/.*\"point\":\\({{[^}}]*}}\\).*/{{\"point\":\\1}}/'\ndone\nread -r line\n{bad}\n"
        );
        scene.write("sampler.sh", script);
        let study = name.replace(' ', "-");
        let arguments = [&INDIVIDUAL[..], &["--trials", "4", "--study", &study, "--sampler-seconds", "1"]].concat();
        let stopped = evolve(&scene, &arguments);
        assert_eq!((stopped.code, stopped.out.as_str()), (Some(1), ""), "{name}: {}", stopped.err);
        assert!(stopped.err.contains(expected), "{name}: {}", stopped.err);
        assert!(stopped.err.contains("cannot go on to trial 2"), "{name}: {}", stopped.err);
        fs::copy(scene.path("good.sh"), scene.path("sampler.sh")).unwrap();
        let evolved = evolve(&scene, &arguments).json();
        assert_eq!(evolved["evolution"]["rounds"][0]["trials"], 4, "{name}");
        assert_eq!(told(&said(&scene)[1..]), [(3, 2), (1, 3)], "{name}: what was tried was kept");
    }
}

#[test]
fn a_command_that_cannot_be_one_is_refused_before_anything_is_tried() {
    let scene = Scene::new(GRAPH);
    for (arguments, expected) in [
        (&["--sampler-command", " "][..], "there is no program in it"),
        (&["--sampler-command", "sh 'a.sh"], "a ' is never closed"),
        (&["--sampler-command", "sh a.sh", "--sampler", "tpe"], "cannot be used with"),
        (&["--sampler-seconds", "5"], "--sampler-command"),
    ] {
        let refused = evolve(&scene, arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(expected), "{arguments:?}: {}", refused.err);
    }
    let missing = evolve(&scene, &["--sampler-command", "./no-such-program", "--trials", "2"]);
    assert_eq!(missing.code, Some(1), "{}", missing.err);
    assert!(missing.err.contains("`./no-such-program`, cannot be started: No such file"), "{}", missing.err);
}

/// The point of a space with these values, and the lowest ones for all else that matters.
fn point(space: &Value, given: &[(&str, Value)]) -> Value {
    let mut point = serde_json::Map::new();
    for dimension in space.as_array().unwrap() {
        let (name, domain) = (dimension["name"].as_str().unwrap(), &dimension["domain"]);
        let holds = dimension["condition"].as_object().is_none_or(|condition| {
            let on = point.get(condition["dimension"].as_str().unwrap());
            let written = on.map(|value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            written.is_some_and(|value| condition["values"].as_array().unwrap().contains(&json!(value)))
        });
        if holds {
            let lowest = match domain["type"].as_str().unwrap() {
                "boolean" => json!(false),
                "choice" => domain["options"][0].clone(),
                _ => domain["low"].clone(),
            };
            let given = given.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone());
            point.insert(name.to_owned(), given.unwrap_or(lowest));
        }
    }
    Value::Object(point)
}

#[test]
fn the_joint_space_has_the_parameters_of_all_agents_where_they_matter() {
    let catalogue =
        "\n[catalogue.knn-far]\ncomponent = \"item-knn.wasm\"\nparams = { neighbours = 200 }\ninstances = \"pooled\"\n";
    let scene = Scene::new(&format!("{GRAPH}{catalogue}"));
    scene.write("sampler.sh", "read -r study\nprintf '%s\\n' \"$study\" >said.txt\nexit 0\n");
    let arguments = ["--level", "joint", "--trials", "1", "--sampler-command", "sh sampler.sh", "--json"];
    assert_eq!(evolve(&scene, &arguments).code, Some(1));
    let space = said(&scene)[0]["study"]["space"].clone();
    let of = |name: &str| space.as_array().unwrap().iter().find(|of| of["name"] == name).unwrap()["condition"].clone();
    let when = |dimension: &str| json!({ "dimension": dimension, "values": ["true"] });
    assert_eq!(of("item-knn.neighbours"), when("use.alike"));
    assert_eq!(of("knn-far.neighbours"), when("use.knn-far"));
    assert_eq!(of("fusion.method"), Value::Null, "it cannot be left out");
    let chosen =
        point(&space, &[("use.popular", json!(true)), ("use.knn-far", json!(true)), ("knn-far.neighbours", json!(7))]);
    assert!(chosen.get("item-knn.neighbours").is_none(), "{chosen}");
    scene.write("answer.json", json!({ "point": chosen }).to_string() + "\n");
    scene.write("sampler.sh", "read -r study\nread -r line\ncat answer.json\nread -r end\n");
    let evolved = evolve(&scene, &arguments).json();
    assert_eq!(evolved["evolution"]["rounds"][0]["study"], "evolution.1-joint");
    assert!(evolved["cost"]["fuel"].as_u64().unwrap() > 0, "{}", evolved["cost"]);
    let judged = &evolved["judged"][0];
    assert_eq!(judged["plan"], evolved["validation"]["arms"][0]["name"]);
    let graph: toml::Table = judged["graph"].as_str().unwrap().parse().unwrap();
    assert_eq!(graph["agents"]["knn-far"]["params"]["neighbours"].as_integer(), Some(7), "{graph}");
    assert!(graph["nodes"].get("alike").is_none() && graph["catalogue"].get("item-knn").is_some(), "{graph}");
    scene.write("judged.toml", judged["graph"].as_str().unwrap());
    scene.run(&["check", "judged.toml"]).ok();
}
