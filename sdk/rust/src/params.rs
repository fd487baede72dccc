//! Parameters as `configure` gets them.

use std::collections::BTreeMap;

use crate::bindings::types::Domain;
use crate::{Descriptor, Fault, message};

/// Checked parameters, defaults filled in.
#[derive(Debug, Default, Clone)]
pub struct Params(Vec<(String, ParamValue)>);

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// A switch.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A real.
    Float(f64),
    /// A name.
    Text(String),
    /// Items.
    Rows(Vec<u32>),
    /// A list of numbers.
    Numbers(Vec<f64>),
    /// Numbers by name.
    Named(BTreeMap<String, f64>),
}

impl ParamValue {
    /// For a message. Digits of reals are left out: writing them takes 20 KB of code, which few agents have otherwise.
    fn told(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(_) => "a real".to_owned(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Rows(all) => format!("a list of {} whole numbers", all.len()),
            Self::Numbers(all) => format!("a list of {} numbers", all.len()),
            Self::Named(all) => format!("a map of {} numbers", all.len()),
        }
    }
}

impl From<bool> for ParamValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for ParamValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for ParamValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<Vec<u32>> for ParamValue {
    fn from(rows: Vec<u32>) -> Self {
        Self::Rows(rows)
    }
}

impl From<&str> for ParamValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Params {
    /// Reads what the host hands over.
    ///
    /// # Errors
    /// `InvalidParameters` when it is not a map of such values.
    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        message::map(bytes)
            .map(Self)
            .map_err(|wrong| Fault::invalid_parameters(format!("parameters are not a map of known values: {wrong}")))
    }

    /// The defaults of a descriptor: what `configure` gets when a graph file says nothing.
    #[must_use]
    pub fn defaults(descriptor: &Descriptor) -> Self {
        let default = |domain: &Domain| match domain {
            Domain::Float(range) => Some(ParamValue::Float(range.default)),
            Domain::Integer(range) => Some(ParamValue::Integer(range.default)),
            Domain::Choice(choices) => Some(ParamValue::Text(choices.default.clone())),
            Domain::Boolean(value) => Some(ParamValue::Boolean(*value)),
            Domain::Items | Domain::Numbers => None,
        };
        let given = descriptor.parameters.iter().filter_map(|p| Some((p.name.clone(), default(&p.domain)?)));
        Self(given.collect())
    }

    /// These, with one of them set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<ParamValue>) -> Self {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// A value as it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    fn needed(&self, name: &str, expected: &str) -> Result<&ParamValue, Fault> {
        self.get(name).ok_or_else(|| Fault::invalid_parameters(format!("`{name}` ({expected}) is missing")))
    }

    pub(crate) fn wrong<T>(name: &str, expected: &str, found: &ParamValue) -> Result<T, Fault> {
        let found = found.told();
        Err(Fault::invalid_parameters(format!("`{name}` takes {expected}, not {found}")))
    }

    /// A real parameter.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing or no number.
    pub fn float(&self, name: &str) -> Result<f64, Fault> {
        match self.needed(name, "a number")? {
            ParamValue::Float(x) => Ok(*x),
            #[expect(clippy::cast_precision_loss, reason = "parameters are small")]
            ParamValue::Integer(x) => Ok(*x as f64),
            other => Self::wrong(name, "a number", other),
        }
    }

    /// A whole parameter.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing, no whole number, or does not fit `T`.
    pub fn integer<T: TryFrom<i64>>(&self, name: &str) -> Result<T, Fault> {
        match self.needed(name, "a whole number")? {
            ParamValue::Integer(x) => {
                T::try_from(*x).map_err(|_| Fault::invalid_parameters(format!("`{name}` = {x} is out of range")))
            }
            other => Self::wrong(name, "a whole number", other),
        }
    }

    /// A choice.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing or no text.
    pub fn choice(&self, name: &str) -> Result<&str, Fault> {
        match self.needed(name, "a name")? {
            ParamValue::Text(x) => Ok(x),
            other => Self::wrong(name, "a name", other),
        }
    }

    /// A switch.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing or neither true nor false.
    pub fn boolean(&self, name: &str) -> Result<bool, Fault> {
        match self.needed(name, "true or false")? {
            ParamValue::Boolean(x) => Ok(*x),
            other => Self::wrong(name, "true or false", other),
        }
    }

    /// Items, as rows. Empty when not given.
    ///
    /// # Errors
    /// `InvalidParameters` when it is anything else.
    pub fn items(&self, name: &str) -> Result<Vec<u32>, Fault> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(ParamValue::Rows(x)) => Ok(x.clone()),
            Some(other) => Self::wrong(name, "a list of items", other),
        }
    }

    /// A map from names to numbers. Empty when not given.
    ///
    /// # Errors
    /// `InvalidParameters` when it is anything else.
    pub fn named(&self, name: &str) -> Result<BTreeMap<String, f64>, Fault> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some(ParamValue::Named(x)) => Ok(x.clone()),
            Some(ParamValue::Rows(x)) if x.is_empty() => Ok(BTreeMap::new()),
            Some(other) => Self::wrong(name, "a map from names to numbers", other),
        }
    }

    /// A list of numbers ([`ParamValue::Numbers`]), or a map from names to numbers ([`ParamValue::Named`]); none when not
    /// given.
    ///
    /// # Errors
    /// `InvalidParameters` when it is anything else.
    pub fn numbers(&self, name: &str) -> Result<Option<ParamValue>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(ParamValue::Rows(x)) => Ok(Some(ParamValue::Numbers(x.iter().copied().map(f64::from).collect()))),
            Some(found @ (ParamValue::Numbers(_) | ParamValue::Named(_))) => Ok(Some(found.clone())),
            Some(other) => Self::wrong(name, "a list of numbers, or a map from names to numbers", other),
        }
    }
}
