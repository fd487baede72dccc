//! `greenroom plans`: what was active, when, by whom and why.

use std::path::PathBuf;

use greenroom_model::Compared;
use greenroom_model::text::shortened;
use greenroom_server::Plans;
use serde::Deserialize as _;
use serde_json::Value;

use crate::exit::Failure;
use crate::operator::{Place, Reach, figure, word};
use crate::output;
use crate::settings::HostFlags;
use crate::table::{self, Table};

/// Says what was active, the newest first: since when, who wanted it and why, how it did, and what became of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    limit: u64,
    /// Only those before this generation.
    #[arg(long, value_name = "N")]
    before: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let plans = match arguments.reach.find(&settings.data_dir(&arguments.graph))? {
        Place::Server(client) => {
            let before = arguments.before.map_or_else(String::new, |before| format!("&before={before}"));
            client.get(&format!("/v1/plans?limit={}{before}", arguments.limit))?
        }
        Place::Folder(_) => {
            let host = super::open_to_serve(&settings, &arguments.graph)?;
            let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
            let (records, refused) = host
                .plan_records()
                .and_then(|records| Ok((records, host.refusals()?)))
                .map_err(|e| Failure::failed(format!("the record of plans cannot be read: {e}")))?;
            let plans = Plans::at_rest(&records, &refused, limit, arguments.before);
            serde_json::to_value(plans).map_err(|e| Failure::failed(format!("no JSON: {e}")))?
        }
    };
    if arguments.json { output::json(&plans) } else { output::text(&text(&plans, table::width())) }
}

/// Columns beside the reason, and what is between them.
const TITLES: [&str; 8] = ["#>", "since (UTC)", "author", "reason", "plan", "requests>", "faults>", "state"];

/// The reason has at least so many characters.
const REASON_MIN: usize = 12;

fn text(plans: &Value, width: usize) -> String {
    let records: Vec<&Value> = plans.get("plans").and_then(Value::as_array).into_iter().flatten().collect();
    let reason_max = reason_max(&records, width);
    let mut table = Table::new(&TITLES);
    for record in &records {
        table.row(row(record, reason_max));
    }
    let mut text = if table.is_empty() { "no plan was active yet\n".to_owned() } else { table.render() };
    for (record, proof) in records.iter().filter_map(|record| Some((record, record.get("proof")?))) {
        text.push_str(&proven(figure(record, "generation").unwrap_or_default(), proof));
    }
    for record in &records {
        let why = word(record, "rolled_back");
        if !why.is_empty() {
            let generation = figure(record, "generation").unwrap_or_default();
            text.push_str(&format!("generation {generation} was rolled back: {why}\n"));
        }
    }
    if let Some(next) = figure(plans, "next") {
        text.push_str(&format!("there are more: --before {next}\n"));
    }
    if let Some(refused) = plans.get("refused").and_then(|refused| refused.get(0)) {
        let at = since(refused.get("time_ms"));
        // A graph with many mistakes has many lines.
        let why = refused.get("why").and_then(Value::as_str).and_then(|why| why.lines().next()).unwrap_or_default();
        let (author, why) = (word(refused, "author"), shortened(why, 400));
        text.push_str(&format!("latest refusal: {at}, {author}: {why}\n"));
    }
    text
}

/// What speaks for a plan that was proven: the difference where nothing was chosen, with its interval.
fn proven(generation: u64, proof: &Value) -> String {
    let part = |name: &str| proof.get(name).and_then(|part| Compared::deserialize(part).ok());
    let Some((test, validation)) = part("test").zip(part("validation")) else { return String::new() };
    let (metric, study) = (word(proof, "metric"), word(proof, "study"));
    format!(
        "generation {generation} is proven: {metric} {test} by evolution `{study}`, which chose it at {validation}\n"
    )
}

/// What the other columns leave of a line.
fn reason_max(records: &[&Value], width: usize) -> usize {
    let of = |column: usize| {
        let title = TITLES.get(column).map_or(0, |title| title.trim_end_matches('>').len());
        let cells = records.iter().filter_map(|record| row(record, 0).get(column).map(|cell| cell.chars().count()));
        cells.max().unwrap_or(0).max(title)
    };
    let others: usize = (0..TITLES.len()).filter(|column| *column != 3).map(|column| of(column) + 2).sum();
    width.saturating_sub(others + 2).max(REASON_MIN)
}

fn row(record: &Value, reason_max: usize) -> [String; 8] {
    let count = |name: &str| figure(record, name).unwrap_or_default();
    let reason = word(record, "reason");
    let reason =
        if reason.chars().count() > reason_max { shortened(&reason, reason_max.saturating_sub(3)) } else { reason };
    let plan = word(record, "plan");
    let proven = if record.get("proof").is_some_and(Value::is_object) { ", proven" } else { "" };
    [
        count("generation").to_string(),
        since(record.get("activated_ms")),
        shortened(&word(record, "author"), 24),
        reason,
        plan.trim_start_matches("sha256:").chars().take(12).collect(),
        count("requests").to_string(),
        (count("faults") + count("failed")).to_string(),
        word(record, "state").replace('_', " ") + proven,
    ]
}

/// A time to the second.
fn since(ms: Option<&Value>) -> String {
    table::time(ms.and_then(Value::as_i64).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plans() -> Value {
        let record = |generation: u64, reason: &str, state: &str, back: Option<&str>| {
            json!({
                "generation": generation, "plan": format!("sha256:{}", "ab".repeat(32)), "state": state, "author": "ann",
                "reason": reason, "activated_ms": 1_795_670_000_123_i64, "requests": 1_200, "faults": 3, "failed": 1,
                "rolled_back": back, "proof": null,
            })
        };
        json!({
            "plans": [
                record(12, "a reason that goes on for longer than any terminal is wide, and then some more", "active", None),
                record(11, "\u{1b}[2J", "rolled_back", Some("9 faults")),
            ],
            "next": 11,
            "refused": [{ "time_ms": 0, "author": "bob", "why": "one\ntwo" }],
        })
    }

    #[test]
    fn the_table_is_as_wide_as_the_terminal_where_that_can_be() {
        for width in [100, 120, 200] {
            let text = text(&plans(), width);
            let widest = text.lines().take(3).map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{width}: {widest}\n{text}");
        }
        assert!(text(&plans(), 200).contains("and then some more"), "what fits is not cut");
        let narrow = text(&plans(), 20);
        assert!(narrow.contains("a reason ...") && narrow.contains("2026-11-26"), "{narrow}");
    }

    #[test]
    fn what_became_of_plans_is_said() {
        let text = text(&plans(), 100);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.contains("rolled back\n") && text.contains("generation 11 was rolled back: 9 faults\n"), "{text}");
        assert!(text.contains("there are more: --before 11\n"), "{text}");
        assert!(text.ends_with("latest refusal: 1970-01-01 00:00:00, bob: one\n"), "{text}");
    }

    #[test]
    fn what_is_proven_is_marked_with_how_far_it_is_better() {
        let part = |low: f64| {
            json!({
                "users": 659, "arms": 1, "baseline": 0.1, "mean": 0.1051, "difference": 0.0051, "low": low, "high": null,
            })
        };
        let mut plans = plans();
        let study = "evolution\u{1b}";
        plans["plans"][0]["proof"] =
            json!({ "study": study, "metric": "ndcg@10", "test": part(-0.0003), "validation": part(0.0012) });
        let text = text(&plans, 120);
        assert!(text.lines().nth(1).unwrap().ends_with("active, proven") && !text.contains('\u{1b}'), "{text:?}");
        let line = "generation 12 is proven: ndcg@10 +0.0051 [-0.0003, +inf] by evolution `evolution\\u{1b}`, which chose it at \
                    +0.0051 [+0.0012, +inf]\n";
        assert!(text.contains(line), "{text}");
        assert!(text.lines().take(3).all(|line| line.chars().count() <= 120), "{text}");
        assert_eq!(text.matches("proven").count(), 2, "{text}");
    }
}
