//! The answer comes from one node, always, and as candidates.

use greenroom_model::PayloadKind;

use super::{Mistakes, noun};
use crate::diagnostic::Mistake;
use crate::wiring::Wiring;

/// Checks the output node.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let (Some(written), Some(output)) = (&wiring.authored.graph.output, wiring.output) else { return };
    let Some(place) = wiring.place(output) else { return };
    let answers = wiring.kind(output).is_none_or(|kind| kind == PayloadKind::Candidates);
    if let Some(kind) = wiring.kind(output).filter(|kind| *kind != PayloadKind::Candidates) {
        let message = format!("the output `{}` returns {}", place.name, noun(kind));
        mistakes.push(
            Mistake::error("wrong_output", &written.span, message, "expected a node that returns candidates")
                .help("name the node whose candidates are the answer"),
        );
    }
    if let Some(mention) = place.guards.first() {
        let message = format!("the output `{}` runs only when the branch `{}` is picked", place.name, mention.branch);
        mistakes.push(
            Mistake::error("guarded_output", &mention.written.span, message, "expected a node that is not the output")
                .help("add a node that always runs and takes what the branches return, and make it the output"),
        );
    }
    if let Some(limit) = place.shape.limit.as_ref().filter(|_| answers) {
        let message = format!("the output `{}` has a `limit`", place.name);
        mistakes.push(
            Mistake::error("output_limit", &limit.span, message, "expected none: each request brings its own")
                .help("remove `limit` here"),
        );
    }
}
