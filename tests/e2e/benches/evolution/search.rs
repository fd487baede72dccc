//! What an arm finds.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::arm::Arm;
use crate::plan::Plan;

/// The graph that an arm came to.
pub(crate) struct Found {
    pub(crate) arm: Arm,
    /// None: it was found with all subjects.
    pub(crate) fold: Option<u64>,
    pub(crate) graph: String,
    /// Units of fuel that the search took.
    pub(crate) fuel: u64,
    pub(crate) trials: u64,
    /// It is the graph as it was.
    pub(crate) stays: bool,
    /// Why the search was left, where it had a choice.
    pub(crate) rounds: Vec<String>,
}

impl Found {
    /// The graph that an arm begins with.
    pub(crate) fn given(plan: &Plan, arm: Arm, fold: Option<u64>) -> Self {
        let graph = fs::read_to_string(plan.graph(arm)).unwrap();
        Self { arm, fold, graph, fuel: 0, trials: 0, stays: true, rounds: Vec::new() }
    }
}

/// Runs `greenroom evolve`, or reads what it said when it was run with as many trials, and as much fuel, on the same graph.
pub(crate) fn search(plan: &Plan, arm: Arm, fold: Option<u64>, fuel: Option<u64>) -> Found {
    let before = Found::given(plan, arm, fold);
    if arm.is_given() {
        return before;
    }
    let (name, trials) = match fold {
        Some(fold) => (format!("{}-{fold}", arm.name()), plan.trials),
        None => (format!("{}-all", arm.name()), plan.final_trials),
    };
    let folder = plan.place(&name);
    let most = fuel.map_or_else(String::new, |fuel| format!("-{fuel}"));
    let (graph, said) = (folder.join("graph.toml"), folder.join(format!("found-{trials}{most}-{}.json", plan.seed)));
    if fs::read_to_string(&graph).is_ok_and(|of| of != before.graph) {
        panic!(
            "{} holds what was found for another graph: delete it, or set GREENROOM_EVOLUTION_FOLDER",
            folder.display()
        );
    }
    if !said.is_file() {
        fs::write(&graph, &before.graph).unwrap();
        evolve(plan, arm, (fold, trials, fuel), &said);
    }
    let evolved: Value = serde_json::from_slice(&fs::read(&said).unwrap()).unwrap();
    let rounds = evolved["evolution"]["rounds"].as_array().unwrap();
    let round = |round: &Value| format!("{}: {}", round["study"].as_str().unwrap(), round["reason"].as_str().unwrap());
    let chosen = chosen(&evolved);
    let found = Found {
        stays: chosen.is_none(),
        graph: chosen.unwrap_or_else(|| before.graph.clone()),
        fuel: evolved["cost"]["fuel"].as_u64().unwrap(),
        trials: rounds.iter().map(|round| round["trials"].as_u64().unwrap()).sum(),
        rounds: rounds.iter().map(round).collect(),
        ..before
    };
    println!("{name}: {} trials{}", found.trials, if found.stays { ": the graph stays as it is" } else { "" });
    found.rounds.iter().for_each(|round| println!("    {round}"));
    found
}

/// The graph with the best mean on the part that chooses, of those that were judged there; none when that of the graph as it is
/// is no less. The same for all arms, whether or not a difference is certain: what is compared is what a search finds.
fn chosen(evolved: &Value) -> Option<String> {
    let validation = &evolved["validation"];
    let mean = |arm: &&Value| arm["mean"].as_f64().unwrap();
    let arms = validation["arms"].as_array().unwrap();
    let best = arms.iter().max_by(|a, b| mean(a).total_cmp(&mean(b)))?;
    if mean(&best) <= validation["baseline"].as_f64().unwrap() {
        return None;
    }
    let judged = evolved["judged"].as_array().unwrap();
    let graph = judged.iter().find(|graph| graph["plan"] == best["name"]).unwrap();
    Some(graph["graph"].as_str().unwrap().to_owned())
}

fn evolve(plan: &Plan, arm: Arm, (fold, trials, fuel): (Option<u64>, u64, Option<u64>), said: &Path) {
    let (folder, began) = (said.parent().unwrap(), Instant::now());
    let mut command = plan.command_beside();
    command.arg("evolve").arg(folder.join("graph.toml")).args(plan.data());
    match fold {
        Some(fold) => command.args(["--protocol", "p2", "--fold", &fold.to_string()]),
        None => command.args(["--protocol", "p1"]),
    };
    command.args(["--json", "--level", arm.level(), "--trials", &trials.to_string(), "--seed", &plan.seed.to_string()]);
    if let Some(fuel) = fuel {
        command.args(["--fuel", &fuel.to_string()]);
    }
    // Of its own: a search with another seed would begin with what the first one knows.
    command.arg("--data-dir").arg(folder.join(format!("data-{}", plan.seed)));
    if arm.asks_optuna() {
        command.args(["--sampler-command", &format!("'{}' scripts/optuna_sampler.py", plan.python)]);
    } else if arm == Arm::RandomJoint {
        command.args(["--sampler", "random"]);
    }
    let (log, part) = (folder.join("log.txt"), folder.join("found.part"));
    command.stdout(File::create(&part).unwrap()).stderr(File::create(&log).unwrap());
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}: {}", fs::read_to_string(log).unwrap());
    fs::rename(part, said).unwrap();
    println!("{}: searched for {:.0} s", folder.display(), began.elapsed().as_secs_f64());
}
