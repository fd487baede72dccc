//! The rules of a graph, one family a file. Each looks at the whole graph, adds the mistakes that it finds, and leaves
//! alone what another family reports: what is unknown to it is not wrong.

pub(crate) mod branches;
pub(crate) mod budgets;
pub(crate) mod columns;
pub(crate) mod components;
pub(crate) mod cycles;
pub(crate) mod fallbacks;
pub(crate) mod grants;
pub(crate) mod limits;
pub(crate) mod memory;
pub(crate) mod names;
pub(crate) mod objective;
pub(crate) mod output;
pub(crate) mod params;
pub(crate) mod ports;
pub(crate) mod presence;
pub(crate) mod references;
pub(crate) mod unused;

use greenroom_model::PayloadKind;

use crate::diagnostic::Mistake;

pub(crate) type Mistakes = Vec<Mistake>;

/// A kind of payload after "returns" or "takes".
fn noun(kind: PayloadKind) -> &'static str {
    match kind {
        PayloadKind::Candidates => "candidates",
        PayloadKind::Route => "a route",
        PayloadKind::Settings => "settings",
        PayloadKind::Document => "a document",
    }
}
