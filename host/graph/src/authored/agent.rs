//! `[agents.*]`.

use greenroom_model::Digest;

use super::graph::inner;
use super::{BudgetsShape, Shape, trust};
use crate::diagnostic::{Mistake, Span};
use crate::plan::Untrained;
use crate::reader::{At, Literal, Reader, Section};

#[derive(Debug, Clone)]
pub(crate) struct AgentShape {
    pub(crate) span: Span,
    pub(crate) component: Option<At<String>>,
    /// The file with the text that it is, in the place of a component.
    pub(crate) script: Option<At<String>>,
    /// The digest that the component has to have.
    pub(crate) digest: Option<At<Digest>>,
    /// Whether there is a digest that could not be read: no component is known to be the one that is meant.
    pub(crate) digest_unread: bool,
    /// The file that its learned state is in.
    pub(crate) state: Option<At<String>>,
    /// Where the key `params` is, when it is there.
    pub(crate) params_span: Option<Span>,
    pub(crate) params: Vec<(At<String>, At<Literal>)>,
    pub(crate) grants: Vec<At<String>>,
    /// Whether there are grants that could not be read.
    pub(crate) unread: bool,
    pub(crate) budget: BudgetsShape,
    pub(crate) fuel_per_s: Option<At<u64>>,
    pub(crate) throttle: Option<At<bool>>,
    pub(crate) instances: Option<At<InstancesShape>>,
    pub(crate) instances_max: Option<At<u64>>,
    pub(crate) learn_every_s: Option<At<u64>>,
    pub(crate) untrained: Option<At<Untrained>>,
}

/// How instances are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstancesShape {
    Fresh,
    Stocked,
    Pooled,
}

impl Shape for AgentShape {
    const KEYS: &'static [&'static str] = &[
        "component",
        "script",
        "digest",
        "state",
        "params",
        "grants",
        "budget",
        "rate",
        "instances",
        "instances_max",
        "learn_every_s",
        "untrained",
    ];
}

impl AgentShape {
    /// The file that it is made of.
    pub(crate) fn file(&self) -> Option<&At<String>> {
        self.component.as_ref().or(self.script.as_ref())
    }

    pub(super) fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        if section.get("script").is_none() {
            reader.require(section, "component", "component = \"ease.wasm\"");
        }
        only_text(reader, section);
        let before = reader.mistakes.len();
        let grants = inner(reader, section, "grants", &["memory"])
            .and_then(|grants| grants.get("memory"))
            .and_then(|value| reader.texts("memory", value))
            .unwrap_or_default();
        let unread = reader.mistakes.len() > before;
        let rate = inner(reader, section, "rate", &["fuel_per_s", "exceeded"]);
        if let Some(rate) = &rate {
            reader.require(rate, "fuel_per_s", "fuel_per_s = 1_000_000_000");
        }
        let words = [("throttle", true), ("reject", false)];
        let kinds = [
            ("fresh", InstancesShape::Fresh),
            ("stocked", InstancesShape::Stocked),
            ("pooled", InstancesShape::Pooled),
        ];
        let digest = trust::digest(reader, section);
        Self {
            span: section.span.clone(),
            component: reader.text(section, "component"),
            script: reader.text(section, "script"),
            digest_unread: digest.is_none() && section.get("digest").is_some(),
            digest,
            state: reader.text(section, "state"),
            params_span: section.key_span("params"),
            params: params(reader, section),
            grants,
            unread,
            budget: BudgetsShape::read(reader, section),
            fuel_per_s: rate.as_ref().and_then(|rate| reader.whole(rate, "fuel_per_s")),
            throttle: rate.as_ref().and_then(|rate| reader.word(rate, "exceeded", &words)),
            instances: reader.word(section, "instances", &kinds),
            instances_max: reader.whole(section, "instances_max"),
            learn_every_s: reader.whole(section, "learn_every_s"),
            untrained: reader.word(section, "untrained", &[("learn", Untrained::Learn), ("refuse", Untrained::Refuse)]),
        }
    }
}

/// A script is its text: there is no component beside it, and none to pin.
fn only_text(reader: &mut Reader, section: &Section<'_, '_>) {
    if section.get("script").is_none() {
        return;
    }
    let both = [
        ("component", "keep the one that is meant"),
        ("digest", "pin the component that `greenroom build` makes of it"),
    ];
    for (key, help) in both {
        let Some(span) = section.key_span(key) else { continue };
        let message = format!("{} has `script` and `{key}`", section.place);
        let mistake = Mistake::error("script", &span, message, format!("expected no `{key}` beside `script`"));
        reader.mistakes.push(mistake.help(help));
    }
}

fn params(reader: &mut Reader, section: &Section<'_, '_>) -> Vec<(At<String>, At<Literal>)> {
    let Some(value) = section.get("params") else { return Vec::new() };
    let place = format!("`params` in {}", section.place);
    let Some(params) = reader.open_section(place, "params", section.span.clone(), value) else { return Vec::new() };
    let read = |(name, value): (At<String>, _)| {
        let literal = reader.literal(&name.value, value)?;
        Some((name, literal))
    };
    params.entries().filter_map(read).collect()
}
