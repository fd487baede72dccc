//! The best trials of each study with what they tried.

use super::series::{Entry, Price, entries, objective, own};
use super::text::{escaped, number, shortened};
use super::{Report, page};
use crate::study::Record;
use crate::{Score, best};

/// Trials of a study that are shown.
const TRIALS_MAX: usize = 10;

/// The section; nothing where no trial is complete.
pub(super) fn section(report: &Report<'_>) -> String {
    let tables: String = report.studies.iter().filter_map(table).collect();
    if tables.is_empty() { tables } else { page::section("trials", "Best trials", &tables) }
}

fn table(study: &Record) -> Option<String> {
    let config = &study.config;
    let entries = entries(study);
    let complete: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.score.is_some()).collect();
    let scores: Vec<Score> = complete.iter().filter_map(|entry| entry.score.clone()).collect();
    if scores.is_empty() {
        return None;
    }
    let price = Price::of(config);
    let any_inner = complete.iter().any(|entry| entry.trial.over().is_some_and(|over| !over.inner.is_empty()));
    let rows: String = best(&scores, TRIALS_MAX)
        .into_iter()
        .filter_map(|place| complete.get(place))
        .map(|entry| {
            let point: Vec<String> = (entry.trial.point.iter())
                .map(|(name, value)| format!("{}&nbsp;=&nbsp;{}", escaped(name), shortened(&value.to_string(), 60)))
                .collect();
            let others: String = entry
                .score
                .iter()
                .flat_map(|score| score.values.iter().enumerate())
                .map(|(at, value)| format!("<td class=\"n\">{}</td>", number(own(config, at, *value))))
                .collect();
            let fuel = if matches!(price, Price::Objective(_)) { None } else { price.at(config, entry) };
            let fuel = fuel.map_or_else(String::new, |fuel| format!("<td class=\"n\">{}</td>", number(fuel)));
            let beyond = if entry.fate == super::series::Fate::Beyond {
                " <span class=\"sub\">beyond a bound</span>"
            } else {
                ""
            };
            let inner = if any_inner { format!("<td>{}</td>", inner(entry)) } else { String::new() };
            format!(
                "<tr><td class=\"n\">{}</td>{others}{fuel}{inner}<td>{}{beyond}</td></tr>\n",
                entry.trial.number,
                point.join(", ")
            )
        })
        .collect();
    let mut heads: String =
        config.objectives.iter().map(|o| format!("<th class=\"n\">{}</th>", shortened(&o.name, 40))).collect();
    if !matches!(price, Price::Objective(_)) {
        heads.push_str(&format!("<th class=\"n\">{}</th>", price.words()));
    }
    if any_inner {
        heads.push_str("<th>inner rewards</th>");
    }
    Some(format!(
        "<details><summary>{} <span class=\"sub\">the best by {}</span></summary><div class=\"wide\"><table><thead><tr>\
         <th class=\"n\">trial</th>{heads}<th>point</th></tr></thead><tbody>{rows}</tbody></table></div></details>\n",
        page::study_name(&config.name),
        escaped(objective(config)),
    ))
}

/// What agents have by their own metrics, and beside.
fn inner(entry: &Entry<'_>) -> String {
    let all = entry.trial.over().into_iter().flat_map(|over| &over.inner);
    let each = all.map(|(name, value)| format!("{}&nbsp;{}", shortened(name, 60), number(*value)));
    each.collect::<Vec<_>>().join(", ")
}
