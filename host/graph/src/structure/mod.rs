//! What composition may change in a graph: which agents run, how they are wired, how much each is asked for, and for whom.
//!
//! It is a decision space like that of an agent, found from the ports of those that are there and of those that are in the
//! catalogue. A change is offered only if the graph with it resolves.

mod add;
mod draft;

use std::collections::BTreeMap;

use greenroom_model::{Condition, Descriptor, Domain, ParamValue, Parameter, Params, PayloadKind, Role};

use crate::authored::Authored;
use crate::diagnostic::Diagnostics;
use crate::plan::{Agent, ComponentFacts, Node, Plan};
use crate::resolve::resolve;
pub use add::{Added, Place, add};
use draft::Draft;

/// What a source that is new is asked for.
const LIMIT: i64 = 100;
/// How much less and more than now a node may be asked for.
const LIMIT_FACTOR: i64 = 4;
/// The kinds of subjects that a router may send elsewhere.
const SEGMENTS: [&str; 4] = ["new", "cold", "light", "heavy"];

/// A graph file and all that may be changed in it.
#[derive(Debug, Clone)]
pub struct Structure {
    draft: Draft,
    sources: Vec<Source>,
    passes: Vec<Pass>,
    replaceable: Vec<Replaceable>,
    limits: Vec<(String, i64)>,
    /// The node that routes sources, if there is one.
    router: Option<String>,
    parameters: Vec<Parameter>,
    now: Params,
}

/// A node that takes nothing, or an agent of the catalogue that would be one.
#[derive(Debug, Clone)]
struct Source {
    node: String,
    agent: String,
    wired: bool,
    routed: bool,
    /// Who takes from it.
    hubs: Vec<String>,
}

/// A node with one input, which can be left out, or an agent of the catalogue that would be one, after what is the output now.
#[derive(Debug, Clone)]
struct Pass {
    node: String,
    agent: String,
    wired: bool,
    /// What it takes.
    port: String,
}

/// A node whose agent could be another one.
#[derive(Debug, Clone)]
struct Replaceable {
    node: String,
    agents: Vec<String>,
}

type Facts = BTreeMap<String, Result<ComponentFacts, String>>;

impl Structure {
    /// Finds what may be changed. `facts` is as for [`resolve`].
    ///
    /// # Errors
    /// When the graph does not resolve as it is.
    pub fn of(file_name: &str, text: &str, facts: &Facts) -> Result<Self, Diagnostics> {
        let authored = Authored::parse(file_name, text)?;
        let plan = resolve(&authored, facts)?;
        let Some(draft) = Draft::parse(text) else { return Err(authored.mistakes()) };
        let mut all = Self {
            draft,
            sources: Vec::new(),
            passes: Vec::new(),
            replaceable: Vec::new(),
            limits: Vec::new(),
            router: router(&plan),
            parameters: Vec::new(),
            now: Params::new(),
        };
        all.find(&plan);
        all.offer();
        // One change at a time, against the graph as it is.
        let base = all.clone();
        all.parameters.retain(|parameter| base.holds(parameter, facts));
        // What would come to the end has to do without any that can be left out.
        let alone: Params = base.passes.iter().map(|pass| (pass.used(), ParamValue::Boolean(false))).collect();
        let resolves = |pass: &Pass| {
            let mut choices = alone.clone();
            choices.insert(pass.used(), ParamValue::Boolean(true));
            resolves(&base.with(&choices), facts)
        };
        all.passes.retain(|pass| pass.wired || resolves(pass));
        let gone = base.passes.iter().filter(|pass| all.passes.iter().all(|kept| kept.node != pass.node));
        let gone: Vec<String> = gone.flat_map(|pass| [pass.used(), format!("node.{}.limit", pass.node)]).collect();
        all.parameters.retain(|parameter| !gone.contains(&parameter.name));
        let kept = |name: &str| all.parameters.iter().any(|parameter| parameter.name == name);
        all.now.retain(|name, _| kept(name));
        Ok(all)
    }

    /// What may be changed: `use.NODE`, whether a node is there (or, of an agent of the catalogue, a node of its name: a source, or
    /// one that makes the output's list anew);
    /// `node.NODE.agent`, which agent it has; `node.NODE.limit`, how many rows it is asked for; `route.SEGMENT.NODE`, whether
    /// it runs for subjects of a segment.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Whether there is a parameter of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }

    /// What the graph has now.
    #[must_use]
    pub fn now(&self) -> &Params {
        &self.now
    }

    /// The graph file with other choices; what is not chosen stays. When no source is chosen, those of now are.
    #[must_use]
    pub fn with(&self, choices: &Params) -> String {
        let chosen = |name: &str| choices.get(name).or_else(|| self.now.get(name));
        let on = |node: &str, now: bool| match chosen(&format!("use.{node}")) {
            Some(ParamValue::Boolean(on)) => *on,
            _ => now,
        };
        let is = |name: &str| matches!(chosen(name), Some(ParamValue::Boolean(true)));
        // A source that no branch leads to would run always, rather than never.
        let reached = |source: &Source| {
            let default = self.router.as_ref().and_then(|router| self.draft.branch(router, "default"));
            let led = || SEGMENTS.iter().any(|segment| is(&format!("route.{segment}.{}", source.node)));
            !source.routed || !source.wired || default.unwrap_or_default().contains(&source.node) || led()
        };
        let wanted = |source: &Source| on(&source.node, source.wired) && reached(source);
        let none = !self.sources.iter().any(wanted);
        let runs = |source: &Source| if none { source.wired } else { wanted(source) };
        let mut draft = self.draft.clone();
        for source in &self.sources {
            match (source.wired, runs(source)) {
                (true, false) => {
                    draft.drop_node(&source.node, None);
                    shelve(&mut draft, &source.agent);
                }
                (false, true) => {
                    draft.move_agent(&source.agent, "catalogue", "agents");
                    draft.add_source(&source.node, &source.agent, LIMIT, &source.hubs);
                }
                _ => {}
            }
        }
        for Replaceable { node, agents } in &self.replaceable {
            let Some(ParamValue::Text(agent)) = chosen(&format!("node.{node}.agent")) else { continue };
            let Some(before) = agents.first().filter(|before| *before != agent) else { continue };
            draft.set_agent(node, agent);
            draft.move_agent(agent, "catalogue", "agents");
            shelve(&mut draft, before);
        }
        for Pass { node, agent, .. } in self.passes.iter().filter(|pass| pass.wired && !on(&pass.node, true)) {
            // What is before it now: that may have been left out, too.
            let before = draft.inputs(node).into_iter().next();
            draft.drop_node(node, before.as_deref());
            shelve(&mut draft, agent);
        }
        for Pass { node, agent, port, .. } in self.passes.iter().filter(|pass| !pass.wired && on(&pass.node, false)) {
            draft.move_agent(agent, "catalogue", "agents");
            draft.append(node, agent, port, LIMIT);
        }
        for (node, now) in &self.limits {
            match chosen(&format!("node.{node}.limit")) {
                Some(ParamValue::Integer(limit)) if limit != now => draft.set_limit(node, *limit),
                _ => {}
            }
        }
        if let Some(router) = &self.router {
            let routed: Vec<&Source> = self.sources.iter().filter(|source| source.routed && runs(source)).collect();
            let now = |name: &str| matches!(self.now.get(name), Some(ParamValue::Boolean(true)));
            route(&mut draft, router, &routed, &|name| if none { now(name) } else { is(name) });
        }
        draft.text()
    }

    fn find(&mut self, plan: &Plan) {
        let taken = |index: usize| plan.nodes.iter().filter(move |node| node.inputs.iter().any(|e| e.node == index));
        for (index, node) in plan.nodes.iter().enumerate() {
            let Some(agent) = plan.agent_of(node) else { continue };
            let routed = node.guard.as_ref().and_then(|guard| plan.nodes.get(guard.router));
            let routed = routed.is_some_and(|router| self.router.as_ref() == Some(&router.name));
            if node.source.is_some() && node.inputs.is_empty() {
                let hubs = taken(index).map(|node| node.name.clone()).collect();
                let (node, agent) = (node.name.clone(), agent.name.clone());
                self.sources.push(Source { node, agent, wired: true, routed, hubs });
            } else if node.inputs.len() == 1 && node.output == PayloadKind::Candidates && node.guard.is_none() {
                let port = node.inputs.first().map(|edge| edge.port.clone()).unwrap_or_default();
                self.passes.push(Pass { node: node.name.clone(), agent: agent.name.clone(), wired: true, port });
            }
            if !node.inputs.is_empty() {
                let others = plan.catalogue.iter().filter(|other| alike(agent, other)).map(|other| other.name.clone());
                let agents: Vec<String> = std::iter::once(agent.name.clone()).chain(others).collect();
                if agents.len() > 1 {
                    self.replaceable.push(Replaceable { node: node.name.clone(), agents });
                }
            }
            if let Some(limit) = node.limit {
                self.limits.push((node.name.clone(), i64::from(limit)));
            }
        }
        let hubs: Vec<String> = plan.nodes.iter().filter(|node| is_hub(plan, node)).map(|n| n.name.clone()).collect();
        let free = |name: &str| plan.node(name).is_none();
        for agent in plan.catalogue.iter().filter(|agent| is_recall(agent) && free(&agent.name) && !hubs.is_empty()) {
            let (name, routed) = (agent.name.clone(), self.router.is_some());
            self.limits.push((name.clone(), LIMIT));
            self.sources.push(Source { node: name.clone(), agent: name, wired: false, routed, hubs: hubs.clone() });
        }
        for agent in plan.catalogue.iter().filter(|agent| free(&agent.name)) {
            let Some(port) = takes_one(agent) else { continue };
            let name = agent.name.clone();
            self.passes.push(Pass { node: name.clone(), agent: name, wired: false, port });
        }
    }

    fn offer(&mut self) {
        let when = |node: &str| Some(Condition { parameter: format!("use.{node}"), values: vec!["true".to_owned()] });
        let mut offered: Vec<(Parameter, ParamValue)> = Vec::new();
        let mut offer = |name: String, summary: &str, domain: Domain, condition, now: ParamValue| {
            let parameter = Parameter { name, summary: summary.to_owned(), domain, condition, shapes_state: false };
            offered.push((parameter, now));
        };
        let passes = self.passes.iter().map(|pass| (&pass.node, pass.wired));
        for (node, now) in self.sources.iter().map(|source| (&source.node, source.wired)).chain(passes) {
            let domain = Domain::Boolean { default: now };
            offer(format!("use.{node}"), "whether this node is there", domain, None, ParamValue::Boolean(now));
        }
        for Replaceable { node, agents } in &self.replaceable {
            let Some(now) = agents.first() else { continue };
            let domain = Domain::Choice { options: agents.clone(), default: now.clone() };
            let kept = self.passes.iter().any(|pass| pass.node == *node).then(|| when(node)).flatten();
            offer(format!("node.{node}.agent"), "which agent it has", domain, kept, ParamValue::Text(now.clone()));
        }
        for (node, now) in &self.limits {
            let (low, high) = ((now / LIMIT_FACTOR).max(1), now.saturating_mul(LIMIT_FACTOR));
            let domain = Domain::Integer { low, high, default: *now, log: true };
            let sources = self.sources.iter().map(|source| &source.node);
            let optional = sources.chain(self.passes.iter().map(|pass| &pass.node)).any(|optional| optional == node);
            let condition = optional.then(|| when(node)).flatten();
            let summary = "how many rows it is asked for";
            offer(format!("node.{node}.limit"), summary, domain, condition, ParamValue::Integer(*now));
        }
        if let Some(router) = &self.router {
            let default = self.draft.branch(router, "default");
            for segment in SEGMENTS {
                let members = self.draft.branch(router, segment).or_else(|| default.clone()).unwrap_or_default();
                for source in self.sources.iter().filter(|source| source.routed) {
                    let now = !source.wired || members.contains(&source.node);
                    let (domain, condition) = (Domain::Boolean { default: now }, when(&source.node));
                    let name = format!("route.{segment}.{}", source.node);
                    let summary = "whether it runs for subjects of this segment";
                    offer(name, summary, domain, condition, ParamValue::Boolean(now));
                }
            }
        }
        self.now = offered.iter().map(|(parameter, now)| (parameter.name.clone(), now.clone())).collect();
        self.parameters = offered.into_iter().map(|(parameter, _)| parameter).collect();
    }

    /// Whether the graph resolves with each other value of a parameter that has few, or with its ends.
    fn holds(&self, parameter: &Parameter, facts: &Facts) -> bool {
        let others: Vec<ParamValue> = match &parameter.domain {
            Domain::Boolean { default } => vec![ParamValue::Boolean(!default)],
            Domain::Choice { options, .. } => options.iter().cloned().map(ParamValue::Text).collect(),
            Domain::Integer { low, high, .. } => vec![ParamValue::Integer(*low), ParamValue::Integer(*high)],
            Domain::Float { .. } | Domain::Items | Domain::Numbers => return false,
        };
        let mut changed = others.into_iter().map(|other| {
            let mut choices = Params::from([(parameter.name.clone(), other)]);
            if let Some(condition) = &parameter.condition {
                choices.insert(condition.parameter.clone(), ParamValue::Boolean(true));
            }
            self.with(&choices)
        });
        changed.all(|text| resolves(&text, facts))
    }
}

impl Pass {
    fn used(&self) -> String {
        format!("use.{}", self.node)
    }
}

fn resolves(text: &str, facts: &Facts) -> bool {
    Authored::parse("graph", text).is_ok_and(|authored| resolve(&authored, facts).is_ok())
}

/// A graph file with other parameters of its agents, by agent. Those that are no numbers, names or switches are left as they
/// are. None when the text is not TOML.
#[must_use]
pub fn with_params(text: &str, params: &BTreeMap<String, Params>) -> Option<String> {
    let mut draft = Draft::parse(text)?;
    for (agent, params) in params {
        params.iter().for_each(|(name, value)| draft.set_param(agent, name, value));
    }
    Some(draft.text())
}

/// Puts an agent that no node has any more into the catalogue.
fn shelve(draft: &mut Draft, agent: &str) {
    if !draft.uses(agent) {
        draft.move_agent(agent, "agents", "catalogue");
    }
}

/// Makes branches of what is chosen for each segment: only those that differ from the default one are written.
fn route(draft: &mut Draft, router: &str, routed: &[&Source], chosen: &dyn Fn(&str) -> bool) {
    let added = routed.iter().filter(|source| !source.wired).map(|source| source.node.clone());
    let mut default = draft.branch(router, "default").unwrap_or_default();
    default.extend(added);
    draft.set_branch(router, "default", Some(default.clone()));
    for segment in SEGMENTS {
        let of = |source: &&&Source| chosen(&format!("route.{segment}.{}", source.node));
        let members: Vec<String> = routed.iter().filter(of).map(|source| source.node.clone()).collect();
        let same = |other: &[String]| members.len() == other.len() && members.iter().all(|m| other.contains(m));
        // Nobody is answered by nothing.
        let written = !members.is_empty() && !same(&default);
        if draft.branch(router, segment).is_some_and(|now| written && same(&now)) {
            continue;
        }
        draft.set_branch(router, segment, written.then_some(members));
    }
}

/// The one node with branches, if there is one, and it has a default one.
fn router(plan: &Plan) -> Option<String> {
    let mut routers = plan.nodes.iter().filter(|node| !node.branches.is_empty());
    let first = routers.next().filter(|router| router.branches.iter().any(|branch| branch == "default"))?;
    routers.next().is_none().then(|| first.name.clone())
}

/// Whether a node takes candidates from any number of others.
fn is_hub(plan: &Plan, node: &Node) -> bool {
    let descriptor = plan.agent_of(node).and_then(|agent| agent.descriptor.as_ref());
    let any = |descriptor: &Descriptor| {
        descriptor.inputs.iter().any(|port| port.name == "*" && port.kind == PayloadKind::Candidates)
    };
    descriptor.is_some_and(any) && !node.inputs.is_empty()
}

/// Whether an agent returns candidates and needs none.
fn is_recall(agent: &Agent) -> bool {
    let recalls = |descriptor: &Descriptor| {
        descriptor.role == Role::Recall
            && descriptor.output == PayloadKind::Candidates
            && descriptor.inputs.iter().all(|port| port.optional)
    };
    agent.descriptor.as_ref().is_some_and(recalls)
}

/// The port of an agent that makes a list of one other, if it is such a one.
fn takes_one(agent: &Agent) -> Option<String> {
    let descriptor = agent.descriptor.as_ref()?;
    let mut needed = descriptor.inputs.iter().filter(|port| !port.optional);
    let first = needed.next().filter(|port| port.kind == PayloadKind::Candidates && port.name != "*")?;
    (needed.next().is_none() && descriptor.output == PayloadKind::Candidates).then(|| first.name.clone())
}

/// Whether one may stand where the other does, as far as roles and ports tell.
fn alike(agent: &Agent, other: &Agent) -> bool {
    let part = |agent: &Agent| {
        let descriptor = agent.descriptor.as_ref()?;
        let mut ports: Vec<(String, PayloadKind)> =
            descriptor.inputs.iter().map(|port| (port.name.clone(), port.kind)).collect();
        ports.sort_by(|a, b| a.0.cmp(&b.0));
        Some((descriptor.role, descriptor.output, ports))
    };
    part(agent).is_some_and(|part_of_it| part(other) == Some(part_of_it))
}
