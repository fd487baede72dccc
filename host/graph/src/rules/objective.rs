//! The objective names metrics and bounds that can hold, and segments follow each other.

use super::Mistakes;
use crate::authored::{Authored, BoundShape};
use crate::diagnostic::Mistake;
use crate::plan::{Bound, Objective, Segments};
use crate::reader::At;

/// The objective, with its default.
pub(crate) fn resolve(authored: &Authored, mistakes: &mut Mistakes) -> Objective {
    let graph = &authored.graph;
    if let Some(maximise) = &graph.maximise {
        metric(maximise, mistakes);
    }
    let subject_to = graph.subject_to.iter().map(|shape| bound(shape, mistakes)).collect();
    let maximise = graph.maximise.as_ref().map_or_else(|| Objective::default().maximise, |at| at.value.clone());
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

/// `ndcg@10`, `fuel`, `p99_ms`.
fn metric(written: &At<String>, mistakes: &mut Mistakes) {
    let (name, cut) = match written.value.split_once('@') {
        Some((name, cut)) => (name, cut.parse::<u32>().ok()),
        None => (written.value.as_str(), Some(1)),
    };
    if super::names::wrong("a metric", name, &written.span).is_some() || cut.is_none_or(|cut| cut == 0) {
        let message = format!("{:?} is no metric", written.value);
        mistakes.push(
            Mistake::error("bad_metric", &written.span, message, "expected a name, or a name and a cut")
                .help("for instance \"ndcg@10\", \"recall@20\" or \"fuel\""),
        );
    }
}
