//! Only routers have branches, and one router decides about a node.

use greenroom_model::PayloadKind;

use super::{Mistakes, noun};
use crate::diagnostic::Mistake;
use crate::wiring::Wiring;

/// Checks who names branches, and whom they name.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    for (index, place) in wiring.nodes.iter().enumerate() {
        let kind = wiring.kind(index).filter(|kind| *kind != PayloadKind::Route);
        if let (Some(span), Some(kind)) = (&place.shape.branches_span, kind) {
            let message = format!("node `{}` has branches, but returns {}", place.name, noun(kind));
            mistakes.push(
                Mistake::error("not_a_router", span, message, "expected branches only on a node that returns a route")
                    .help("move them to the router, or use a routing agent here"),
            );
        }
        let Some(first) = place.guards.first() else { continue };
        if let Some(second) = place.guards.iter().find(|mention| mention.router != first.router) {
            let router = |node: usize| wiring.place(node).map_or("", |place| place.name);
            let (one, other) = (router(first.router), router(second.router));
            let message = format!("both `{one}` and `{other}` decide whether `{}` runs", place.name);
            mistakes.push(
                Mistake::error("two_routers", &second.written.span, message, "expected each node under one router")
                    .also(&first.written.span, format!("named by `{one}` here"))
                    .help("remove it from one of them, or add a second node with the same agent"),
            );
        }
    }
}
