//! How fast trials are, beside the same graphs evaluated one by one.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use crate::figures::{Figure, of_pace};
use crate::plan::Plan;

const TRIALS: u64 = 60;

/// An evolution from nothing, and then a plain loop over `greenroom eval` with the graphs that it judged. A trial has 8 questions of
/// which `eval` has 5, unless it is given up: four fifths of the subjects at two cuts, and one fifth at five.
pub(crate) fn figures(plan: &Plan) -> Vec<Figure> {
    let folder = plan.place("pace");
    let _ = fs::remove_dir_all(folder.join("data"));
    let graph = folder.join("graph.toml");
    fs::copy(plan.graph(crate::arm::Arm::Static), &graph).unwrap();
    let run = |of: &str, path: &std::path::Path, more: &[&str]| {
        let mut command = plan.command();
        command.arg(of).arg(path).args(plan.data()).args(["--protocol", "p2", "--fold", "0", "--json"]).args(more);
        command.arg("--data-dir").arg(folder.join("data"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let evolved: Value = serde_json::from_slice(&run("evolve", &graph, &["--trials", &TRIALS.to_string()])).unwrap();
    let of = |key: &str| evolved["took"][key].as_f64().unwrap();
    let (evaluating, controller) = (of("evaluating_s"), of("controller_s"));
    let rounds = evolved["evolution"]["rounds"].as_array().unwrap();
    let trials: u64 = rounds.iter().map(|round| round["trials"].as_u64().unwrap()).sum();
    let judged = evolved["judged"].as_array().unwrap();
    let mut took: Vec<f64> = Vec::new();
    for (number, judged) in judged.iter().enumerate() {
        let file = folder.join(format!("judged-{number}.toml"));
        fs::write(&file, judged["graph"].as_str().unwrap()).unwrap();
        let _ = fs::remove_dir_all(folder.join("data"));
        let began = Instant::now();
        run("eval", &file, &["--seeds", "1"]);
        took.push(began.elapsed().as_secs_f64());
    }
    let (pace, looped) = (trials as f64 / (evaluating + controller), took.len() as f64 / took.iter().sum::<f64>());
    println!("\n{trials} trials: {pace:.2} a second; `eval` of {} of them in a loop: {looped:.2} a second", took.len());
    println!("the controller took {:.2} % of the time of the trials", 100.0 * controller / evaluating);
    vec![
        of_pace("trials", "trials of an evolution", "1/s", pace, trials, None),
        of_pace("loop", "graphs by a loop over eval", "1/s", looped, took.len() as u64, None),
        of_pace(
            "controller",
            "the controller's time by that of the trials",
            "1",
            controller / evaluating,
            trials,
            Some(0.05),
        ),
    ]
}
