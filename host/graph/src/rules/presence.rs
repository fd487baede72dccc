//! A required input is there whenever the node runs: what runs only when a branch is picked cannot be all that a node
//! relies on. Ports of any name take what there is.

use super::{Mistakes, ports};
use crate::diagnostic::Mistake;
use crate::wiring::{Link, Place, Wiring};

/// Finds required ports whose node may not have run.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    for (index, place) in wiring.nodes.iter().enumerate() {
        for link in &place.inputs {
            let port = wiring.descriptor(place).and_then(|descriptor| ports::port(descriptor, &link.port.value));
            let required = port.is_some_and(|port| port.name != "*" && !port.optional);
            if let Some(used) = link.to.filter(|used| required && !wiring.runs_with(index, *used)) {
                mistakes.extend(mistake(wiring, place, link, used));
            }
        }
    }
}

fn mistake(wiring: &Wiring<'_>, place: &Place<'_>, link: &Link<'_>, used: usize) -> Option<Mistake> {
    let guard = wiring.place(used)?.guards.first()?;
    let router = wiring.place(guard.router)?.name;
    let message = format!(
        "`{}` requires its port `{}`, but `{}` runs only when `{router}` picks it",
        place.name, link.port.value, link.target.value
    );
    let mistake = Mistake::error("may_not_run", &link.target.span, message, "expected a node that always runs");
    let help = format!(
        "name `{}` in the same branches of `{router}`, or put a node between that takes any inputs",
        place.name
    );
    Some(mistake.also(&guard.written.span, "picked here").help(help))
}
