//! Figures, and a table of them.

use std::path::Path;

use greenroom_experiment::Interval;
use serde_json::{Value, json};

use crate::arm::Arm;
use crate::compare::{Pooled, difference};

/// A figure as `docs/figures.md` has it.
pub(crate) struct Figure(Value);

const METRICS: [&str; 2] = ["ndcg@10", "recall@20"];
/// What the graph of all subjects should reach on P1.
const GOALS: [f64; 2] = [0.118, 0.168];

/// How an arm does, and what it took.
pub(crate) fn of_arm(protocol: &str, arm: Arm, pooled: &Pooled) -> Vec<Figure> {
    let (name, samples) = (arm.name(), pooled.by_subject.len());
    let mut all: Vec<Figure> = (0..2)
        .map(|metric| {
            let (value, spread) = pooled.mean(metric);
            let target = (protocol == "p1" && arm == Arm::Both).then_some(GOALS[metric]);
            Figure(json!({
                "id": format!("evolution.{protocol}.{name}.{}", METRICS[metric]),
                "what": format!("{name}, {} under {protocol}", METRICS[metric]),
                "value": value, "unit": METRICS[metric], "better": "higher", "target": target, "baseline": null,
                "samples": samples, "spread": spread,
            }))
        })
        .collect();
    let costs = [
        ("fuel", "fuel of a request", pooled.fuel_per_request()),
        ("search-fuel", "fuel of the search", pooled.search_fuel as f64),
    ];
    all.extend(costs.map(|(id, what, value)| {
        Figure(json!({
            "id": format!("evolution.{protocol}.{name}.{id}"), "what": format!("{name}, {what} under {protocol}"),
            "value": value, "unit": "fuel", "better": "lower", "target": null, "baseline": null,
            "samples": if id == "fuel" { samples as u64 } else { pooled.trials }, "spread": null,
        }))
    }));
    all
}

/// Of how fast searches are.
pub(crate) fn of_pace(id: &str, what: &str, unit: &str, value: f64, samples: u64, target: Option<f64>) -> Figure {
    let better = if target.is_some() { "lower" } else { "higher" };
    Figure(json!({
        "id": format!("evolution.pace.{id}"), "what": what, "value": value, "unit": unit, "better": better,
        "target": target, "baseline": null, "samples": samples, "spread": null,
    }))
}

/// What an arm has more than another. Its target is a lower end above 0 where that is what was to be reached.
pub(crate) fn of_difference(protocol: &str, arm: Arm, against: Arm, found: &[Interval; 2]) -> Vec<Figure> {
    let reached = arm == Arm::Both && matches!(against, Arm::Static | Arm::Optuna);
    let of = |(interval, metric): (&Interval, &str)| {
        let Interval { difference, low, high } = *interval;
        let (one, other) = (arm.name(), against.name());
        let id = format!("evolution.{protocol}.{one}-minus-{other}.{metric}");
        let what = format!("{one} minus {other}, {metric} under {protocol} (95 %: {low:+.4} to {high:+.4})");
        let figure = |id: String, what: String, value: f64, target: Option<f64>, spread: Option<f64>| {
            Figure(json!({
                "id": id, "what": what, "value": value, "unit": metric, "better": "higher", "target": target,
                "baseline": null, "samples": null, "spread": spread,
            }))
        };
        let low = figure(format!("{id}.low"), format!("lower end of: {what}"), low, reached.then_some(0.0), None);
        [figure(id, what, difference, None, Some((high - interval.low) / 2.0)), low]
    };
    found.iter().zip(METRICS).flat_map(of).collect()
}

/// Prints what arms have, each beside the graph as it is where that was judged too.
pub(crate) fn table(protocol: &str, pooled: &[(Arm, Pooled)]) {
    let before = pooled.iter().find(|(arm, _)| *arm == Arm::Static).map(|(_, pooled)| pooled);
    println!(
        "\n{protocol:<14} {:>8} {:>8} {:>26} {:>8} {:>26} {:>10} {:>10} {:>7} {:>6}",
        "subjects",
        "ndcg@10",
        "more than static",
        "rec@20",
        "more than static",
        "fuel/req",
        "search",
        "trials",
        "stayed"
    );
    for (arm, of) in pooled {
        let more = before.filter(|_| *arm != Arm::Static).map(|before| difference(of, before));
        let shown = |metric: usize| {
            let of = |more: &[Interval; 2]| {
                let Interval { difference, low, high } = more[metric];
                format!("{difference:+.4} [{low:+.4}, {high:+.4}]")
            };
            more.as_ref().map_or_else(|| "-".to_owned(), of)
        };
        println!(
            "{:<14} {:>8} {:>8.4} {:>26} {:>8.4} {:>26} {:>9.1}M {:>9.1}G {:>7} {:>6}",
            arm.name(),
            of.by_subject.len(),
            of.mean(0).0,
            shown(0),
            of.mean(1).0,
            shown(1),
            of.fuel_per_request() / 1e6,
            of.search_fuel as f64 / 1e9,
            of.trials,
            of.stayed
        );
        if of.degraded > 0 {
            println!("    {} requests were answered degraded", of.degraded);
        }
    }
}

/// Prints differences and writes the file. What it says of other figures stays: the topics may be run one by one.
pub(crate) fn report(path: &Path, figures: &[Figure]) {
    println!();
    for Figure(figure) in figures.iter().filter(|Figure(of)| of["id"].as_str().unwrap().contains("-minus-")) {
        println!("{:>+9.4}  {}", figure["value"].as_f64().unwrap(), figure["what"].as_str().unwrap());
    }
    let mut all: Vec<Value> = match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).expect("the file of figures holds a list: delete it"),
        Err(_) => Vec::new(),
    };
    all.retain(|other| figures.iter().all(|Figure(figure)| figure["id"] != other["id"]));
    all.extend(figures.iter().map(|Figure(figure)| figure.clone()));
    path.parent().map_or(Ok(()), std::fs::create_dir_all).unwrap();
    std::fs::write(path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
    println!("\nwritten to {}", path.display());
}
