//! `greenroom admit`: whether a component may run here, and what it did in its trial.

use std::path::{Path, PathBuf};

use greenroom_graph::Plan;
use greenroom_model::{Descriptor, Digest, Usage};
use greenroom_runtime::{Admission, Outcome};
use greenroom_sandbox::{Limits, LoadError, Sandbox};
use serde_json::{Value, json};

use super::inspect::{contract, criteria, exports, learns, listed};
use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::table::{self, Table};
use crate::{failures, output};

/// Says whether a component may run here: reads it, compiles it, and tries it where nobody depends on it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The component.
    component: PathBuf,
    /// A graph file: what it grants to agents of this component is told too.
    #[arg(long, value_name = "GRAPH")]
    graph: Option<PathBuf>,
    /// Print JSON, refusals too.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.component;
    let bytes = std::fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let asked = sandbox.clone();
    let admitted = guests.block_on(async move { greenroom_runtime::admit(&asked, &bytes).await });
    let admission = match admitted.map_err(Failure::failed)? {
        Ok(admission) => admission,
        Err(error) => {
            if arguments.json {
                output::json(&json!({ "path": path, "admitted": false, "refused": refusals(&error) }))?;
            }
            return Err(Failure::bad_file(format!("{} is not admitted: {error}", path.display())));
        }
    };
    let plan = match &arguments.graph {
        Some(graph) => Some(super::load(&sandbox, &guests, graph)?.plan),
        None => None,
    };
    let grants = plan.as_ref().map(|plan| granted(plan, &admission.inspection.digest));
    if arguments.json {
        output::json(&document(path, &sandbox, &admission, grants.as_deref()))?;
    } else {
        output::text(&text(path, &sandbox, &admission, grants.as_deref()))?;
    }
    let trial = &admission.verdict.trial;
    if trial.passed() {
        return Ok(());
    }
    Err(Failure::agent(format!("{} is not admitted: {}", path.display(), trial.told())))
}

fn refusals(error: &LoadError) -> Vec<Value> {
    match error {
        LoadError::TooLarge(too_large) => {
            let each = too_large.0.iter();
            each.map(|e| json!({ "what": e.what, "found": e.found, "limit": e.limit, "advice": e.advice })).collect()
        }
        other => vec![json!({ "what": other.to_string() })],
    }
}

/// The agents of a component, with what each is granted.
fn granted(plan: &Plan, component: &Digest) -> Vec<(String, Vec<String>)> {
    let agents = plan.agents.iter().filter(|agent| agent.component == *component);
    agents.map(|agent| (agent.name.clone(), agent.grants.iter().map(ToString::to_string).collect())).collect()
}

/// Every measure with what was found and what is the most.
fn extents(sandbox: &Sandbox, admission: &Admission) -> impl Iterator<Item = (&'static str, u64, u64)> {
    let Limits(limits) = sandbox.limits();
    let found = admission.inspection.extent.each().into_iter().zip(limits.each());
    found.map(|((what, found, _), (_, limit, _))| (what, found, limit))
}

fn class(admission: &Admission) -> &'static str {
    let met = criteria(&admission.inspection.interfaces, descriptor(admission)).iter().all(|criterion| criterion.met);
    if met { "agent" } else { "module" }
}

fn descriptor(admission: &Admission) -> Option<&Descriptor> {
    admission.verdict.trial.descriptor.as_ref()
}

/// What a component that learns says of itself.
fn learner(admission: &Admission) -> Option<&Descriptor> {
    descriptor(admission).filter(|_| admission.inspection.interfaces.learner)
}

fn document(path: &Path, sandbox: &Sandbox, admission: &Admission, grants: Option<&[(String, Vec<String>)]>) -> Value {
    let interfaces = &admission.inspection.interfaces;
    let limits = extents(sandbox, admission);
    let limits = limits.map(|(what, found, limit)| json!({ "what": what, "found": found, "limit": limit }));
    let grants = grants.map(|agents| {
        let each = agents.iter().map(|(agent, grants)| json!({ "agent": agent, "grants": grants }));
        each.collect::<Vec<_>>()
    });
    let verdict = &admission.verdict;
    json!({
        "path": path,
        "admitted": verdict.trial.passed(),
        "kept": admission.kept,
        "digest": admission.inspection.digest,
        "limits": limits.collect::<Vec<_>>(),
        "contract": contract(interfaces),
        "exports": exports(interfaces),
        "imports": interfaces.imports,
        "wasi": interfaces.wasi,
        "class": class(admission),
        "criteria": criteria(interfaces, descriptor(admission)),
        "learning": learner(admission).map(|d| d.learning),
        "grants": grants,
        "load_us": verdict.load_us,
        "compiled_bytes": verdict.compiled_bytes,
        "trial": verdict.trial.steps,
    })
}

fn text(path: &Path, sandbox: &Sandbox, admission: &Admission, grants: Option<&[(String, Vec<String>)]>) -> String {
    let mut lines = Vec::new();
    let mut say = |what: &str, value: String| lines.push(format!("{what:10} {value}"));
    let (inspection, verdict) = (&admission.inspection, &admission.verdict);
    say("component", path.display().to_string());
    say("digest", inspection.digest.to_string());
    say("contract", contract(&inspection.interfaces));
    say("exports", exports(&inspection.interfaces).join(", "));
    say("imports", listed(&inspection.interfaces.imports));
    if inspection.interfaces.wasi {
        say("wasi", "0.2, with nothing behind it".to_owned());
    }
    match grants {
        Some([]) => say("granted", "nothing: no agent of the graph is of this component".to_owned()),
        Some(agents) => {
            agents.iter().for_each(|(agent, grants)| say("granted", format!("{agent}: {}", listed(grants))))
        }
        None => {}
    }
    say("class", class(admission).to_owned());
    if let Some(descriptor) = learner(admission) {
        say("learns", learns(descriptor));
    }
    let before = if admission.kept { ", in an earlier run" } else { "" };
    let compiled = table::bytes(usize::try_from(verdict.compiled_bytes).unwrap_or(usize::MAX));
    say("compiled", format!("to {compiled}, loaded in {:.1} ms{before}", verdict.load_us as f64 / 1e3));
    let verdict_word = if verdict.trial.passed() { "admitted" } else { "refused" };
    say("verdict", format!("{verdict_word}{before}"));
    let mut limits = Table::new(&["limit", "found>", "most>"]);
    for (what, found, limit) in extents(sandbox, admission) {
        limits.row([what.to_owned(), found.to_string(), limit.to_string()]);
    }
    let mut steps = Table::new(&["trial", "outcome", "fuel>", "ms>", "memory>", "why"]);
    for step in &verdict.trial.steps {
        let (outcome, why) = match &step.outcome {
            Outcome::Passed => ("passed", String::new()),
            Outcome::Failed(why) => ("FAILED", why.clone()),
            Outcome::Skipped(why) => ("skipped", why.clone()),
        };
        let [fuel, ms, memory] = used(&step.usage);
        steps.row([step.name.clone(), outcome.to_owned(), fuel, ms, memory, why]);
    }
    format!("{}\n\n{}\n{}", lines.join("\n"), limits.render(), steps.render())
}

/// Nothing for a step that called nothing.
fn used(usage: &Usage) -> [String; 3] {
    if usage.calls == 0 {
        return Default::default();
    }
    let memory = table::bytes(usize::try_from(usage.memory_peak).unwrap_or(usize::MAX));
    [table::large(usage.fuel as f64), format!("{:.1}", usage.wall_us as f64 / 1e3), memory]
}
