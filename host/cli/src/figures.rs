//! An evaluation as figures: what the project claims, each with its target and what others reach.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom_runtime::evaluation::{Arm, ArmKind, Estimate, Report};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::failures;
use crate::table::{Table, large};

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    id: String,
    what: String,
    value: f64,
    unit: &'static str,
    better: Better,
    target: Option<f64>,
    baseline: Option<Baseline>,
    samples: usize,
    /// The standard error; of a difference, half the width of its interval.
    spread: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Better {
    Higher,
    Lower,
}

#[derive(Debug, Serialize)]
struct Baseline {
    what: String,
    value: f64,
}

/// What arms are measured against, by arm; `graph` is the first graph.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Peers(BTreeMap<String, Peer>);

/// What one arm is measured against.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Peer {
    /// Who reached `baseline`.
    #[serde(default)]
    what: String,
    /// By metric.
    #[serde(default)]
    baseline: BTreeMap<String, f64>,
    /// By metric.
    #[serde(default)]
    target: BTreeMap<String, f64>,
}

impl Peers {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| failures::unreadable(path, &e))?;
        serde_json::from_str(&text).map_err(|e| {
            Failure::bad_file(format!(
                "{}: {e}; expected {{\"ARM\": {{\"what\": \"..\", \"baseline\": {{\"ndcg@10\": 0.1}}, \"target\": {{..}}}}}}",
                path.display()
            ))
        })
    }
}

/// Of the first graph, as `quality.graph.METRIC`, and each of its agents, as `quality.AGENT.METRIC`.
pub(crate) fn of(report: &Report, peers: &Peers) -> Vec<Figure> {
    let first = report.arms.iter().find(|arm| arm.kind == ArmKind::Graph).map_or("", |arm| arm.name.as_str());
    let arms = report.arms.iter().filter(|arm| arm.graph == first);
    let mut figures: Vec<Figure> = arms.flat_map(|arm| of_arm(report, arm, peers)).collect();
    let overall = report.comparisons.iter().filter(|c| c.a == first && c.segment.is_none());
    figures.extend(overall.map(|c| Figure {
        id: format!("quality.graph-minus-{}.{}", c.b, c.metric),
        what: format!("{} of the whole graph less that of {}", c.metric, c.b),
        value: c.difference,
        unit: "",
        better: Better::Higher,
        target: Some(0.0),
        baseline: None,
        samples: c.users,
        spread: Some((c.high - c.low) / 2.0),
    }));
    figures
}

fn of_arm(report: &Report, arm: &Arm, peers: &Peers) -> Vec<Figure> {
    let (name, what) = match arm.kind {
        ArmKind::Graph => ("graph", "the whole graph".to_owned()),
        ArmKind::Agent => (arm.name.as_str(), format!("{} alone", arm.name)),
    };
    let peer = peers.0.get(name);
    let figure = |metric: &str, value: f64, spread: Option<f64>, unit: &'static str, better: Better| Figure {
        id: format!("quality.{name}.{metric}"),
        what: format!("{metric} of {what}"),
        value,
        unit,
        better,
        target: peer.and_then(|peer| peer.target.get(metric).copied()),
        baseline: peer.and_then(|peer| Some(Baseline { what: peer.what.clone(), value: *peer.baseline.get(metric)? })),
        samples: report.data.judged,
        spread,
    };
    let estimated = |metric, e: &Estimate| figure(metric, e.value, Some(e.se), "", Better::Higher);
    let mut figures = vec![
        estimated("ndcg@10", &arm.ndcg),
        estimated("recall@20", &arm.recall),
        figure("coverage@10", arm.coverage, None, "", Better::Higher),
    ];
    if let Some(fuel) = arm.cost.fuel_per_request {
        figures.push(figure("fuel", fuel, None, "units of fuel a request", Better::Lower));
    }
    figures
}

/// For people.
pub(crate) fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new(&["figure", "value>", "spread>", "target>", "", "others>", "who"]);
    for figure in figures {
        let number = |value: f64| if value.abs() < 1_000.0 { format!("{value:.4}") } else { large(value) };
        let optional = |value: Option<f64>| value.map(number).unwrap_or_default();
        let met = figure.target.map(|target| match figure.better {
            Better::Higher => figure.value >= target,
            Better::Lower => figure.value <= target,
        });
        table.row([
            figure.id.clone(),
            number(figure.value),
            optional(figure.spread),
            optional(figure.target),
            met.map(|met| if met { "met" } else { "NOT MET" }).unwrap_or_default().to_owned(),
            optional(figure.baseline.as_ref().map(|baseline| baseline.value)),
            figure.baseline.as_ref().map(|baseline| baseline.what.clone()).unwrap_or_default(),
        ]);
    }
    table
}

/// Whole or not at all.
pub(crate) fn write(path: &Path, figures: &[Figure]) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::failed(format!("failed to write {}: {e}", path.display()));
    let text = serde_json::to_string_pretty(figures).map_err(|e| failed(&e))? + "\n";
    crate::whole::write(path, text.as_bytes()).map_err(|e| failed(&e))
}
