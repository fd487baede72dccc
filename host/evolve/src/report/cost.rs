//! What good values cost: the first objective against fuel, and which trials no other one is better than in both.

use super::plot::{Plot, Scale};
use super::series::{Entry, Fate, Price, better, entries, in_view, objective, own, told};
use super::text::{count, escaped, number};
use super::{Report, page};
use crate::study::{Bound, Record};

/// The section.
pub(super) fn section(report: &Report<'_>) -> String {
    let figures: String = report.studies.iter().filter_map(figure).collect();
    if figures.is_empty() {
        return String::new();
    }
    let body = format!(
        "<p>Joined by a line: the trials that no other beats in both (the Pareto front), of those that keep to the constraints. \
         Its hypervolume is the area that it beats, here as a share of the rectangle between the best and the worst of both that \
         the plot shows (Zitzler and Thiele 1999).</p><div class=\"plots\">{figures}</div>"
    );
    page::section("cost", "Cost", &body)
}

/// A trial that is complete, with what it costs.
type Priced<'e, 'a> = (&'e Entry<'a>, f64, f64);

fn figure(study: &Record) -> Option<String> {
    let config = &study.config;
    let (price, entries) = (Price::of(config), entries(study));
    let priced = |entry| Some((entry, price.at(config, entry)?, entry.value?));
    let priced: Vec<Priced<'_, '_>> =
        entries.iter().filter_map(priced).filter(|(_, fuel, _)| fuel.is_finite()).collect();
    if priced.is_empty() {
        return None;
    }
    let values: Vec<f64> = priced.iter().map(|(_, _, value)| *value).collect();
    let fuels = priced.iter().map(|(_, fuel, _)| *fuel);
    let mut plot = Plot::new(Scale::over(fuels), Scale::over(in_view(config, &values)));
    if let Price::Constraint(_, Bound::Max(bound)) = price {
        plot.upright("base", bound);
    }
    for (entry, fuel, value) in &priced {
        match entry.fate {
            _ if !plot.y().holds(*value) => plot.mark_below("below", *fuel, &told(entry)),
            Fate::Complete => plot.mark("complete", (*fuel, *value), &told(entry)),
            _ => plot.mark("beyond", (*fuel, *value), &told(entry)),
        }
    }
    // One that is far below all others would make the rectangle, and so the share, as large as one likes.
    let keeps = |(entry, _, value): &Priced<'_, '_>| entry.fate == Fate::Complete && plot.y().holds(*value);
    let keeping: Vec<Priced<'_, '_>> = priced.into_iter().filter(keeps).collect();
    let front = front(&keeping, |a, b| better(config, a, b));
    let points: Vec<(f64, f64)> = front.iter().map(|(_, fuel, value)| (*fuel, *value)).collect();
    plot.stairs("line", &points, false);
    for (entry, fuel, value) in &front {
        plot.mark("front", (*fuel, *value), &told(entry));
    }
    let oriented = |(_, fuel, value): &Priced<'_, '_>| (*fuel, own(config, 0, *value));
    let share = hypervolume(&keeping.iter().map(oriented).collect::<Vec<_>>());
    let area = share.map_or_else(String::new, |share| format!("; hypervolume {:.0} %", share * 100.0));
    let ends = match (front.first(), front.last()) {
        (Some((_, cheap, low)), Some((_, dear, high))) if front.len() > 1 => {
            format!(": from {} at {} to {} at {}", number(*low), number(*cheap), number(*high), number(*dear))
        }
        (Some((_, cheap, low)), _) => format!(": {} at {}", number(*low), number(*cheap)),
        _ => String::new(),
    };
    let words = format!("{} on the front{ends} {}{area}", count(front.len(), "trial"), price.words());
    Some(format!(
        "<figure><figcaption>{}<span class=\"sub\">{}</span></figcaption>\n{}</figure>\n",
        page::study_name(&config.name),
        escaped(&words),
        plot.svg(price.words(), objective(config), &words),
    ))
}

/// Those that no other beats in both, the cheapest first.
fn front<'e, 'a>(all: &[Priced<'e, 'a>], better: impl Fn(f64, f64) -> bool) -> Vec<Priced<'e, 'a>> {
    let mut sorted = all.to_vec();
    let good = |value: f64, than: f64| match (better(value, than), better(than, value)) {
        (true, _) => std::cmp::Ordering::Less,
        (_, true) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    };
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then(good(a.2, b.2)));
    let mut front: Vec<Priced<'e, 'a>> = Vec::new();
    for priced in sorted {
        if front.last().is_none_or(|last| better(priced.2, last.2)) {
            front.push(priced);
        }
    }
    front
}

/// The area that points of (cost, value) beat, as a share of the rectangle over all of them: cost is better when it is
/// less, value when it is more. None when they have no extent in one of the two.
fn hypervolume(points: &[(f64, f64)]) -> Option<f64> {
    let over = |of: fn(&(f64, f64)) -> f64, pick: fn(f64, f64) -> f64| points.iter().map(of).reduce(pick);
    let (cheapest, dearest) = (over(|p| p.0, f64::min)?, over(|p| p.0, f64::max)?);
    let (worst, best) = (over(|p| p.1, f64::min)?, over(|p| p.1, f64::max)?);
    let whole = (dearest - cheapest) * (best - worst);
    if whole <= 0.0 || !whole.is_finite() {
        return None;
    }
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let (mut area, mut reached) = (0.0, worst);
    for (cost, value) in sorted {
        if value > reached {
            area += (dearest - cost) * (value - reached);
            reached = value;
        }
    }
    Some(area / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_what_the_front_beats() {
        // One point is best in both: all of the rectangle.
        assert_eq!(hypervolume(&[(1.0, 5.0), (3.0, 1.0)]), Some(1.0));
        // Two ends of a front alone beat nothing of the rectangle between them; a third one in its middle beats a quarter.
        assert_eq!(hypervolume(&[(1.0, 1.0), (3.0, 5.0)]), Some(0.0));
        assert_eq!(hypervolume(&[(3.0, 5.0), (1.0, 1.0), (2.0, 3.0)]), Some(0.25));
        // What others beat adds nothing.
        assert_eq!(hypervolume(&[(3.0, 5.0), (1.0, 1.0), (2.0, 3.0), (2.5, 2.0)]), Some(0.25));
        assert_eq!(hypervolume(&[(1.0, 1.0)]), None);
        assert_eq!(hypervolume(&[]), None);
    }
}
