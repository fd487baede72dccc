//! A fallback is there when it is needed, and fits in the place of what failed.

use greenroom_model::PayloadKind;

use super::{Mistakes, noun};
use crate::authored::FaultShape;
use crate::diagnostic::Mistake;
use crate::reader::At;
use crate::suggest;
use crate::wiring::{Place, Wiring};

/// Checks `on_fault` of all nodes.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    for (index, place) in wiring.nodes.iter().enumerate() {
        match &place.shape.on_fault {
            Some(At { value: FaultShape::Node(target), .. }) => mistakes.extend(node(wiring, index, place, target)),
            Some(At { value: FaultShape::Empty, span }) => {
                let kind = wiring.kind(index);
                if let Some(kind @ (PayloadKind::Settings | PayloadKind::Document)) = kind {
                    let message =
                        format!("node `{}` returns {}, of which there is no empty one", place.name, noun(kind));
                    let label = "expected \"fail\" or { node = .. }";
                    mistakes.push(Mistake::error("no_empty", span, message, label));
                }
            }
            Some(At { value: FaultShape::Fail, .. }) | None => {}
        }
    }
}

fn node(wiring: &Wiring<'_>, index: usize, place: &Place<'_>, target: &At<String>) -> Option<Mistake> {
    let fallback = wiring.nodes.iter().position(|place| place.name == target.value)?;
    let ancestors = wiring.ancestors(index);
    if fallback == index || !ancestors.contains(&fallback) {
        let message = format!("`{}` cannot fall back to `{}`, which is not before it", place.name, target.value);
        let names = ancestors.iter().filter(|node| **node != index).filter_map(|node| wiring.place(*node));
        let names: Vec<&str> = names.map(|place| place.name).collect();
        let help = match names.as_slice() {
            [] => "it takes nothing from any node; write \"fail\" or \"empty\"".to_owned(),
            names => format!("before it: {}", suggest::list(names.iter().copied())),
        };
        let label = "expected a node that its inputs come from";
        return Some(Mistake::error("fallback_order", &target.span, message, label).help(help));
    }
    let (own, other) = (wiring.kind(index)?, wiring.kind(fallback)?);
    if own != other {
        let message = format!(
            "`{}` returns {}, but falls back to `{}`, which returns {}",
            place.name,
            noun(own),
            target.value,
            noun(other)
        );
        let label = format!("expected a node that returns {}", noun(own));
        return Some(Mistake::error("fallback_payload", &target.span, message, label));
    }
    if !wiring.runs_with(index, fallback) {
        let message = format!("`{}` may not have run when `{}` falls back to it", target.value, place.name);
        let label = "expected a node that always runs";
        return Some(
            Mistake::error("fallback_may_not_run", &target.span, message, label)
                .help("a router picks it; choose a node that no branch names, or \"empty\""),
        );
    }
    None
}
