//! `greenroom check`: whether a graph can be executed, and what it becomes.

use std::path::PathBuf;

use greenroom_graph::Diagnostics;
use greenroom_runtime::{Given, LoadGraphError, Loaded, try_given};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output;
use crate::settings::HostFlags;
use crate::table::Table;

/// Says everything that is wrong with a graph, or what it becomes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// Print JSON, mistakes too.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let path = arguments.graph.clone();
    let loaded = guests.block_on(async move { greenroom_runtime::load(&sandbox, &path).await });
    let loaded = match loaded.map_err(Failure::failed)? {
        Ok(loaded) => loaded,
        Err(LoadGraphError::Graph(mistakes)) if arguments.json => {
            output::json(&json!({ "ok": false, "mistakes": listed(&mistakes) }))?;
            return Err(Failure::Told);
        }
        Err(error) => return Err(error.into()),
    };
    try_given(&guests, &loaded)?;
    let plan = &loaded.plan;
    if arguments.json {
        return output::json(&document(&loaded));
    }
    if !plan.warnings.is_empty() {
        eprintln!("{:?}", miette::Report::new(plan.warnings.clone()));
    }
    let mut table = Table::new(&["agent", "component", "digest", "parameters that are not the default"]);
    for agent in &plan.agents {
        table.row([agent.name.clone(), agent.component_path.clone(), agent.component.short(), changed(agent)]);
    }
    output::text(&format!("{}\n{}{}", plan.render(), table.render(), given(&loaded)))
}

/// Which agents have their state from a file, a line each.
pub(super) fn given(loaded: &Loaded) -> String {
    let line = |(agent, given): (&String, &Given)| {
        format!("agent {agent} has its state from {} ({}): it does not learn\n", given.path, given.digest.short())
    };
    loaded.given.iter().map(line).collect()
}

fn listed(diagnostics: &Diagnostics) -> Vec<greenroom_graph::Diagnostic> {
    diagnostics.iter().collect()
}

fn changed(agent: &greenroom_graph::Agent) -> String {
    let default = |name: &str| {
        let parameter = agent.descriptor.as_ref()?.parameter(name)?;
        super::inspect::default_of(&parameter.domain)
    };
    let changed = agent.params.iter().filter(|(name, value)| default(name).as_deref() != Some(&value.to_string()));
    changed.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

fn document(loaded: &Loaded) -> Value {
    let plan = &loaded.plan;
    let name = |index: usize| plan.nodes.get(index).map(|node| node.name.as_str());
    let agents = plan.agents.iter().map(|agent| {
        json!({
            "name": agent.name,
            "component": agent.component_path,
            "digest": agent.component,
            "state": loaded.given.get(&agent.name).map(|given| json!({ "path": given.path, "digest": given.digest })),
            "params": agent.params,
            "grants": agent.grants.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "budgets": agent.budgets,
            "instances": agent.instances,
        })
    });
    let nodes = plan.nodes.iter().map(|node| {
        let inputs = node.inputs.iter().map(|edge| (edge.port.clone(), json!(name(edge.node))));
        json!({
            "name": node.name,
            "agent": plan.agent_of(node).map(|agent| &agent.name),
            "inputs": inputs.collect::<serde_json::Map<_, _>>(),
            "output": node.output,
            "limit": node.limit,
            "deadline_ms": node.deadline_ms,
            "branches": node.branches,
            "runs_when": node.guard.as_ref().map(|g| json!({ "router": name(g.router), "picks": g.branches })),
        })
    });
    json!({
        "ok": true,
        "name": plan.name,
        "digest": plan.digest(),
        "output": name(plan.output),
        "deadline_ms": plan.deadline_ms,
        "objective": plan.objective,
        "agents": agents.collect::<Vec<_>>(),
        "nodes": nodes.collect::<Vec<_>>(),
        "warnings": listed(&plan.warnings),
    })
}
