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
/// Where values begin when a record is told whole.
pub(super) const VALUES_AT: usize = 12;

/// A table of records; where it is wider than the terminal, some lines for each.
pub(super) fn list(all: &[(&Digest, &Record)], terminal: Option<usize>) -> String {
    if all.is_empty() {
        return "nothing was tried yet\n".to_owned();
    }
    let rows: Vec<[String; 6]> = all.iter().map(|(digest, record)| row(digest, record)).collect();
    let (changed_at, others) = (TITLES.len() - 1, TITLES.len() - 1);
    let widest = |column: usize| {
        let title = TITLES.get(column).map_or(0, |title| title.len());
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(title)
    };
    let taken: usize = (0..others).map(|column| widest(column) + 2).sum();
    if let Some(width) = terminal.filter(|width| taken + CHANGED_MIN > *width) {
        return rows.iter().map(|row| stacked(row, width)).collect();
    }
    let left = terminal.unwrap_or(table::WIDTH_DEFAULT).saturating_sub(taken).max(CHANGED_MIN);
    let mut table = Table::new(&TITLES);
    for mut row in rows {
        if let Some(changed) = row.get_mut(changed_at).filter(|changed| changed.chars().count() > left) {
            *changed = shortened(changed, left.saturating_sub(3));
        }
        table.row(row);
    }
    table.render()
}

/// A record on lines that are no longer than this.
fn stacked([record, when, plan, judgement, objective, changed]: &[String; 6], width: usize) -> String {
    let lines =
        [format!("{record}  {judgement}  {when}"), format!("  plan {plan}  {objective}"), format!("  {changed}")];
    let fits = |line: &String| {
        let line = line.trim_end();
        if line.chars().count() > width { shortened(line, width.saturating_sub(3)) } else { line.to_owned() }
    };
    lines.iter().map(fits).filter(|line| !line.is_empty()).map(|line| line + "\n").collect()
}

/// Text with lines that are no longer than this, as far as words allow it. What goes on is set in by two more than what it
/// goes on from, and by `least` at least.
pub(super) fn folded(text: &str, width: usize, least: usize) -> String {
    let mut folded = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let hanging = (indent + 2).max(least);
        let mut used = 0;
        // Runs of spaces are columns: they stay with the word before them.
        for word in line.split_inclusive(' ') {
            let long = word.trim_end().chars().count();
            if used + long > width && used > hanging && !word.trim().is_empty() {
                folded.truncate(folded.trim_end_matches(' ').len());
                folded.push_str(&format!("\n{:hanging$}", ""));
                used = hanging;
            }
            folded.push_str(word);
            used += word.chars().count();
        }
        folded.truncate(folded.trim_end_matches(' ').len());
        folded.push('\n');
    }
    folded
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
            text.push_str(&format!("{:<VALUES_AT$}{value}\n", if at == 0 { name } else { "" }));
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
        let origin = ancestor.records.iter().any(|found| found.record.parent.is_none());
        match (ancestor.records.is_empty(), origin) {
            (true, _) => text.push_str(", of which nothing else is known\n"),
            (false, true) => text.push_str(", an origin\n"),
            // Whose parent was there before.
            (false, false) if at + 1 == lineage.len() => text.push_str(", which is made from a later one\n"),
            (false, false) => text.push('\n'),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use greenroom_evolve::study::{Cost, Data};

    use super::*;

    fn record() -> Record {
        let digest = Digest::of(b"any");
        let change =
            |what: &str| Change { what: what.to_owned(), from: Some("500".to_owned()), to: Some("300".to_owned()) };
        Record {
            hypothesis: "ndcg@10 with other ease.lambda, fusion.popularity-weight".to_owned(),
            plan: digest,
            parent: Some(digest),
            difference: vec![change("ease.lambda"), change("fusion.popularity-weight")],
            proposer: "auto".to_owned(),
            trial: Some(("evolution.1-individual".to_owned(), 17)),
            data: Data { events: digest, protocol: "p1".to_owned(), catalogue: digest, graph: digest },
            seeds: vec![1],
            metrics: BTreeMap::from([("ndcg@10".to_owned(), Estimate { value: 0.1, low: 0.1, high: 0.1 })]),
            cost: Cost::default(),
            judgement: Judgement::Tried,
            prior: None,
            time_ms: 1_795_670_000_000,
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_of_a_record_is_lost() {
        let (digest, record) = (Digest::of(b"record"), record());
        let all = [(&digest, &record)];
        let wide = list(&all, Some(200));
        assert_eq!(wide.lines().count(), 2, "{wide}");
        for width in [40, 60, 80] {
            let text = list(&all, Some(width));
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
            for part in [&digest.short(), "tried", "ndcg@10", "ease.lambda: 500 -> 300"] {
                assert!(text.contains(part), "{width}: {part}\n{text}");
            }
        }
        // Whoever reads it with a program has one line a record.
        assert_eq!(list(&all, None).lines().count(), 2);
    }

    #[test]
    fn long_lines_are_folded_between_words_and_set_in() {
        let text = "  by auto, trial 17 of evolution.1-individual\n    short\n";
        assert_eq!(folded(text, 24, 0), "  by auto, trial 17 of\n    evolution.1-individual\n    short\n");
        assert_eq!(folded(text, 80, 0), text);
        let whole = one(&Digest::of(b"record"), &record());
        let narrow = folded(&whole, 40, VALUES_AT);
        let words = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&narrow), words(&whole));
        let long = |line: &&str| line.chars().count() > 40 && line.split_whitespace().count() > 2;
        assert_eq!(narrow.lines().find(long), None, "{narrow}");
        assert!(narrow.contains("hypothesis  ndcg@10 with other\n            ease.lambda,"), "{narrow}");
    }
}
