//! Trials without values, by class and reason.

use std::collections::BTreeMap;

use super::text::{count, shortened};
use super::{Report, page};
use crate::{Failure, Outcome};

/// Reasons of a class that are shown, the most frequent first.
const REASONS_MAX: usize = 5;

/// A class as a person reads it.
pub(super) fn class(failure: Failure) -> &'static str {
    match failure {
        Failure::Invalid => "invalid",
        Failure::Fault => "fault",
        Failure::Budget => "budget",
        Failure::Deadline => "deadline",
        Failure::Undefined => "undefined",
        Failure::Host => "host",
    }
}

fn meaning(failure: Failure) -> &'static str {
    match failure {
        Failure::Invalid => "an agent refused its parameters, or the graph does not hold together",
        Failure::Fault => "an agent trapped, or reported a fault",
        Failure::Budget => "a limit on fuel, memory or host calls was hit",
        Failure::Deadline => "the time ran out",
        Failure::Undefined => "a metric that is no number, or none",
        Failure::Host => "the host's own",
    }
}

/// The section; nothing where none has failed.
pub(super) fn section(report: &Report<'_>) -> String {
    let mut classes: BTreeMap<Failure, BTreeMap<String, usize>> = BTreeMap::new();
    for trial in report.studies.iter().flat_map(|study| &study.trials) {
        if let Some(Outcome::Failed { failure, why }) = trial.told(u64::MAX).map(|told| told.outcome) {
            *classes.entry(failure).or_default().entry(why).or_default() += 1;
        }
    }
    if classes.is_empty() {
        return String::new();
    }
    let rows: String = classes.into_iter().map(|(failure, reasons)| row(failure, reasons)).collect();
    let head = "<thead><tr><th>class</th><th class=\"n\">trials</th><th>reasons</th></tr></thead>";
    let body = format!("<div class=\"wide\"><table class=\"failures\">{head}<tbody>{rows}</tbody></table></div>");
    page::section("failures", "Failures", &body)
}

fn row(failure: Failure, reasons: BTreeMap<String, usize>) -> String {
    let trials: usize = reasons.values().sum();
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown = reasons.iter().take(REASONS_MAX);
    let mut list: String =
        shown.map(|(why, count)| format!("<li>{count} &times; {}</li>", shortened(why, 300))).collect();
    if let more @ 1.. = reasons.len().saturating_sub(REASONS_MAX) {
        list.push_str(&format!("<li>and {}</li>", count(more, "other reason")));
    }
    format!(
        "<tr><th scope=\"row\">{}<span class=\"sub\">{}</span></th><td class=\"n\">{trials}</td><td><ul>{list}</ul></td></tr>\n",
        class(failure),
        meaning(failure),
    )
}
