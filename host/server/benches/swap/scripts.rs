//! How long a change of an agent that is text takes, from its file being saved to serving, while nothing else goes on.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use greenroom_kit::{Figure, components, quantile};
use greenroom_runtime::SETTLE_MIN;

use crate::moments::until_other;
use crate::movies::{example, graph};
use crate::small::{config, serving_in};

/// Files with an agent of each kind, as `greenroom new` writes them, but for its name.
const SCRIPTS: [(&str, &str, &str); 2] = [
    ("swap.script-javascript", "agent.js", "sdk/script-javascript/template/agent.js"),
    ("swap.script-rhai", "agent.rhai", "sdk/script-rhai/template/agent.rhai"),
];
const TARGET_MS: f64 = 50.0;

/// Behind the last node of the movie graph.
fn movies_with(file: &str) -> String {
    format!(
        "{}\n[agents.text]\nscript = \"{file}\"\ngrants = {{ memory = [\"items:read\"] }}\n\n[nodes.text]\nagent = \"text\"\n\
         inputs = {{ ranked = \"rerank\" }}\non_fault = {{ node = \"rerank\" }}\n",
        graph(1).replace("output = \"rerank\"", "output = \"text\"")
    )
}

pub(crate) fn figures(program: Option<&Path>, times: usize) -> Vec<Figure> {
    SCRIPTS.into_iter().map(|(id, file, template)| figure(program, times, id, file, template)).collect()
}

fn figure(program: Option<&Path>, times: usize, id: &'static str, file: &str, template: &str) -> Figure {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join(file);
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(template)).unwrap();
    std::fs::write(&script, text).unwrap();
    std::fs::write(folder.path().join("graph.toml"), movies_with(file)).unwrap();
    let interpreters_dir = Some(components().join("../release/interpreters"));
    let config = greenroom_runtime::Config { interpreters_dir, ..config(folder.path(), program) };
    let host = serving_in(config, &example().join("ratings.csv"), &example().join("movies.csv"));
    assert!(host.loaded().plan.nodes.iter().any(|node| node.name == "text"), "the script is not in the graph");
    // As `dev` has it.
    host.watch_files(SETTLE_MIN).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let mut all: Vec<f64> = (0..times)
        .map(|time| {
            let before = host.active().unwrap().generation;
            let mut saved = std::fs::OpenOptions::new().append(true).open(&script).unwrap();
            let began = Instant::now();
            writeln!(saved, "// {time}").unwrap();
            let ms = until_other(&host, before, began);
            // Nobody saves again at once.
            std::thread::sleep(Duration::from_millis(300));
            ms
        })
        .collect();
    let (value, spread) = quantile(&mut all, 0.5);
    let what = if id.ends_with("rhai") {
        "a text in Rhai, saved to serving"
    } else {
        "a text in JavaScript, saved to serving"
    };
    println!("  {what}: {value:.1} ms, at most {:.1}", all.last().copied().unwrap_or_default());
    Figure {
        id,
        what,
        value,
        unit: "ms",
        better: "lower",
        target: Some(TARGET_MS),
        baseline: Some(("of it files rest, ms", SETTLE_MIN.as_secs_f64() * 1e3)),
        samples: all.len() as u64,
        spread,
    }
}
