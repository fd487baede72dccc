//! Which parameters matter, as bars.

use super::importance::{Importance, importance};
use super::text::shortened;
use super::{Report, page};
use crate::study::Record;

/// Bars of a study; what is beyond matters least.
const BARS_MAX: usize = 15;
/// From here on a dimension is not told from chance.
const P_MAX: f64 = 0.05;

/// The section.
pub(super) fn section(report: &Report<'_>) -> String {
    if report.studies.is_empty() {
        return String::new();
    }
    let studies: String = report.studies.iter().map(bars).collect();
    let body = format!(
        "<p>How far the best tenth of the trials differs from all trials in each parameter, beyond what as many trials drawn at \
         random do (PED-ANOVA, Watanabe, Bansal and Hutter 2023), as shares of the sum. A hollow bar is not told from chance \
         (p over 5&nbsp;%). A large share says that the value matters, not that more of it is better.</p>\
         <div class=\"plots\">{studies}</div>"
    );
    page::section("parameters", "Parameters", &body)
}

fn bars(study: &Record) -> String {
    let all = importance(study);
    let name = page::study_name(&study.config.name);
    if all.is_empty() {
        let few = "<p class=\"sub\">Too few trials to say.</p>";
        return format!("<figure><figcaption>{name}</figcaption>{few}</figure>\n");
    }
    let rows: String = all.iter().take(BARS_MAX).map(bar).collect();
    let more = all.len().saturating_sub(BARS_MAX);
    let more = if more > 0 { format!("<p class=\"sub\">and {more} that matter less</p>") } else { String::new() };
    format!("<figure><figcaption>{name}</figcaption><table class=\"bars\">{rows}</table>{more}</figure>\n")
}

fn bar(importance: &Importance) -> String {
    let Importance { dimension, share, p, trials } = importance;
    let class = if *p > P_MAX { "bar chance" } else { "bar" };
    let percent = share * 100.0;
    format!(
        "<tr title=\"p = {p:.3}, {trials} trials\"><th scope=\"row\">{}</th><td class=\"track\"><span class=\"{class}\" \
         style=\"width:{percent:.1}%\"></span></td><td class=\"n\">{percent:.0}&nbsp;%</td></tr>\n",
        shortened(dimension, 80),
    )
}
