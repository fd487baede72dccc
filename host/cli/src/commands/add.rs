//! `greenroom add`: an agent into a graph file.

use std::fs;
use std::path::{Component, Path, PathBuf};

use greenroom_build::check_name;
use greenroom_graph::{Added, Place};
use greenroom_model::{Budget, Descriptor, PayloadKind, Role};

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::{failures, output, scripted, whole};

/// Puts an agent into a graph file: behind a node, which it then falls back to, or before one as one more source. Everything else in
/// the file stays as it is; it is written only if the graph is right with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The agent's component, or the script that it is.
    component: PathBuf,
    /// The graph file.
    #[arg(long = "to", value_name = "GRAPH")]
    graph: PathBuf,
    /// The node that it goes behind: whoever took from that takes from it.
    #[arg(long, value_name = "NODE", required_unless_present = "into")]
    after: Option<String>,
    /// The node that it is one more source of.
    #[arg(long, value_name = "NODE", conflicts_with = "after")]
    into: Option<String>,
    /// What agent and node are called [default: what the component's file is].
    #[arg(long)]
    name: Option<String>,
    /// Something of memory that it is granted, such as `profile:read`; may be given several times. Item facts are granted
    /// when it names some.
    #[arg(long, value_name = "GRANT")]
    grant: Vec<String>,
    /// How its instances are had: fresh, stocked or pooled.
    #[arg(long, value_name = "HOW", value_parser = ["fresh", "stocked", "pooled"])]
    instances: Option<String>,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (path, graph) = (&arguments.component, &arguments.graph);
    let bytes = fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let text = fs::read_to_string(graph).map_err(|e| failures::unreadable(graph, &e))?;
    let name =
        arguments.name.clone().unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    check_name(&name).map_err(|wrong| Failure::arguments(format!("{name:?} is {wrong}; name it by --name")))?;
    let wrong = |e: &dyn std::fmt::Display| Failure::bad_file(format!("{} is not usable: {e}", path.display()));
    let script = scripted::is_script(path, &bytes);
    if !script {
        greenroom_sandbox::inspect(&bytes).map_err(|e| wrong(&e))?;
    }
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let bytes = if script { scripted::component(&sandbox, &guests, path, bytes)? } else { bytes };
    let component = sandbox.load(&bytes).map_err(|e| wrong(&e))?;
    let described =
        guests.block_on(async move { component.describe(&Budget::PREPARE).await }).map_err(Failure::failed)?;
    let descriptor =
        described.map_err(|fault| Failure::agent(format!("{} cannot describe itself: {fault}", path.display())))?;
    let port = port(descriptor.as_ref(), arguments)?;
    let place = match (&arguments.after, &arguments.into) {
        (Some(node), _) => Place::After { node, port: &port },
        (None, Some(node)) => Place::Into(node),
        (None, None) => return Err(Failure::arguments("say where it goes by --after NODE or --into NODE")),
    };
    let mut grants = arguments.grant.clone();
    if descriptor.as_ref().is_some_and(|d| !d.facts.is_empty()) && !grants.iter().any(|grant| grant == "items:read") {
        grants.push("items:read".to_owned());
    }
    let component = from(graph, path)?;
    let instances = arguments.instances.as_deref();
    let added = Added { name: &name, file: &component, script, grants: &grants, instances, place };
    let changed = greenroom_graph::add(&text, &added)
        .map_err(|wrong| Failure::bad_file(format!("{}: {wrong}", graph.display())))?;
    // What is not right must not be read by a host that watches the file, so it is tried beside it.
    let tried = graph.with_extension("toml.new");
    let failed = |e: std::io::Error| Failure::failed(format!("failed to write {}: {e}", tried.display()));
    fs::write(&tried, &changed).map_err(failed)?;
    let loaded = super::load(&sandbox, &guests, &tried);
    fs::remove_file(&tried).map_err(failed)?;
    loaded?;
    whole::write(graph, changed.as_bytes())
        .map_err(|e| Failure::failed(format!("failed to write {}: {e}", graph.display())))?;
    let wired = match place {
        Place::After { node, port } => format!("behind `{node}`, at its port `{port}`"),
        Place::Into(node) => format!("as a source of `{node}`"),
    };
    let learns = descriptor.is_some_and(|d| !d.snapshot_schema.is_empty());
    let then = if learns { format!("; `greenroom train {}` lets it learn", graph.display()) } else { String::new() };
    output::text(&format!("{}: added `{name}` {wired}{then}\n", graph.display()))
}

/// The port for what comes from the node before it; of no interest for a source.
fn port(descriptor: Option<&Descriptor>, arguments: &Arguments) -> Result<String, Failure> {
    let Some(node) = &arguments.after else { return Ok(String::new()) };
    let Some(descriptor) = descriptor else { return Ok(node.clone()) };
    if descriptor.role == Role::Routing {
        return Err(Failure::bad_file("a router goes before nodes, with branches: write [nodes.*] of it by hand"));
    }
    let mut ports = descriptor.inputs.iter().filter(|port| port.kind == PayloadKind::Candidates);
    match (ports.next(), ports.find(|port| !port.optional)) {
        (None, _) => Err(Failure::bad_file(format!(
            "`{}` has no port for candidates, so it cannot go behind `{node}`: --into NODE makes it a source of a node",
            descriptor.name
        ))),
        (Some(_), Some(other)) => Err(Failure::bad_file(format!(
            "`{}` needs something at `{}` too: write its [nodes.*] by hand",
            descriptor.name, other.name
        ))),
        (Some(port), None) if port.name == "*" => Ok(node.clone()),
        (Some(port), None) => Ok(port.name.clone()),
    }
}

/// The path of a file as the graph file is to name it.
fn from(graph: &Path, file: &Path) -> Result<String, Failure> {
    let whole = |path: &Path| path.canonicalize().map_err(|e| Failure::bad_file(failures::why_unreadable(path, &e)));
    let folder = graph.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, file) = (whole(folder)?, whole(file)?);
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(file.components().skip(shared)).collect();
    path.to_str()
        .map(|path| path.replace('\\', "/"))
        .ok_or_else(|| Failure::bad_file(format!("{} has letters in its path that are no text", file.display())))
}
