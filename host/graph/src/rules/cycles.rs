//! A node cannot wait for itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Mistakes;
use crate::diagnostic::{Mistake, Span};
use crate::wiring::Wiring;

/// Names each cycle once.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let ordered: BTreeSet<usize> = wiring.order.iter().copied().collect();
    let mut told: BTreeSet<usize> = ordered;
    for node in 0..wiring.nodes.len() {
        if told.contains(&node) {
            continue;
        }
        if let Some(cycle) = shortest(wiring, node) {
            told.extend(cycle.iter().copied());
            mistakes.push(mistake(wiring, &cycle));
        }
    }
}

/// The shortest way from a node's dependencies back to it, in the order in which payloads flow, beginning with the node.
fn shortest(wiring: &Wiring<'_>, node: usize) -> Option<Vec<usize>> {
    let mut users: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = VecDeque::from([node]);
    while let Some(user) = open.pop_front() {
        for before in wiring.place(user)?.dependencies() {
            if before == node {
                let mut cycle = vec![node];
                let mut step = user;
                while step != node {
                    cycle.push(step);
                    step = *users.get(&step)?;
                }
                return Some(cycle);
            }
            if let std::collections::btree_map::Entry::Vacant(unseen) = users.entry(before) {
                unseen.insert(user);
                open.push_back(before);
            }
        }
    }
    None
}

fn mistake(wiring: &Wiring<'_>, cycle: &[usize]) -> Mistake {
    let name = |node: &usize| wiring.place(*node).map_or("", |place| place.name);
    let first = cycle.first().copied().unwrap_or_default();
    let names: Vec<&str> = cycle.iter().chain([&first]).map(name).collect();
    let before: Vec<usize> = cycle.iter().rev().take(1).chain(cycle).copied().collect();
    let mut places = cycle.iter().zip(before).filter_map(|(user, used)| connection(wiring, *user, used));
    let span = places.next().unwrap_or_default();
    let text = format!("`{}` waits for itself: {}", name(&first), names.join(" -> "));
    let mistake = Mistake::error("cycle", &span, text, "expected no way back to the node itself")
        .help("remove one of these connections");
    places.fold(mistake, |mistake, span| mistake.also(&span, "and this"))
}

/// Where it is written that `user` waits for `used`.
fn connection(wiring: &Wiring<'_>, user: usize, used: usize) -> Option<Span> {
    let place = wiring.place(user)?;
    let input = place.inputs.iter().find(|link| link.to == Some(used)).map(|link| link.target.span.clone());
    let guard =
        || place.guards.iter().find(|mention| mention.router == used).map(|mention| mention.written.span.clone());
    input.or_else(guard)
}
