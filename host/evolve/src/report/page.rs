//! The page around its sections.

use super::series::{best, better, entries, objective};
use super::text::{count, difference, duration, escaped, large, number};
use super::{Report, cost, failures, front, lineage, parameters, progress, proof, trials};
use crate::study::{Config, Cost};

const STYLE: &str = include_str!("style.css");

pub(super) fn html(report: &Report<'_>) -> String {
    let title = escaped(report.title);
    let sections = [
        proof::section(report),
        front::section(report),
        progress::section(report),
        cost::section(report),
        parameters::section(report),
        lineage::section(report),
        trials::section(report),
        failures::section(report),
        about(report),
    ]
    .concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{}{sections}</main>\n\
         </body>\n</html>\n",
        tiles(report),
    )
}

/// A section with a heading; its body is a piece of a page.
pub(super) fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{body}\n</section>\n")
}

/// A study's name with its level marked: what stands behind its number.
pub(super) fn study_name(name: &str) -> String {
    let level = name.rsplit(['/', '-', '.', '_']).next().unwrap_or_default();
    match level {
        "individual" => format!("<span class=\"level individual\">individual</span> {}", escaped(name)),
        "composition" | "compositional" => {
            format!("<span class=\"level composition\">composition</span> {}", escaped(name))
        }
        _ => escaped(name),
    }
}

/// What one wants to know first.
fn tiles(report: &Report<'_>) -> String {
    let Some(first) = report.studies.first() else {
        return "<p>There is no study.</p>\n".to_owned();
    };
    let name = escaped(objective(&first.config));
    let found = report.studies.iter().filter_map(|study| {
        let entries = entries(study);
        best(&study.config, &entries).map(|(entry, value)| (study, entry.trial.number, value))
    });
    let found = found.reduce(|best, next| if better(&first.config, next.2, best.2) { next } else { best });
    let (word, _) = proof::standing(report);
    let mut tiles = vec![tile("verdict", word, "")];
    if let Some((study, trial, value)) = found {
        let beside = report.baseline.map_or_else(String::new, |baseline| {
            format!("; {} beside the baseline's {}", difference(value - baseline), number(baseline))
        });
        let whose = format!("trial {trial} of {}{beside}", escaped(&study.config.name));
        tiles.push(tile(&format!("best {name} in the search"), &number(value), &whose));
    }
    let made: usize = report.studies.iter().map(|study| entries(study).len()).sum();
    tiles.push(tile("trials", &made.to_string(), &format!("in {}", studies(report.studies.len()))));
    let spent = spent(report);
    let time = duration(spent.time_us);
    tiles.push(tile("fuel of evaluations", &large(spent.fuel as f64), &format!("in {time} of evaluation")));
    format!("<div class=\"tiles\">{}</div>\n", tiles.concat())
}

fn studies(of: usize) -> String {
    if of == 1 { "1 study".to_owned() } else { format!("{of} studies") }
}

fn tile(what: &str, value: &str, more: &str) -> String {
    format!(
        "<div class=\"tile\"><div class=\"what\">{what}</div><div class=\"value\">{value}</div><div class=\"sub\">{more}</div></div>\n"
    )
}

fn spent(report: &Report<'_>) -> Cost {
    let trials = report.studies.iter().flat_map(|study| &study.trials);
    trials.fold(Cost::default(), |cost, trial| cost.and(trial.cost(u64::MAX)))
}

/// What the studies were about.
fn about(report: &Report<'_>) -> String {
    let rows: String = report.studies.iter().map(|study| about_study(&study.config, study.trials.len())).collect();
    if rows.is_empty() { rows } else { section("studies", "Studies", &format!("<dl>{rows}</dl>")) }
}

fn about_study(config: &Config, made: usize) -> String {
    let dimensions = count(config.space.dimensions().len(), "dimension");
    let warm = if config.warm.is_empty() { String::new() } else { format!(", {} known before", config.warm.len()) };
    format!(
        "<dt>{}</dt><dd>{}; {dimensions}; {made} of {}{warm}; seed {}; at most {} at once. On {}.</dd>\n",
        study_name(&config.name),
        escaped(&config.aims()),
        count(usize::try_from(config.budget.trials).unwrap_or(usize::MAX), "trial"),
        config.seed,
        config.lag,
        escaped(&config.data.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_what_a_name_ends_in() {
        assert!(study_name("movies/2-composition").starts_with("<span class=\"level composition\">"));
        assert!(study_name("movies-1-individual").starts_with("<span class=\"level individual\">"));
        assert_eq!(study_name("a<b"), "a&lt;b");
    }
}
