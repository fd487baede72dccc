//! What trials had, by number, and the best so far; one plot a study, all with the same scale.

use super::plot::{Plot, Scale};
use super::series::{Entry, Fate, better, entries, in_view, objective, told};
use super::text::{count, escaped, number};
use super::{Report, page, series};
use crate::study::Record;

/// The section.
pub(super) fn section(report: &Report<'_>) -> String {
    let all: Vec<(&Record, Vec<Entry<'_>>)> = report.studies.iter().map(|study| (study, entries(study))).collect();
    let over = all.iter().any(|(_, entries)| !entries.is_empty());
    let Some(first) = report.studies.first().filter(|_| over) else {
        return page::section("progress", "Progress", "<p>No trial is over yet.</p>");
    };
    let complete = all.iter().flat_map(|(_, entries)| entries).filter(|entry| shapes_scale(entry));
    let values: Vec<f64> = complete.filter_map(|entry| entry.value).collect();
    let scale = Scale::over(in_view(&first.config, &values).into_iter().chain(report.baseline));
    let mut body = "<div class=\"plots\">".to_owned();
    for (study, entries) in &all {
        body.push_str(&figure(study, entries, scale, report.baseline));
    }
    body.push_str("</div>");
    body.push_str(
        "<p class=\"key\"><span class=\"k complete\">&#9679;</span> complete <span class=\"k beyond\">&#9675;</span> beyond a bound \
         <span class=\"k pruned\">&#8211;</span> given up, at what it had then <span class=\"k failed\">&#10005;</span> failed \
         <span class=\"k below\">&#9662;</span> worse than the plot shows <span class=\"k line\">&#9473;</span> best so far \
         <span class=\"k base\">&#9477;</span> baseline. A value is the mean over all evaluations of its trial.</p>",
    );
    page::section("progress", "Progress", &body)
}

fn shapes_scale(entry: &Entry<'_>) -> bool {
    matches!(entry.fate, Fate::Complete | Fate::Beyond)
}

fn figure(study: &Record, entries: &[Entry<'_>], scale: Scale, baseline: Option<f64>) -> String {
    let config = &study.config;
    let trials = study.trials.len().max(1) as f64;
    let mut plot = Plot::new(Scale::of_count(trials), scale);
    if let Some(baseline) = baseline {
        plot.level("base", baseline);
    }
    let best = series::best(config, entries);
    for entry in entries {
        let (x, words) = (entry.trial.number as f64, told(entry));
        match (entry.fate, entry.value) {
            (Fate::Failed, _) | (_, None) => plot.mark_below("failed", x, &words),
            (_, Some(y)) if !plot.y().holds(y) => plot.mark_below("below", x, &words),
            (Fate::Pruned, Some(y)) => plot.mark("pruned", (x, y), &words),
            (Fate::Beyond, Some(y)) => plot.mark("beyond", (x, y), &words),
            (Fate::Complete, Some(y)) => plot.mark("complete", (x, y), &words),
        }
    }
    plot.stairs("line", &best_so_far(study, entries), true);
    if let Some((entry, value)) = best {
        plot.mark("best", (entry.trial.number as f64, value), &told(entry));
    }
    let name = objective(config);
    let of = |fate| entries.iter().filter(|entry| entry.fate == fate).count();
    let mut fates = vec![format!("{} complete", of(Fate::Complete) + of(Fate::Beyond))];
    for (fate, what) in [(Fate::Beyond, "beyond a bound"), (Fate::Pruned, "given up"), (Fate::Failed, "failed")] {
        fates.extend((of(fate) > 0).then(|| format!("{} {what}", of(fate))));
    }
    let reached = best.map_or_else(
        || "no trial that keeps to the bounds".to_owned(),
        |(entry, value)| format!("best {} (trial {})", number(value), entry.trial.number),
    );
    let shows = format!("{name} of {} of {}: {reached}", count(entries.len(), "trial"), config.name);
    format!(
        "<figure><figcaption>{}<span class=\"sub\">{reached}; {}; sampler {}</span></figcaption>\n{}</figure>\n",
        page::study_name(&config.name),
        fates.join(", "),
        escaped(&config.sampler),
        plot.svg("trial", name, &shows),
    )
}

/// Where the best of those that keep to the constraints changes.
fn best_so_far(study: &Record, entries: &[Entry<'_>]) -> Vec<(f64, f64)> {
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.fate == Fate::Complete) {
        let Some(value) = entry.value else { continue };
        if stairs.last().is_none_or(|(_, best)| better(&study.config, value, *best)) {
            stairs.push((entry.trial.number as f64, value));
        }
    }
    stairs
}
