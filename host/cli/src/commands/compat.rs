//! `greenroom compat`: what a new component or graph would break, before it is deployed.

use std::path::{Path, PathBuf};

use greenroom_graph::{ComponentFacts, Finding, Impact, Plan, compare_components, compare_plans};
use greenroom_model::{Budget, Digest};
use greenroom_runtime::Guests;
use greenroom_sandbox::Sandbox;
use serde_json::json;

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::{failures, output};

/// Says what a new component, or a new graph, would break of what stands on the old one.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What is deployed: a component, or a graph file.
    old: PathBuf,
    /// What would take its place, of the same kind.
    new: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

/// What a file is, by how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Component,
    Graph,
}

impl Kind {
    fn of(path: &Path, bytes: &[u8]) -> Self {
        let wasm = bytes.starts_with(b"\0asm") || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("wasm"));
        if wasm { Self::Component } else { Self::Graph }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Graph => "graph",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (old, new) = (&arguments.old, &arguments.new);
    let read = |path: &PathBuf| std::fs::read(path).map_err(|e| failures::unreadable(path, &e));
    let (old_bytes, new_bytes) = (read(old)?, read(new)?);
    let (kind, other) = (Kind::of(old, &old_bytes), Kind::of(new, &new_bytes));
    if kind != other {
        let (old, new) = (old.display(), new.display());
        return Err(Failure::arguments(format!(
            "{old} is a {} and {new} is a {}: a component is compared with a component, a graph with a graph",
            kind.name(),
            other.name()
        )));
    }
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let (findings, digests) = match kind {
        Kind::Component => {
            let old = facts(&sandbox, &guests, old, &old_bytes)?;
            let new = facts(&sandbox, &guests, new, &new_bytes)?;
            (compare_components(&old, &new), [old.digest, new.digest])
        }
        Kind::Graph => {
            let load = |path: &Path| -> Result<Plan, Failure> { Ok(super::load(&sandbox, &guests, path)?.plan) };
            let (old, new) = (load(old)?, load(new)?);
            (compare_plans(&old, &new), [old.digest(), new.digest()])
        }
    };
    let breaking = count(&findings, Impact::Breaking);
    if arguments.json {
        output::json(&document(arguments, kind, &findings, digests))?;
    } else {
        output::text(&text(&findings))?;
    }
    if breaking == 0 {
        return Ok(());
    }
    let findings = if breaking == 1 { "finding is" } else { "findings are" };
    Err(Failure::breaking(format!(
        "{} cannot take the place of {} as it is: {breaking} {findings} breaking",
        new.display(),
        old.display()
    )))
}

/// What is known of a component. It is asked what it is, but not tried: it may be one that this host would not admit any more.
fn facts(sandbox: &Sandbox, guests: &Guests, path: &Path, bytes: &[u8]) -> Result<ComponentFacts, Failure> {
    let component =
        sandbox.load(bytes).map_err(|e| Failure::bad_file(format!("{} is not usable: {e}", path.display())))?;
    let asked = component.clone();
    let described = guests.block_on(async move { asked.describe(&Budget::PREPARE).await }).map_err(Failure::failed)?;
    let descriptor =
        described.map_err(|fault| Failure::agent(format!("{} cannot describe itself: {fault}", path.display())))?;
    Ok(ComponentFacts { digest: component.digest(), interfaces: component.interfaces().clone(), descriptor })
}

fn count(findings: &[Finding], impact: Impact) -> usize {
    findings.iter().filter(|finding| finding.severity == impact).count()
}

fn document(arguments: &Arguments, kind: Kind, findings: &[Finding], [old, new]: [Digest; 2]) -> serde_json::Value {
    json!({
        "kind": kind.name(),
        "old": { "path": arguments.old, "digest": old },
        "new": { "path": arguments.new, "digest": new },
        "compatible": count(findings, Impact::Breaking) == 0,
        "findings": findings,
    })
}

fn text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing that a graph or a caller could see is another\n".to_owned();
    }
    let counts: Vec<String> =
        Impact::ALL.iter().map(|impact| format!("{} {impact}", count(findings, *impact))).collect();
    let mut lines = vec![counts.join(", ")];
    for impact in Impact::ALL {
        let mut of_impact = findings.iter().filter(|finding| finding.severity == impact).peekable();
        if of_impact.peek().is_some() {
            lines.push(format!("\n{impact}"));
        }
        lines.extend(of_impact.map(ToString::to_string));
    }
    lines.join("\n") + "\n"
}
