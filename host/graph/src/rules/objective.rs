//! The objective names metrics and bounds that can hold, and segments follow each other.

use super::Mistakes;
use crate::authored::{Authored, BoundShape};
use crate::diagnostic::Mistake;
use crate::plan::{Bound, Objective, Segments};
use crate::reader::At;
use crate::suggest;

/// The objective, with its default.
pub(crate) fn resolve(authored: &Authored, mistakes: &mut Mistakes) -> Objective {
    let graph = &authored.graph;
    let named = graph.maximise.as_deref().unwrap_or_default();
    for (at, written) in named.iter().enumerate() {
        metric(written, mistakes);
        if named.iter().take(at).any(|earlier| earlier.value == written.value) {
            let message = format!("{:?} is there twice", written.value);
            mistakes.push(Mistake::error("repeated_metric", &written.span, message, "expected each metric once"));
        }
    }
    let subject_to = graph.subject_to.iter().map(|shape| bound(shape, mistakes)).collect();
    let maximise: Vec<String> = named.iter().map(|at| at.value.clone()).collect();
    let maximise = if maximise.is_empty() { Objective::default().maximise } else { maximise };
    Objective { maximise, subject_to }
}

/// The segments, with their defaults.
pub(crate) fn segments(authored: &Authored, mistakes: &mut Mistakes) -> Segments {
    let usual = Segments::default();
    let (cold, light) = (&authored.graph.cold, &authored.graph.light);
    for (key, at) in [("cold", cold), ("light", light)] {
        super::limits::range(key, at.as_ref(), 0, u32::MAX.into(), mistakes);
    }
    let number = |at: &Option<At<u64>>| at.as_ref().and_then(|at| u32::try_from(at.value).ok());
    let cold_max = number(cold).unwrap_or(usual.cold);
    let light_max = number(light).unwrap_or(usual.light.max(if light.is_none() { cold_max } else { 0 }));
    if let Some(at) = light.as_ref().filter(|_| light_max < cold_max) {
        let message = format!("`light` is {light_max}, less than `cold`, which is {cold_max}");
        mistakes.push(
            Mistake::error("segments", &at.span, message, format!("expected at least {cold_max}"))
                .help("each is the most events of a subject of that kind: cold subjects have fewer than light ones"),
        );
    }
    Segments { cold: cold_max, light: light_max }
}

fn bound(shape: &BoundShape, mistakes: &mut Mistakes) -> Bound {
    metric(&shape.metric, mistakes);
    if let (Some(min), Some(max)) = (&shape.min, &shape.max)
        && min.value > max.value
    {
        let message = format!("`{}` cannot be at least {} and at most {}", shape.metric.value, min.value, max.value);
        mistakes.push(Mistake::error("empty_bound", &min.span, message, "expected at most the value of `max`"));
    }
    let value = |at: &Option<At<f64>>| at.as_ref().map(|at| at.value);
    Bound { metric: shape.metric.value.clone(), min: value(&shape.min), max: value(&shape.max) }
}

/// Of whom a metric may be alone: kinds of subjects, and of items.
const SEGMENTS: [&str; 6] = ["new", "cold", "light", "heavy", "head", "tail"];

/// `ndcg@10`, `fuel`, `p99_ms`, `ndcg@10[cold]`.
fn metric(written: &At<String>, mistakes: &mut Mistakes) {
    let (whole, segment) = match written.value.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((whole, segment)) => (whole, Some(segment)),
        None => (written.value.as_str(), None),
    };
    let (name, cut) = match whole.split_once('@') {
        Some((name, cut)) => (name, cut.parse::<u32>().ok()),
        None => (whole, Some(1)),
    };
    if super::names::wrong("a metric", name, &written.span).is_some() || cut.is_none_or(|cut| cut == 0) {
        let message = format!("{:?} is no metric", written.value);
        mistakes.push(
            Mistake::error("bad_metric", &written.span, message, "expected a name, or a name and a cut")
                .help("for instance \"ndcg@10\", \"recall@20\", \"ndcg@10[cold]\" or \"fuel\""),
        );
    }
    if let Some(segment) = segment.filter(|segment| !SEGMENTS.contains(segment)) {
        let message = format!("{:?} is of a segment `{segment}`, which there is not", written.value);
        let near = suggest::nearest(segment, SEGMENTS);
        mistakes.push(
            Mistake::error("bad_segment", &written.span, message, format!("expected {}", suggest::list(SEGMENTS)))
                .help_maybe(near.map(|segment| format!("did you mean [{segment}]?"))),
        );
    }
}
