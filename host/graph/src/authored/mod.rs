//! A graph file as written: its shapes, with the place of each value. Nothing refers to anything yet.

mod agent;
mod budget;
mod graph;
mod memory;
mod node;
mod syntax;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenroom_model::{NamespaceKind, VectorSpace};
use toml::de::DeTable;

pub(crate) use agent::{AgentShape, InstancesShape};
pub(crate) use budget::{BudgetShape, BudgetsShape, LIMITS, RoundShape};
pub(crate) use graph::{BoundShape, GraphShape};
pub(crate) use memory::NamespaceShape;
pub(crate) use node::{FaultShape, NodeShape};
pub(crate) use trust::{TrustShape, mismatch};

use crate::diagnostic::{Diagnostics, Mistake};
use crate::plan::Namespace;
use crate::reader::{Reader, Section};

/// A graph file as written.
///
/// It remembers the mistakes that were found while reading it: [`resolve`](crate::resolve) reports them together with
/// those that only show once the components are known.
#[derive(Debug, Clone)]
pub struct Authored {
    pub(crate) file_name: String,
    pub(crate) text: Arc<str>,
    pub(crate) graph: GraphShape,
    pub(crate) memory: BTreeMap<String, NamespaceShape>,
    pub(crate) agents: BTreeMap<String, AgentShape>,
    /// Agents that no node uses, and that composition may add.
    pub(crate) catalogue: BTreeMap<String, AgentShape>,
    pub(crate) nodes: BTreeMap<String, NodeShape>,
    pub(crate) mistakes: Vec<Mistake>,
    /// Agents whose components are not those that the file wants: why is among the mistakes.
    pub(crate) refused: BTreeSet<String>,
}

/// A component that a graph file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentRef {
    /// The agent that it is for.
    pub agent: String,
    /// As written: relative to the graph file.
    pub path: String,
    /// Whether it is the text of a script.
    pub script: bool,
}

/// A file with the learned state of an agent, as a graph file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRef {
    /// The agent that it is for.
    pub agent: String,
    /// As written: relative to the graph file.
    pub path: String,
}

impl Authored {
    /// Reads a graph file. `file_name` is what messages call it.
    ///
    /// # Errors
    /// When it is not TOML: every syntax error, and whatever else is wrong in the parts that could be read. Other
    /// mistakes are kept, for [`Authored::mistakes`] and [`resolve`](crate::resolve).
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Diagnostics> {
        let text: Arc<str> = Arc::from(text);
        let (document, errors) = DeTable::parse_recoverable(&text);
        let syntax = syntax::Syntax::new(&text, &errors);
        let mut reader = Reader::default();
        let root = Section::root(document.get_ref());
        if !syntax.fatal {
            // A broken header leaves its keys at the root.
            reader.known_keys(&root, &["graph", "memory", "agents", "catalogue", "nodes"]);
        }
        let graph = GraphShape::read(&mut reader, &root);
        let memory = named(&mut reader, &root, "memory", NamespaceShape::read);
        let agents = named(&mut reader, &root, "agents", AgentShape::read);
        let catalogue = named(&mut reader, &root, "catalogue", AgentShape::read);
        let nodes = named(&mut reader, &root, "nodes", NodeShape::read);
        let mistakes = syntax.merge(reader.mistakes);
        if syntax.fatal {
            return Err(Diagnostics::new(file_name, &text, mistakes));
        }
        drop(document);
        let file_name = file_name.to_owned();
        Ok(Self { file_name, text, graph, memory, agents, catalogue, nodes, mistakes, refused: BTreeSet::new() })
    }

    /// The names of the agents.
    pub fn agent_names(&self) -> impl Iterator<Item = &str> {
        self.agents.keys().map(String::as_str)
    }

    /// What an agent is granted, as it is written; nothing when there is no such agent.
    #[must_use]
    pub fn grants(&self, agent: &str) -> Option<Vec<&str>> {
        let shape = self.agents.get(agent)?;
        Some(shape.grants.iter().map(|grant| grant.value.as_str()).collect())
    }

    /// The namespaces that it declares, those of them that are wholly said.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Namespace> {
        let declared = self.memory.iter().filter_map(|(name, shape)| {
            let (kind, bytes_max) = (shape.kind.as_ref()?.value, shape.bytes_max.as_ref()?.value);
            Some(Namespace {
                name: name.clone(),
                kind,
                bytes_max,
                retention_s: shape.retention_s.as_ref().map(|at| at.value),
                schema: shape.schema.as_ref().map_or(Some(1), |at| u32::try_from(at.value).ok())?,
                owner: shape.owner.as_ref().map(|at| at.value.clone()),
                space: match kind {
                    NamespaceKind::Vector => Some(VectorSpace {
                        dimension: usize::try_from(shape.dimension.as_ref()?.value).ok()?,
                        metric: shape.metric.as_ref().map(|at| at.value).unwrap_or_default(),
                    }),
                    _ => None,
                },
                subject_keys: shape.subject_keys.iter().map(|at| at.value.parse().ok()).collect::<Option<_>>()?,
            })
        });
        declared.collect()
    }

    /// The components to look at before resolving, by agent, those of the catalogue among them.
    #[must_use]
    pub fn components(&self) -> Vec<ComponentRef> {
        self.agents
            .iter()
            .chain(&self.catalogue)
            .filter_map(|(agent, shape)| {
                let path = shape.file()?.value.clone();
                Some(ComponentRef { agent: agent.clone(), path, script: shape.component.is_none() })
            })
            .collect()
    }

    /// The files with learned states to look at before resolving, by agent.
    #[must_use]
    pub fn states(&self) -> Vec<StateRef> {
        let state = |(agent, shape): (&String, &AgentShape)| {
            Some(StateRef { agent: agent.clone(), path: shape.state.as_ref()?.value.clone() })
        };
        self.agents.iter().filter_map(state).collect()
    }

    /// Says that the file with the learned state of an agent cannot be used, and why: it is told with all other mistakes.
    pub fn refuse_state(&mut self, agent: &str, why: &str) {
        let Some(state) = self.agents.get(agent).and_then(|shape| shape.state.as_ref()) else { return };
        let message = format!("the state of agent `{agent}` cannot be used: {why}");
        let label = "expected a file with a learned state";
        let help = "write one with `greenroom export`, or remove `state` and train";
        self.mistakes.push(Mistake::error("state", &state.span, message, label).help(help));
    }

    /// What was found wrong while reading, before anything is resolved.
    #[must_use]
    pub fn mistakes(&self) -> Diagnostics {
        Diagnostics::new(&self.file_name, &self.text, self.mistakes.clone())
    }
}

/// The tables of a section such as `[agents.*]`, by name.
fn named<T>(
    reader: &mut Reader,
    root: &Section<'_, '_>,
    key: &str,
    read: impl Fn(&mut Reader, &Section<'_, '_>) -> T,
) -> BTreeMap<String, T>
where
    T: Shape,
{
    let Some(value) = root.get(key) else { return BTreeMap::new() };
    let span = root.key_span(key).unwrap_or_default();
    let Some(section) = reader.open_section(format!("[{key}]"), key, span, value) else { return BTreeMap::new() };
    let mut shapes = BTreeMap::new();
    for (name, value) in section.entries() {
        let place = format!("[{key}.{}]", name.value);
        if let Some(section) = reader.section(place, &name.value, name.span, value, T::KEYS) {
            shapes.insert(name.value, read(reader, &section));
        }
    }
    shapes
}

/// Something that has a table of its own.
trait Shape {
    /// The keys that the table may have.
    const KEYS: &'static [&'static str];
}
