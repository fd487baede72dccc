//! Building descriptors.

use crate::bindings::types::{Choices, Domain, FloatRange, IntegerRange};
use crate::{ColumnKind, ColumnSpec, Descriptor, Layer, Learning, Parameter, PayloadKind, Port, RewardLevel, Role};

/// A descriptor of a decision agent that takes nothing and returns candidates.
#[must_use]
pub fn describe(name: &str, version: &str, role: Role, summary: &str) -> Descriptor {
    Descriptor {
        name: name.into(),
        version: version.into(),
        summary: summary.into(),
        role,
        layer: Layer::Decision,
        inner_metric: String::new(),
        reward_level: RewardLevel::Inner,
        inputs: Vec::new(),
        output: PayloadKind::Candidates,
        produces: Vec::new(),
        history_max: 0,
        facts: Vec::new(),
        parameters: Vec::new(),
        snapshot_schema: String::new(),
        learning: Learning::Anew,
    }
}

impl Descriptor {
    /// Names the metric that this agent optimises, and whether it is its own or the system's.
    #[must_use]
    pub fn metric(mut self, name: &str, level: RewardLevel) -> Self {
        self.inner_metric = name.into();
        self.reward_level = level;
        self
    }

    /// Adds an input of candidates. "*" is any number of ports of any name.
    #[must_use]
    pub fn takes(mut self, port: &str, optional: bool, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|name| f32_column(name)).collect();
        self.inputs.push(Port { name: port.into(), kind: PayloadKind::Candidates, optional, columns });
        self
    }

    /// Says what is returned when it is not candidates.
    #[must_use]
    pub fn returns(mut self, kind: PayloadKind) -> Self {
        self.output = kind;
        self
    }

    /// Names columns of f32 that the candidates carry.
    #[must_use]
    pub fn produces(mut self, columns: &[&str]) -> Self {
        self.produces.extend(columns.iter().map(|name| f32_column(name)));
        self
    }

    /// Asks for the subject's latest events.
    #[must_use]
    pub fn history(mut self, events_max: u32) -> Self {
        self.history_max = events_max;
        self
    }

    /// Names item facts that are read when there are any.
    #[must_use]
    pub fn facts(mut self, fields: &[&str]) -> Self {
        self.facts.extend(fields.iter().map(|f| (*f).to_owned()));
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Names the layout of the state.
    #[must_use]
    pub fn state(mut self, schema: &str) -> Self {
        self.snapshot_schema = schema.into();
        self
    }

    /// Says whether it goes on from its state when there is more to learn. [`Learning::Onward`] is a promise that the
    /// host tries: a state that was restored and taught the rest is the same, byte for byte, as one that was taught all
    /// at once.
    #[must_use]
    pub fn learning(mut self, learning: Learning) -> Self {
        self.learning = learning;
        self
    }
}

fn f32_column(name: &str) -> ColumnSpec {
    ColumnSpec { name: name.into(), kind: ColumnKind::F32s }
}

fn parameter(name: &str, summary: &str, domain: Domain) -> Parameter {
    Parameter { name: name.into(), summary: summary.into(), domain, condition: None, shapes_state: false }
}

/// A real parameter in `[low, high]`.
#[must_use]
pub fn float(name: &str, low: f64, high: f64, default: f64, summary: &str) -> Parameter {
    parameter(name, summary, Domain::Float(FloatRange { low, high, default, log: false }))
}

/// A whole parameter in `[low, high]`.
#[must_use]
pub fn integer(name: &str, low: i64, high: i64, default: i64, summary: &str) -> Parameter {
    parameter(name, summary, Domain::Integer(IntegerRange { low, high, default, log: false }))
}

/// One of several names.
#[must_use]
pub fn choice(name: &str, options: &[&str], default: &str, summary: &str) -> Parameter {
    let options = options.iter().map(|o| (*o).to_owned()).collect();
    parameter(name, summary, Domain::Choice(Choices { options, default: default.into() }))
}

/// A switch.
#[must_use]
pub fn boolean(name: &str, default: bool, summary: &str) -> Parameter {
    parameter(name, summary, Domain::Boolean(default))
}

/// A list of items.
#[must_use]
pub fn items(name: &str, summary: &str) -> Parameter {
    parameter(name, summary, Domain::Items)
}

/// A list of numbers, or a map from names to numbers.
#[must_use]
pub fn numbers(name: &str, summary: &str) -> Parameter {
    parameter(name, summary, Domain::Numbers)
}

impl Parameter {
    /// Its order of magnitude matters rather than its value.
    #[must_use]
    pub fn log(mut self) -> Self {
        match &mut self.domain {
            Domain::Float(range) => range.log = true,
            Domain::Integer(range) => range.log = true,
            _ => {}
        }
        self
    }

    /// `learn` and `fit` read it: a change needs a new state.
    #[must_use]
    pub fn shapes_state(mut self) -> Self {
        self.shapes_state = true;
        self
    }

    /// It matters only when another parameter has one of `values`.
    #[must_use]
    pub fn when(mut self, parameter: &str, values: &[&str]) -> Self {
        self.condition = Some(crate::bindings::types::Condition {
            parameter: parameter.into(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        });
        self
    }
}
