//! `greenroom inspect`: what a component is, and whether it is an agent.

mod conformance;

use std::path::{Path, PathBuf};

use greenroom_model::{Budget, Descriptor, Domain, Interfaces, Learning, Parameter, Port};
use greenroom_runtime::Guests;
use greenroom_sandbox::{Component, Inspection, Sandbox};
use serde::Serialize;
use serde_json::json;

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::table::{self, Table};
use crate::{failures, output, scripted};

/// Says what a component is: what it exports and imports, its decision space, and whether it is an agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The component, or the script of an agent that is one.
    component: PathBuf,
    /// Check that it keeps the contract, at the edges of every type.
    #[arg(long)]
    conformance: bool,
    /// With --conformance: a later version, which is to take its state.
    #[arg(long, value_name = "COMPONENT", requires = "conformance")]
    next: Option<PathBuf>,
    /// With --conformance: another component that is to be the same agent, in whichever language.
    #[arg(long, value_name = "COMPONENT", requires = "conformance")]
    same_as: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

impl Arguments {
    /// Whether two components are asked the same.
    pub(crate) fn compares(&self) -> bool {
        self.same_as.is_some()
    }
}

/// One of the three things that make an agent.
#[derive(Debug, Serialize)]
pub(crate) struct Criterion {
    name: &'static str,
    pub(crate) met: bool,
    why: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.component;
    let bytes = std::fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let wrong = |e: &dyn std::fmt::Display| Failure::bad_file(format!("{} is not usable: {e}", path.display()));
    let script = scripted::is_script(path, &bytes);
    if !script {
        // Before a sandbox is set up: most of what can be wrong is wrong here.
        greenroom_sandbox::inspect(&bytes).map_err(|e| wrong(&e))?;
    }
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let bytes = if script { scripted::component(&sandbox, &guests, path, bytes)? } else { bytes };
    let component = sandbox.load(&bytes).map_err(|e| wrong(&e))?;
    if arguments.conformance {
        let load = |path: &Option<PathBuf>| path.as_ref().map(|path| load(&sandbox, &guests, path)).transpose();
        let (next, same_as) = (load(&arguments.next)?, load(&arguments.same_as)?);
        return conformance::run(path, &guests, component, next, same_as, arguments.json);
    }
    let asked = component.clone();
    let described = guests.block_on(async move { asked.describe(&Budget::PREPARE).await }).map_err(Failure::failed)?;
    let descriptor =
        described.map_err(|fault| Failure::agent(format!("{} cannot describe itself: {fault}", path.display())))?;
    let inspection = component.inspection();
    let criteria = criteria(&inspection.interfaces, descriptor.as_ref());
    let class = if criteria.iter().all(|criterion| criterion.met) { "agent" } else { "module" };
    if arguments.json {
        return output::json(&json!({
            "path": path,
            "digest": inspection.digest,
            "bytes": inspection.extent.bytes,
            "contract": contract(&inspection.interfaces),
            "exports": exports(&inspection.interfaces),
            "imports": inspection.interfaces.imports,
            "wasi": inspection.interfaces.wasi,
            "core_instances": inspection.need.instances,
            "class": class,
            "criteria": criteria,
            "descriptor": descriptor,
        }));
    }
    output::text(&text(path, inspection, class, &criteria, descriptor.as_ref()))
}

/// Another component.
fn load(sandbox: &Sandbox, guests: &Guests, path: &Path) -> Result<Component, Failure> {
    let bytes = scripted::read(sandbox, guests, path)?;
    sandbox.load(&bytes).map_err(|e| Failure::bad_file(format!("{} is not usable: {e}", path.display())))
}

pub(crate) fn exports(interfaces: &Interfaces) -> Vec<&'static str> {
    let all = [("policy", interfaces.policy), ("lifecycle", interfaces.lifecycle), ("learner", interfaces.learner)];
    all.into_iter().filter_map(|(name, exported)| exported.then_some(name)).collect()
}

/// The contract that a component is built against.
pub(crate) fn contract(interfaces: &Interfaces) -> String {
    format!("greenroom:agent@{}", interfaces.contract)
}

/// From what a learner learns, and whether it goes on from its state.
pub(crate) fn learns(descriptor: &Descriptor) -> String {
    let how = match descriptor.learning {
        Learning::Anew => "anew each time",
        Learning::Onward => "onward from its state",
    };
    format!("from the {} reward, {how}", word(&descriptor.reward_level))
}

/// What can be read off a component; that learning changes decisions shows when it runs.
pub(crate) fn criteria(interfaces: &Interfaces, descriptor: Option<&Descriptor>) -> [Criterion; 3] {
    let exported = exports(interfaces);
    let missing: Vec<String> = ["policy", "lifecycle", "learner"]
        .iter()
        .filter(|name| !exported.contains(name))
        .map(|n| format!("`{n}`"))
        .collect();
    let closed_loop = match missing.is_empty() {
        true => "exports policy, lifecycle and learner: it decides, is told what became of it, and its state is kept"
            .to_owned(),
        false => format!("does not export {}: what it decides cannot change with what it is told", missing.join(", ")),
    };
    let metric = descriptor.map(|d| d.inner_metric.as_str()).filter(|metric| !metric.is_empty());
    let evaluable = match (metric, descriptor) {
        (Some(metric), _) => format!("names the inner metric {metric}"),
        (None, Some(_)) => "names no inner metric: its decisions cannot be judged apart from the system's".to_owned(),
        (None, None) => "does not export `lifecycle`, so that it cannot name an inner metric".to_owned(),
    };
    let searched = |p: &&Parameter| !matches!(p.domain, Domain::Items | Domain::Numbers);
    let space = descriptor.map_or(0, |d| d.parameters.iter().filter(searched).count());
    let evolvable = match (space, descriptor) {
        (0, Some(_)) => "its decision space is empty: there is nothing to search".to_owned(),
        (0, None) => "does not export `lifecycle`, so that it has no decision space".to_owned(),
        (1, _) => "its decision space has 1 parameter".to_owned(),
        (n, _) => format!("its decision space has {n} parameters"),
    };
    [
        Criterion { name: "closed loop", met: missing.is_empty(), why: closed_loop },
        Criterion { name: "independently evaluable", met: metric.is_some(), why: evaluable },
        Criterion { name: "evolvable", met: space > 0, why: evolvable },
    ]
}

fn text(
    path: &Path,
    inspection: &Inspection,
    class: &str,
    criteria: &[Criterion],
    descriptor: Option<&Descriptor>,
) -> String {
    let mut lines = Vec::new();
    let mut say = |what: &str, value: String| lines.push(format!("{what:10} {value}"));
    say("component", path.display().to_string());
    if let Some(d) = descriptor {
        say("name", format!("{} {}: {}", d.name, d.version, d.summary));
        say("role", format!("{}, layer {}", word(&d.role), word(&d.layer)));
    }
    say("digest", inspection.digest.to_string());
    say("size", table::bytes(inspection.extent.bytes as usize));
    say("contract", contract(&inspection.interfaces));
    say("exports", exports(&inspection.interfaces).join(", "));
    say("imports", listed(&inspection.interfaces.imports));
    if inspection.interfaces.wasi {
        say("wasi", "0.2, with nothing behind it".to_owned());
    }
    say("class", class.to_owned());
    for Criterion { name, met, why } in criteria {
        say("", format!("{} {name}: {why}", if *met { "yes" } else { "no " }));
    }
    if let Some(d) = descriptor {
        if inspection.interfaces.learner {
            say("learns", learns(d));
        }
        say("returns", format!("{}{}", d.output.name(), columns(&d.produces, " with ")));
        say("history", format!("the latest {} events of the subject", d.history_max));
        say("facts", listed(&d.facts));
        let schema = if d.snapshot_schema.is_empty() { "none" } else { &d.snapshot_schema };
        say("state", schema.to_owned());
        let mut ports = Table::new(&["port", "takes", "needed", "columns"]);
        d.inputs.iter().for_each(|port| ports.row(port_cells(port)));
        let mut space =
            Table::new(&["parameter", "type", "range", "default", "scale", "only when", "new state", "what it does"]);
        d.parameters.iter().for_each(|parameter| space.row(parameter_cells(parameter)));
        for table in [ports, space] {
            if !table.is_empty() {
                lines.push(format!("\n{}", table.render().trim_end()));
            }
        }
    }
    lines.join("\n") + "\n"
}

pub(crate) fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn columns(columns: &[greenroom_model::ColumnSpec], before: &str) -> String {
    let each: Vec<String> = columns.iter().map(|c| format!("{} ({})", c.name, word(&c.kind))).collect();
    if each.is_empty() { String::new() } else { format!("{before}{}", each.join(", ")) }
}

fn port_cells(port: &Port) -> [String; 4] {
    let name = if port.name == "*" { "* (any number)".to_owned() } else { port.name.clone() };
    let needed = if port.optional { "no" } else { "yes" };
    [name, port.kind.name().to_owned(), needed.to_owned(), columns(&port.columns, "")]
}

fn parameter_cells(parameter: &Parameter) -> [String; 8] {
    let (kind, range, log) = match &parameter.domain {
        Domain::Float { low, high, log, .. } => ("float", format!("{low} to {high}"), *log),
        Domain::Integer { low, high, log, .. } => ("integer", format!("{low} to {high}"), *log),
        Domain::Choice { options, .. } => ("choice", options.join(", "), false),
        Domain::Boolean { .. } => ("boolean", "true, false".to_owned(), false),
        Domain::Items => ("items", "ids of items".to_owned(), false),
        Domain::Numbers => ("numbers", "a list, or numbers by name".to_owned(), false),
    };
    let condition = parameter.condition.as_ref();
    [
        parameter.name.clone(),
        kind.to_owned(),
        range,
        default_of(&parameter.domain).unwrap_or_default(),
        if log { "log".to_owned() } else { String::new() },
        condition.map(|c| format!("{} = {}", c.parameter, c.values.join(" or "))).unwrap_or_default(),
        if parameter.shapes_state { "yes" } else { "no" }.to_owned(),
        parameter.summary.clone(),
    ]
}

/// The default as it is written in a graph file.
pub(crate) fn default_of(domain: &Domain) -> Option<String> {
    match domain {
        Domain::Float { default, .. } => Some(default.to_string()),
        Domain::Integer { default, .. } => Some(default.to_string()),
        Domain::Choice { default, .. } => Some(format!("{default:?}")),
        Domain::Boolean { default } => Some(default.to_string()),
        Domain::Items | Domain::Numbers => None,
    }
}

/// A word of a closed set, as it is written elsewhere.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}
