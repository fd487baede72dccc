//! From a graph file and what its components say to a plan, or to all that is wrong.

use std::collections::BTreeMap;

use greenroom_model::{Budgets, Grant, Params, PayloadKind};

use crate::authored::{Authored, FaultShape, InstancesShape};
use crate::diagnostic::{Diagnostics, Mistake};
use crate::plan::{
    Agent, ComponentFacts, Edge, Guard, Instances, Node, Objective, OnFault, Plan, Rate, RequestBudget, Round, Segments,
};
use crate::reader::At;
use crate::rules;
use crate::wiring::{Place, Wiring};

/// What a node that says nothing is asked for.
const LIMIT: u32 = 200;
/// How many instances are kept when the file does not say.
const INSTANCES: u32 = 4;
/// Sources have a bit each.
const SOURCES_MAX: usize = 64;

/// Checks a graph and makes a plan of it. `facts` has an entry for each of [`Authored::components`]: what was found, or
/// why the component cannot be used.
///
/// # Errors
/// All mistakes, those found by [`Authored::parse`] included.
pub fn resolve(
    authored: &Authored,
    facts: &BTreeMap<String, Result<ComponentFacts, String>>,
) -> Result<Plan, Diagnostics> {
    let mut mistakes = authored.mistakes.clone();
    let wiring = Wiring::new(authored, facts);
    rules::names::check(authored, &mut mistakes);
    rules::references::check(&wiring, &mut mistakes);
    rules::components::check(&wiring, facts, &mut mistakes);
    rules::cycles::check(&wiring, &mut mistakes);
    rules::output::check(&wiring, &mut mistakes);
    rules::unused::check(&wiring, &mut mistakes);
    rules::ports::check(&wiring, &mut mistakes);
    rules::presence::check(&wiring, &mut mistakes);
    rules::columns::check(&wiring, &mut mistakes);
    rules::branches::check(&wiring, &mut mistakes);
    rules::fallbacks::check(&wiring, &mut mistakes);
    rules::limits::check(&wiring, &mut mistakes);
    rules::memory::check(&wiring, &mut mistakes);
    rules::grants::namespaces(&wiring, &mut mistakes);
    let whole = Whole {
        segments: rules::objective::segments(authored, &mut mistakes),
        objective: rules::objective::resolve(authored, &mut mistakes),
        budget: rules::budgets::request(&authored.graph, &mut mistakes),
        agents: wiring
            .agents
            .iter()
            .map(|agent| Settled {
                params: rules::params::resolve(agent, &mut mistakes),
                grants: rules::grants::resolve(&wiring, agent, &mut mistakes),
                budgets: rules::budgets::resolve(&wiring, agent, &mut mistakes),
                round: rules::budgets::round(agent, &mut mistakes),
                rate: rules::budgets::rate(agent.shape, &mut mistakes),
            })
            .collect(),
    };
    let sources: Vec<usize> = wiring.order.iter().copied().filter(|node| is_source(&wiring, *node)).collect();
    if let Some(place) = sources.get(SOURCES_MAX).and_then(|node| wiring.place(*node)) {
        let message = format!("the graph has {} sources, which are too many", sources.len());
        mistakes.push(Mistake::error(
            "too_many_sources",
            &place.shape.span,
            message,
            format!("expected at most {SOURCES_MAX}"),
        ));
    }
    if mistakes.iter().any(Mistake::is_error) {
        return Err(Diagnostics::new(&authored.file_name, &authored.text, mistakes));
    }
    let warnings = Diagnostics::new(&authored.file_name, &authored.text, mistakes);
    build(&wiring, whole, &sources, warnings).ok_or_else(|| {
        let message = "the graph is incomplete in a way that no rule names";
        let mistake = Mistake::error("incomplete", &authored.graph.span, message, "somewhere in this file");
        Diagnostics::new(&authored.file_name, &authored.text, vec![mistake])
    })
}

/// What rules found beside mistakes.
struct Whole {
    segments: Segments,
    objective: Objective,
    budget: RequestBudget,
    agents: Vec<Settled>,
}

struct Settled {
    params: Params,
    grants: Vec<Grant>,
    budgets: Budgets,
    round: Round,
    rate: Option<Rate>,
}

/// Whether a node returns candidates and takes none.
fn is_source(wiring: &Wiring<'_>, node: usize) -> bool {
    let candidates = |node: usize| wiring.kind(node) == Some(PayloadKind::Candidates);
    let takes = |place: &Place<'_>| place.inputs.iter().filter_map(|link| link.to).any(candidates);
    candidates(node) && wiring.place(node).is_some_and(|place| !takes(place))
}

/// None when something is missing that a rule should have reported.
fn build(wiring: &Wiring<'_>, whole: Whole, sources: &[usize], warnings: Diagnostics) -> Option<Plan> {
    let authored = wiring.authored;
    let places: BTreeMap<usize, usize> = wiring.order.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    let agents = wiring.agents.iter().zip(whole.agents).map(|(agent, settled)| {
        let facts = agent.facts?;
        let max = agent.shape.instances_max.as_ref().map_or(Some(INSTANCES), |max| u32::try_from(max.value).ok())?;
        Some(Agent {
            name: agent.name.to_owned(),
            component_path: agent.shape.file()?.value.clone(),
            component: facts.digest,
            state_path: agent.shape.state.as_ref().map(|state| state.value.clone()),
            interfaces: facts.interfaces.clone(),
            descriptor: facts.descriptor.clone(),
            params: settled.params,
            grants: settled.grants,
            budgets: settled.budgets,
            round: settled.round,
            rate: settled.rate,
            instances: match agent.shape.instances.as_ref().map(|at| at.value) {
                Some(InstancesShape::Pooled) => Instances::Pooled { max },
                Some(InstancesShape::Stocked) => Instances::Stocked { max },
                Some(InstancesShape::Fresh) | None => Instances::Fresh,
            },
            learn_every_s: agent.shape.learn_every_s.as_ref().map(|every| every.value),
            untrained: agent.shape.untrained.as_ref().map(|at| at.value).unwrap_or_default(),
        })
    });
    let namespaces = Some(authored.namespaces()).filter(|all| all.len() == authored.memory.len());
    let mut agents = agents.collect::<Option<Vec<Agent>>>()?;
    let catalogue = agents.split_off(authored.agents.len().min(agents.len()));
    Some(Plan {
        name: authored.graph.name.as_ref()?.value.clone(),
        agents,
        catalogue,
        nodes: wiring.order.iter().map(|index| node(wiring, *index, &places, sources)).collect::<Option<_>>()?,
        output: *places.get(&wiring.output?)?,
        deadline_ms: authored.graph.deadline_ms.as_ref()?.value,
        budget: whole.budget,
        exclude_seen: authored.graph.exclude_seen.as_ref().is_none_or(|exclude| exclude.value),
        segments: whole.segments,
        objective: whole.objective,
        namespaces: namespaces?,
        warnings,
    })
}

fn node(wiring: &Wiring<'_>, index: usize, places: &BTreeMap<usize, usize>, sources: &[usize]) -> Option<Node> {
    let place = wiring.place(index)?;
    let output = wiring.kind(index)?;
    let edge =
        |link: &crate::wiring::Link<'_>| Some(Edge { port: link.port.value.clone(), node: *places.get(&link.to?)? });
    let mut inputs = place.inputs.iter().map(edge).collect::<Option<Vec<Edge>>>()?;
    inputs.sort_by(|a, b| a.port.cmp(&b.port));
    let asked = wiring.output != Some(index) && output == PayloadKind::Candidates;
    let limit = match &place.shape.limit {
        _ if !asked => None,
        Some(limit) => Some(u32::try_from(limit.value).ok()?),
        None => Some(LIMIT),
    };
    let guard = match place.guards.first() {
        Some(first) => {
            let mut branches: Vec<String> = place.guards.iter().map(|mention| mention.branch.to_owned()).collect();
            branches.sort();
            branches.dedup();
            Some(Guard { router: *places.get(&first.router)?, branches })
        }
        None => None,
    };
    let mut branches: Vec<String> = place.shape.branches.iter().map(|(branch, _)| branch.value.clone()).collect();
    branches.sort();
    Some(Node {
        name: place.name.to_owned(),
        agent: place.agent?,
        inputs,
        output,
        limit,
        deadline_ms: place.shape.deadline_ms.as_ref().map(|deadline| deadline.value),
        on_fault: match &place.shape.on_fault {
            None | Some(At { value: FaultShape::Fail, .. }) => OnFault::Fail,
            Some(At { value: FaultShape::Empty, .. }) => OnFault::Empty,
            Some(At { value: FaultShape::Node(target), .. }) => {
                let fallback = wiring.nodes.iter().position(|place| place.name == target.value)?;
                OnFault::Node(*places.get(&fallback)?)
            }
        },
        drops_rows: place.shape.drops.as_ref().is_some_and(|at| at.value),
        branches,
        guard,
        source: sources.iter().position(|source| *source == index).and_then(|bit| u32::try_from(bit).ok()),
    })
}
