//! Columns that a port requires are there. What a node's candidates carry is what its agent says that it produces, and
//! beside that what all of its inputs of candidates carry: an agent passes on columns that it does not know.

use std::collections::BTreeMap;

use greenroom_model::{ColumnKind, PayloadKind};

use super::{Mistakes, ports};
use crate::diagnostic::Mistake;
use crate::suggest;
use crate::wiring::{Link, Place, Wiring};

type Columns<'a> = BTreeMap<&'a str, ColumnKind>;

/// Follows columns along the edges.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let mut known: BTreeMap<usize, Columns<'_>> = BTreeMap::new();
    for index in &wiring.order {
        let Some(place) = wiring.place(*index) else { continue };
        for link in &place.inputs {
            let from = link.to.filter(|to| wiring.kind(*to) == Some(PayloadKind::Candidates));
            if let Some(columns) = from.and_then(|from| known.get(&from)) {
                required(wiring, place, link, columns, mistakes);
            }
        }
        if let Some(columns) = carried(wiring, place, &known) {
            known.insert(*index, columns);
        }
    }
}

/// None when some of it cannot be known.
fn carried<'a>(wiring: &Wiring<'a>, place: &Place<'a>, known: &BTreeMap<usize, Columns<'a>>) -> Option<Columns<'a>> {
    let facts = wiring.facts(place)?;
    let mut common: Option<Columns<'a>> = None;
    for link in &place.inputs {
        let from = link.to?;
        if wiring.kind(from)? != PayloadKind::Candidates {
            continue;
        }
        let columns = known.get(&from)?;
        common = Some(match common {
            None => columns.clone(),
            Some(common) => common.into_iter().filter(|(name, kind)| columns.get(name) == Some(kind)).collect(),
        });
    }
    let mut columns = common.unwrap_or_default();
    let produced = facts.descriptor.iter().flat_map(|descriptor| &descriptor.produces);
    columns.extend(produced.map(|column| (column.name.as_str(), column.kind)));
    Some(columns)
}

fn required(wiring: &Wiring<'_>, place: &Place<'_>, link: &Link<'_>, columns: &Columns<'_>, mistakes: &mut Mistakes) {
    let Some(port) = wiring.descriptor(place).and_then(|descriptor| ports::port(descriptor, &link.port.value)) else {
        return;
    };
    let from = &link.target.value;
    for wanted in &port.columns {
        let (message, label, help) = match columns.get(wanted.name.as_str()) {
            Some(kind) if *kind == wanted.kind => continue,
            Some(kind) => (
                format!("column `{}` of `{from}` is {}, not {}", wanted.name, name(*kind), name(wanted.kind)),
                format!("expected a node whose `{}` is {}", wanted.name, name(wanted.kind)),
                None,
            ),
            None => (
                format!("port `{}` of `{}` needs the column `{}`", link.port.value, place.name, wanted.name),
                format!("expected a node whose candidates carry `{}`", wanted.name),
                Some(match columns.is_empty() {
                    true => format!("`{from}` carries no columns; put an agent between that produces it"),
                    false => format!("`{from}` carries {}", suggest::list(columns.keys().copied())),
                }),
            ),
        };
        mistakes.push(Mistake::error("missing_column", &link.target.span, message, label).help_maybe(help));
    }
}

fn name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::F32 => "f32",
        ColumnKind::S64 => "s64",
        ColumnKind::U32 => "u32",
    }
}
