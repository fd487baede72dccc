//! Parameters as `configure` gets them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Fault;

/// Checked parameters, defaults filled in.
#[derive(Debug, Default, Clone)]
pub struct Params(BTreeMap<String, Value>);

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Rows(Vec<u32>),
    Numbers(Vec<f64>),
    Named(BTreeMap<String, f64>),
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
        rmp_serde::from_slice(bytes)
            .map(Self)
            .map_err(|e| Fault::invalid_parameters(format!("parameters are not a map of known values: {e}")))
    }

    fn get(&self, name: &str, expected: &str) -> Result<&Value, Fault> {
        self.0.get(name).ok_or_else(|| Fault::invalid_parameters(format!("`{name}` ({expected}) is missing")))
    }

    fn wrong<T>(name: &str, expected: &str, found: &Value) -> Result<T, Fault> {
        Err(Fault::invalid_parameters(format!("`{name}` takes {expected}, not {found:?}")))
    }

    /// A real parameter.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing or no number.
    pub fn float(&self, name: &str) -> Result<f64, Fault> {
        match self.get(name, "a number")? {
            Value::Float(x) => Ok(*x),
            #[expect(clippy::cast_precision_loss, reason = "parameters are small")]
            Value::Integer(x) => Ok(*x as f64),
            other => Self::wrong(name, "a number", other),
        }
    }

    /// A whole parameter.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing, no whole number, or does not fit `T`.
    pub fn integer<T: TryFrom<i64>>(&self, name: &str) -> Result<T, Fault> {
        match self.get(name, "a whole number")? {
            Value::Integer(x) => {
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
        match self.get(name, "a name")? {
            Value::Text(x) => Ok(x),
            other => Self::wrong(name, "a name", other),
        }
    }

    /// A switch.
    ///
    /// # Errors
    /// `InvalidParameters` when it is missing or neither true nor false.
    pub fn boolean(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name, "true or false")? {
            Value::Boolean(x) => Ok(*x),
            other => Self::wrong(name, "true or false", other),
        }
    }

    /// Items, as rows. Empty when not given.
    ///
    /// # Errors
    /// `InvalidParameters` when it is anything else.
    pub fn items(&self, name: &str) -> Result<Vec<u32>, Fault> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Rows(x)) => Ok(x.clone()),
            Some(other) => Self::wrong(name, "a list of items", other),
        }
    }

    /// A map from names to numbers. Empty when not given.
    ///
    /// # Errors
    /// `InvalidParameters` when it is anything else.
    pub fn named(&self, name: &str) -> Result<BTreeMap<String, f64>, Fault> {
        match self.0.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Named(x)) => Ok(x.clone()),
            Some(Value::Rows(x)) if x.is_empty() => Ok(BTreeMap::new()),
            Some(other) => Self::wrong(name, "a map from names to numbers", other),
        }
    }
}
