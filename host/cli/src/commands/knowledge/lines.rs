//! Records in words. What stands in them may come from guests, so all of it is escaped.

use greenroom_evolve::Outcome;
use greenroom_evolve::knowledge::{Ancestor, Change, Estimate, Judgement, Record};
use greenroom_model::Digest;
use greenroom_model::text::{escaped, shortened, shown};

use crate::table::{self, Table, large};

/// Columns of a list; what was changed has what they leave of a line.
const TITLES: [&str; 6] = ["record", "when (UTC)", "plan", "judgement", "objective", "changed"];
/// What was changed has at least so many characters.
const CHANGED_MIN: usize = 20;

/// A table of records.
pub(super) fn list(all: &[(&Digest, &Record)], width: usize) -> String {
    if all.is_empty() {
        return "nothing was tried yet\n".to_owned();
    }
    let rows: Vec<[String; 6]> = all.iter().map(|(digest, record)| row(digest, record)).collect();
    let (changed_at, others) = (TITLES.len() - 1, TITLES.len() - 1);
    let widest = |column: usize| {
        let title = TITLES.get(column).map_or(0, |title| title.len());
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(title)
    };
    let left = width.saturating_sub((0..others).map(|column| widest(column) + 2).sum()).max(CHANGED_MIN);
    let mut table = Table::new(&TITLES);
    for mut row in rows {
        if let Some(changed) = row.get_mut(changed_at).filter(|changed| changed.chars().count() > left) {
            *changed = shortened(changed, left.saturating_sub(3));
        }
        table.row(row);
    }
    table.render()
}

fn row(digest: &Digest, record: &Record) -> [String; 6] {
    let changed: Vec<String> = record.difference.iter().map(change).collect();
    [
        digest.short(),
        table::time(record.time_ms),
        record.plan.short(),
        verdict(&record.judgement).to_owned(),
        objective(record)
            .map_or_else(String::new, |(name, estimate)| format!("{} {}", shown(name), interval(estimate))),
        changed.join("; "),
    ]
}

/// All of a record.
pub(super) fn one(digest: &Digest, record: &Record) -> String {
    let mut text = String::new();
    let mut line = |name: &str, values: Vec<String>| {
        for (at, value) in values.into_iter().enumerate() {
            text.push_str(&format!("{:<12}{value}\n", if at == 0 { name } else { "" }));
        }
    };
    line("record", vec![digest.to_string()]);
    line("plan", vec![record.plan.to_string()]);
    line("parent", vec![record.parent.map_or_else(|| "none: it is an origin".to_owned(), |parent| parent.to_string())]);
    line("when", vec![format!("{} UTC", table::time(record.time_ms))]);
    line("proposer", vec![proposer(record)]);
    line("hypothesis", vec![shown(&record.hypothesis)]);
    line("changed", record.difference.iter().map(change).collect());
    line("judgement", vec![judgement(&record.judgement)]);
    let metric = |(name, estimate): (&String, &Estimate)| format!("{} {}", shown(name), interval(*estimate));
    line("metrics", record.metrics.iter().map(metric).collect());
    line("cost", vec![cost(record)]);
    line("data", vec![escaped(&record.data.to_string())]);
    line("seeds", vec![record.seeds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")]);
    if let Some(prior) = &record.prior {
        line("aims", vec![shown(&prior.aims)]);
        let point = prior.point.iter().map(|(name, value)| shown(&format!("{name} = {value}")));
        line("point", point.collect());
        line("outcome", vec![outcome(&prior.outcome)]);
    }
    text
}

/// A plan, what it was made from, and so on.
pub(super) fn lineage(lineage: &[Ancestor<'_>]) -> String {
    let mut text = String::new();
    for (at, ancestor) in lineage.iter().enumerate() {
        let how = if at == 0 { "plan" } else { "made from" };
        text.push_str(&format!("{how} {}", ancestor.plan.short()));
        let parent = ancestor.records.iter().find_map(|found| found.record.parent);
        match (ancestor.records.is_empty(), parent) {
            (true, _) => text.push_str(", of which nothing else is known\n"),
            (false, None) => text.push_str(", an origin\n"),
            // Whose parent was there before.
            (false, Some(_)) if at + 1 == lineage.len() => text.push_str(", which is made from a later one\n"),
            (false, Some(_)) => text.push('\n'),
        }
        for found in &ancestor.records {
            text.push_str(&told(found.digest, found.record, found.foreign));
        }
    }
    text
}

fn told(digest: &Digest, record: &Record, foreign: bool) -> String {
    let objective = objective(record)
        .map_or_else(String::new, |(name, estimate)| format!(", {} {}", shown(name), interval(estimate)));
    let foreign = if foreign { " (on other data)" } else { "" };
    let (when, judgement) = (table::time(record.time_ms), judgement(&record.judgement));
    let by = proposer(record);
    let mut text = format!("  {when}  {judgement}{objective}{foreign}; by {by}; record {}\n", digest.short());
    if !record.hypothesis.is_empty() {
        text.push_str(&format!("    {}\n", shown(&record.hypothesis)));
    }
    for difference in &record.difference {
        text.push_str(&format!("    {}\n", change(difference)));
    }
    text
}

/// What the first aim is of, with where it probably lies; the first metric where no aim is known.
fn objective(record: &Record) -> Option<(&str, Estimate)> {
    let aims = record.prior.as_ref().and_then(|prior| prior.aims.split(';').next());
    let aim = aims.and_then(|aim| aim.strip_prefix("maximise ").or_else(|| aim.strip_prefix("minimise ")));
    let of_aim = aim.and_then(|aim| record.metrics.get_key_value(aim));
    of_aim.or_else(|| record.metrics.first_key_value()).map(|(name, estimate)| (name.as_str(), *estimate))
}

/// Without ends where nothing is known of them.
fn interval(Estimate { value, low, high }: Estimate) -> String {
    if low >= value && value >= high {
        number(value)
    } else {
        format!("{} [{}, {}]", number(value), number(low), number(high))
    }
}

fn number(value: f64) -> String {
    if value.abs() < 1_000.0 { format!("{value:.4}") } else { large(value) }
}

fn change(Change { what, from, to }: &Change) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{}: {} -> {}", shown(what), shown(from), shown(to)),
        (None, Some(to)) => format!("{}: added {}", shown(what), shown(to)),
        (Some(from), None) => format!("{}: removed {}", shown(what), shown(from)),
        (None, None) => shown(what),
    }
}

fn proposer(record: &Record) -> String {
    let trial = record.trial.as_ref();
    let trial = trial.map_or_else(String::new, |(study, number)| format!(", trial {number} of {}", shown(study)));
    format!("{}{trial}", shown(&record.proposer))
}

fn cost(record: &Record) -> String {
    let cost = record.cost;
    let bytes = table::bytes(usize::try_from(cost.bytes).unwrap_or(usize::MAX));
    format!("{} fuel, {:.1} s, {bytes} at most", large(cost.fuel as f64), cost.time_us as f64 / 1e6)
}

fn verdict(judgement: &Judgement) -> &'static str {
    match judgement {
        Judgement::Tried => "tried",
        Judgement::Pruned => "given up",
        Judgement::Failed { .. } => "failed",
        Judgement::Validated => "validated",
        Judgement::Proven => "proven",
        Judgement::Unproven => "unproven",
        Judgement::InnerOnly => "inner only",
        Judgement::RolledBack => "rolled back",
    }
}

fn judgement(judgement: &Judgement) -> String {
    match judgement {
        Judgement::Failed { failure, why } => {
            // As it is written in records.
            let class = serde_json::to_value(failure).ok();
            let class = class.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            format!("failed ({class}): {}", shown(why))
        }
        Judgement::InnerOnly => "inner only: its inner reward rose and the outer one did not".to_owned(),
        other => verdict(other).to_owned(),
    }
}

fn outcome(outcome: &Outcome) -> String {
    let all = |values: &[f64]| values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ");
    match outcome {
        Outcome::Complete { values, violations } if violations.is_empty() => format!("complete: {}", all(values)),
        Outcome::Complete { values, violations } => {
            format!("complete: {}; beyond bounds by {}", all(values), all(violations))
        }
        Outcome::Pruned { rung, values } => format!("given up at rung {} with {}", rung + 1, all(values)),
        Outcome::Failed { why, .. } => format!("failed: {}", shown(why)),
    }
}
