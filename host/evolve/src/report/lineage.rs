//! How one gets from the plan that the evolution began with to the best one.

use super::text::{escaped, shortened};
use super::{Report, Step, page};
use crate::knowledge::Change;

/// The section; nothing where no lineage is known.
pub(super) fn section(report: &Report<'_>) -> String {
    if report.lineage.is_empty() {
        return String::new();
    }
    let last = report.lineage.len() - 1;
    let steps: String = report.lineage.iter().enumerate().map(|(at, step)| item(step, at == 0, at == last)).collect();
    page::section("lineage", "Lineage", &format!("<ol class=\"steps\">{steps}</ol>"))
}

fn item(step: &Step, first: bool, last: bool) -> String {
    let what = match (first, last) {
        (true, _) => "begins with ",
        (_, true) => "ends with ",
        _ => "",
    };
    let mut item = format!("<li>{what}<code title=\"{}\">{}</code>", step.plan, step.plan.short());
    if !step.origin.is_empty() {
        item.push_str(&format!(" <span class=\"sub\">{}</span>", escaped(&step.origin)));
    }
    if !step.hypothesis.is_empty() {
        item.push_str(&format!("<p class=\"why\">{}</p>", escaped(&step.hypothesis)));
    }
    if !step.changes.is_empty() {
        let changes: String = step.changes.iter().map(change).collect();
        item.push_str(&format!("<ul class=\"changes\">{changes}</ul>"));
    }
    item + "</li>\n"
}

fn change(Change { what, from, to }: &Change) -> String {
    let what = shortened(what, 120);
    let value = |value: &str, class: &str| format!("<span class=\"{class}\">{}</span>", shortened(value, 200));
    let told = match (from, to) {
        (Some(from), Some(to)) => format!("{} &rarr; {}", value(from, "old"), value(to, "new")),
        (None, Some(to)) => format!("added: {}", value(to, "new")),
        (Some(from), None) => format!("removed: {}", value(from, "old")),
        (None, None) => "changed".to_owned(),
    };
    format!("<li><code>{what}</code> {told}</li>")
}
