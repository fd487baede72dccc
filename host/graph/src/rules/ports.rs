//! Inputs fit the ports of the agent: the port exists, takes this kind of payload, and none that is required is left
//! open. A component without a descriptor takes any candidates at any port.

use greenroom_model::{Descriptor, PayloadKind, Port};

use super::{Mistakes, names, noun};
use crate::diagnostic::Mistake;
use crate::suggest;
use crate::wiring::{Link, Place, Wiring};

/// Checks the inputs of all nodes.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    for place in &wiring.nodes {
        let Some(facts) = wiring.facts(place) else { continue };
        for link in &place.inputs {
            let kind = match &facts.descriptor {
                None => Some(PayloadKind::Candidates),
                Some(descriptor) => match port(descriptor, &link.port.value) {
                    Some(port) => Some(port.kind),
                    None => {
                        mistakes.push(unknown_port(place, link, descriptor));
                        None
                    }
                },
            };
            mistakes.extend(names::wrong("a port", &link.port.value, &link.port.span));
            let found = link.to.and_then(|node| wiring.kind(node));
            if let (Some(expected), Some(found)) = (kind, found) {
                mistakes.extend(wrong_kind(place, link, expected, found));
            }
        }
        if let Some(descriptor) = &facts.descriptor {
            open_ports(place, descriptor, mistakes);
        }
    }
}

/// The port of a name: its own, or the one of any name.
pub(crate) fn port<'d>(descriptor: &'d Descriptor, name: &str) -> Option<&'d Port> {
    let of = |name: &str| descriptor.inputs.iter().find(|port| port.name == name);
    of(name).or_else(|| of("*"))
}

fn unknown_port(place: &Place<'_>, link: &Link<'_>, descriptor: &Descriptor) -> Mistake {
    let agent = &descriptor.name;
    let message = format!("node `{}` has no port `{}`", place.name, link.port.value);
    let expected = match descriptor.inputs.as_slice() {
        [] => format!("expected no inputs: `{agent}` takes none"),
        _ => format!("expected a port of `{agent}`"),
    };
    let ports = descriptor.inputs.iter().map(|port| port.name.as_str());
    Mistake::error("unknown_port", &link.port.span, message, expected)
        .help_maybe(suggest::help(&link.port.value, ports))
}

fn wrong_kind(place: &Place<'_>, link: &Link<'_>, expected: PayloadKind, found: PayloadKind) -> Option<Mistake> {
    if expected == found {
        return None;
    }
    let (node, port, from) = (place.name, &link.port.value, &link.target.value);
    let message = format!("port `{port}` of `{node}` takes {}, but `{from}` returns {}", noun(expected), noun(found));
    let label = format!("expected a node that returns {}", noun(expected));
    let mistake = Mistake::error("wrong_payload", &link.target.span, message, label);
    Some(match found {
        PayloadKind::Route => mistake.help(format!(
            "a router picks which nodes run: name `{node}` in `branches` of `{from}` instead of taking it as an input"
        )),
        _ => mistake,
    })
}

fn open_ports(place: &Place<'_>, descriptor: &Descriptor, mistakes: &mut Mistakes) {
    let named = |name: &str| descriptor.inputs.iter().any(|port| port.name == name);
    for port in descriptor.inputs.iter().filter(|port| !port.optional) {
        let mut connected = place.shape.inputs.iter().map(|(name, _)| name.value.as_str());
        let (open, what, name) = match port.name.as_str() {
            "*" => (connected.all(named), "has no inputs".to_owned(), "any_name"),
            name => (connected.all(|other| other != name), format!("leaves its port `{name}` open"), name),
        };
        if open {
            let message = format!("node `{}` {what}", place.name);
            let label = format!("expected an input, as `{}` requires", descriptor.name);
            mistakes.push(
                Mistake::error("open_port", &place.shape.span, message, label).help(format!(
                    "connect a node that returns {}: `inputs = {{ {name} = \"...\" }}`",
                    noun(port.kind)
                )),
            );
        }
    }
}
