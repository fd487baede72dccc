//! From a point of a decision space to a graph that can be evaluated.

mod joint;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use greenroom_evolve::knowledge::Change;
use greenroom_evolve::{Condition, Dimension, Domain, Point, Space, Value};
use greenroom_graph::{Agent, Authored, ComponentFacts, Structure, with_params};
use greenroom_model::{Domain as Declared, ParamValue, Parameter, Params};
use greenroom_runtime::{Components, Given, GraphText, Guests, LoadGraphError, Loaded, Offered, load, load_from};
use greenroom_sandbox::Sandbox;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Parameters of single agents, in the wiring that there is.
    Individual,
    /// Which agents there are, and how they are wired.
    Compositional,
    /// Both at once, in one flat space.
    Joint,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Compositional => "compositional",
            Self::Joint => "joint",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Individual => Self::Compositional,
            Self::Compositional => Self::Individual,
            Self::Joint => Self::Joint,
        }
    }
}

/// Loads graphs whose components are all known.
pub(crate) struct Maker {
    sandbox: Sandbox,
    guests: Guests,
    origin: Loaded,
}

/// What was loaded before.
struct Known<'l>(&'l Loaded);

impl Components for Known<'_> {
    fn at(&self, path: &str) -> Result<Offered, String> {
        let found = self.0.paths.get(path).and_then(|digest| self.0.components.get(digest));
        found
            .cloned()
            .map(|admitted| Offered::Admitted(Box::new(admitted)))
            .ok_or_else(|| format!("{path} is not known"))
    }

    fn signature(&self, path: &str) -> Result<Arc<[u8]>, String> {
        self.0.signatures.get(path).cloned().ok_or_else(|| format!("{path} is not known"))
    }

    fn state(&self, agent: &str, path: &str) -> Result<Given, String> {
        let given = self.0.given.get(agent).filter(|given| given.path == path);
        given.cloned().ok_or_else(|| format!("{path} is not known"))
    }
}

impl Maker {
    pub(crate) fn of(sandbox: &Sandbox, guests: &Guests, path: &Path) -> Result<Self, Failure> {
        let (sandbox, path) = (sandbox.clone(), path.to_owned());
        let loading = sandbox.clone();
        let origin = guests.block_on(async move { load(&loading, &path).await }).map_err(Failure::failed)??;
        Ok(Self { sandbox, guests: guests.clone(), origin })
    }

    pub(crate) fn origin(&self) -> &Loaded {
        &self.origin
    }

    pub(crate) fn load(&self, text: &str) -> Result<Loaded, String> {
        let (sandbox, origin) = (self.sandbox.clone(), self.origin.clone());
        let source = GraphText { file_name: origin.source.file_name.clone(), text: text.to_owned() };
        let loaded = self.guests.block_on(async move { load_from(&sandbox, source, &Known(&origin)).await });
        match loaded {
            Ok(Ok(loaded)) => Ok(loaded),
            // How many there are says nothing to who reads of a trial that failed.
            Ok(Err(LoadGraphError::Graph(diagnostics))) => {
                let mistakes = diagnostics.mistakes().iter().filter(|mistake| mistake.is_error());
                Err(mistakes.map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(gone) => Err(gone.to_string()),
        }
    }

    fn facts(&self, text: &str) -> BTreeMap<String, Result<ComponentFacts, String>> {
        let authored = Authored::parse(&self.origin.source.file_name, text);
        let wanted = authored.map(|authored| authored.components()).unwrap_or_default();
        let found = |path: &str| {
            let admitted = self.origin.paths.get(path).and_then(|digest| self.origin.components.get(digest));
            admitted.map(|admitted| admitted.facts.clone()).ok_or_else(|| format!("{path} is not known"))
        };
        wanted.into_iter().map(|wanted| (wanted.agent, found(&wanted.path))).collect()
    }
}

/// All that may be changed in a graph at one level.
pub(crate) struct Scope {
    pub(crate) space: Space,
    /// What the graph has now.
    pub(crate) now: Point,
    /// What is not searched, since what an agent says of it makes no sense.
    pub(crate) left_out: Vec<String>,
    text: String,
    structure: Option<Structure>,
}

impl Scope {
    /// With the parameters of some agents alone, or the whole structure. None when there is nothing to change at this level.
    pub(crate) fn of_agents(
        maker: &Maker,
        text: &str,
        level: Level,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Self>, Failure> {
        let loaded = maker.load(text).map_err(Failure::failed)?;
        let (dimensions, now, structure) = match level {
            Level::Individual => {
                let (dimensions, now) = individual(&loaded, wanted);
                (dimensions, now, None)
            }
            Level::Compositional | Level::Joint => {
                let structure = Structure::of(&loaded.source.file_name, text, &maker.facts(text));
                let structure = structure.map_err(|diagnostics| Failure::failed(diagnostics.to_string()))?;
                let (mut dimensions, mut now) = compositional(&structure);
                if level == Level::Joint {
                    // After what they hang on.
                    let (more, more_now) = joint::parameters(&loaded, &dimensions);
                    dimensions.extend(more);
                    now.extend(more_now);
                }
                (dimensions, now, Some(structure))
            }
        };
        let (space, left_out) = sound(dimensions);
        if space.dimensions().is_empty() && left_out.is_empty() {
            return Ok(None);
        }
        let active = |now: &Point| -> Point {
            let kept = space.dimensions().iter().zip(space.active(now)).filter(|(_, active)| *active);
            kept.filter_map(|(d, _)| Some((d.name.clone(), now.get(&d.name)?.clone()))).collect()
        };
        let now = active(&now);
        Ok(Some(Self { now, space, left_out, text: text.to_owned(), structure }))
    }

    /// The graph file of a point.
    pub(crate) fn text(&self, point: &Point) -> Result<String, String> {
        let mut wiring = Params::new();
        let mut params: BTreeMap<String, Params> = BTreeMap::new();
        for (name, value) in point.iter().filter(|(name, value)| self.now.get(*name) != Some(value)) {
            if self.structure.as_ref().is_some_and(|structure| structure.has(name)) {
                wiring.insert(name.clone(), param(value));
            } else if let Some((agent, parameter)) = name.split_once('.') {
                params.entry(agent.to_owned()).or_default().insert(parameter.to_owned(), param(value));
            }
        }
        // Agents that are put into the catalogue keep what they are told there.
        let text = self.structure.as_ref().map_or_else(|| self.text.clone(), |structure| structure.with(&wiring));
        match params.is_empty() {
            true => Ok(text),
            false => with_params(&text, &params).ok_or_else(|| "the graph file is no TOML".to_owned()),
        }
    }

    /// What a point changes, for people.
    pub(crate) fn changes(&self, point: &Point) -> Vec<Change> {
        let told = |value: Option<&Value>| value.map(ToString::to_string);
        let names = self.space.dimensions().iter().map(|dimension| &dimension.name);
        names
            .filter(|name| point.get(*name).is_some() && point.get(*name) != self.now.get(*name))
            .map(|name| Change { what: name.clone(), from: told(self.now.get(name)), to: told(point.get(name)) })
            .collect()
    }
}

/// A space of the dimensions that make sense, and what is wrong with the others: one agent that contradicts itself shall not
/// keep the rest from being searched. What hangs on a dimension that is left out is left out with it.
fn sound(mut dimensions: Vec<Dimension>) -> (Space, Vec<String>) {
    let mut left_out = Vec::new();
    loop {
        let mistakes = match Space::new(dimensions.clone()) {
            Ok(space) => return (space, left_out),
            Err(mistakes) => mistakes,
        };
        left_out.extend(mistakes.iter().map(ToString::to_string));
        let before = dimensions.len();
        dimensions.retain(|dimension| mistakes.iter().all(|mistake| mistake.dimension != dimension.name));
        // Every mistake names a dimension, so that there are fewer each time.
        if dimensions.len() == before {
            return (Space::default(), left_out);
        }
    }
}

/// The parameters of a graph's agents: `agent.parameter`.
fn individual(loaded: &Loaded, wanted: &dyn Fn(&str) -> bool) -> (Vec<Dimension>, Point) {
    let (mut dimensions, mut now) = (Vec::new(), Point::new());
    for agent in loaded.plan.agents.iter().filter(|agent| wanted(&agent.name)) {
        let (more, more_now) = of_agent(loaded, agent);
        dimensions.extend(more);
        now.extend(more_now);
    }
    (dimensions, now)
}

/// What may be changed of the wiring.
fn compositional(structure: &Structure) -> (Vec<Dimension>, Point) {
    let dimensions = structure.parameters().iter().filter_map(|p| dimension(&p.name, "", p)).collect();
    let now = structure.now().iter().filter_map(|(name, now)| Some((name.clone(), value(now)?))).collect();
    (dimensions, now)
}

/// The parameters of one agent that are searched.
fn of_agent(loaded: &Loaded, agent: &Agent) -> (Vec<Dimension>, Point) {
    let (mut dimensions, mut now) = (Vec::new(), Point::new());
    // What it learned does not follow from its parameters then.
    let given = loaded.given.contains_key(&agent.name);
    let parameters = agent.descriptor.iter().flat_map(|descriptor| &descriptor.parameters);
    for parameter in parameters.filter(|parameter| !(given && parameter.shapes_state)) {
        let name = format!("{}.{}", agent.name, parameter.name);
        let Some(dimension) = dimension(&name, &format!("{}.", agent.name), parameter) else { continue };
        if let Some(value) = agent.params.get(&parameter.name).and_then(value) {
            now.insert(name, value);
        }
        dimensions.push(dimension);
    }
    (dimensions, now)
}

/// None for what is not searched.
fn dimension(name: &str, prefix: &str, parameter: &Parameter) -> Option<Dimension> {
    let domain = match &parameter.domain {
        // A logarithm needs a low end above 0.
        Declared::Float { low, high, log, .. } => Domain::Float { low: *low, high: *high, log: *log && *low > 0.0 },
        Declared::Integer { low, high, log, .. } => Domain::Integer { low: *low, high: *high, log: *log && *low > 0 },
        Declared::Choice { options, .. } => Domain::Choice { options: options.clone() },
        Declared::Boolean { .. } => Domain::Boolean,
        Declared::Items | Declared::Numbers => return None,
    };
    let condition = parameter.condition.as_ref().map(|condition| Condition {
        dimension: format!("{prefix}{}", condition.parameter),
        values: condition.values.clone(),
    });
    Some(Dimension { name: name.to_owned(), domain, condition })
}

fn value(param: &ParamValue) -> Option<Value> {
    Some(match param {
        ParamValue::Boolean(x) => Value::Boolean(*x),
        ParamValue::Integer(x) => Value::Integer(*x),
        ParamValue::Float(x) => Value::Float(*x),
        ParamValue::Text(x) => Value::Choice(x.clone()),
        ParamValue::Rows(_) | ParamValue::Items(_) | ParamValue::Numbers(_) | ParamValue::Named(_) => return None,
    })
}

fn param(value: &Value) -> ParamValue {
    match value {
        Value::Boolean(x) => ParamValue::Boolean(*x),
        Value::Integer(x) => ParamValue::Integer(*x),
        Value::Float(x) => ParamValue::Float(*x),
        Value::Choice(x) => ParamValue::Text(x.clone()),
    }
}
