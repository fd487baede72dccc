//! Taking a JSON object apart, field by field, and gathering all that is wrong with it on the way.
//!
//! A derived reader stops at the first mistake; whoever writes a client would meet theirs one request at a time.

use greenroom_model::text::shown;
use greenroom_model::{Digest, ID_BYTES_MAX};
use serde_json::{Map, Value};

use crate::mistake::Mistakes;

/// What is expected of a digest.
pub(crate) const DIGEST: &str = "expected `sha256:` and 64 hexadecimal digits";

/// An object that is being read.
pub(crate) struct Fields<'m> {
    object: Map<String, Value>,
    path: String,
    known: Vec<&'static str>,
    mistakes: &'m mut Mistakes,
}

impl<'m> Fields<'m> {
    /// The object at `path`, which is empty for the body.
    pub(crate) fn of(value: Value, path: &str, mistakes: &'m mut Mistakes) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { object, path: path.to_owned(), known: Vec::new(), mistakes }),
            other => {
                mistakes.push(path.to_owned(), format!("expected an object, found {}", found(&other)));
                None
            }
        }
    }

    /// The value of a field; `null` is the same as no field.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.object.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let field = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        self.mistakes.push(field, message.into());
    }

    /// A short text, maybe empty.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.value(name)?;
        self.short(name, value, false)
    }

    /// Words of somebody, on one line.
    pub(crate) fn line(&mut self, name: &'static str, bytes_max: usize) -> Option<String> {
        match self.value(name)? {
            Value::String(text) if text.len() <= bytes_max && !text.chars().any(char::is_control) => Some(text),
            Value::String(_) => {
                self.wrong(name, format!("expected at most {bytes_max} bytes without control characters"));
                None
            }
            other => {
                self.wrong(name, format!("expected a string, found {}", found(&other)));
                None
            }
        }
    }

    /// An external id.
    pub(crate) fn id(&mut self, name: &'static str) -> Option<String> {
        let value = self.value(name)?;
        self.short(name, value, true)
    }

    /// An external id that must be there.
    pub(crate) fn required_id(&mut self, name: &'static str) -> Option<String> {
        match self.value(name) {
            Some(value) => self.short(name, value, true),
            None => {
                self.wrong(name, "is missing");
                None
            }
        }
    }

    /// External ids.
    pub(crate) fn ids(&mut self, name: &'static str) -> Option<Vec<String>> {
        let values = match self.value(name)? {
            Value::Array(values) => values,
            other => {
                self.wrong(name, format!("expected an array of item ids, found {}", found(&other)));
                return None;
            }
        };
        let ids =
            values.into_iter().enumerate().filter_map(|(at, value)| self.short(&format!("{name}[{at}]"), value, true));
        Some(ids.collect())
    }

    fn short(&mut self, name: &str, value: Value, id: bool) -> Option<String> {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => {
                self.wrong(name, format!("expected a string, found the number {number}; write \"{number}\""));
                return None;
            }
            other => {
                self.wrong(name, format!("expected a string, found {}", found(&other)));
                return None;
            }
        };
        let least = usize::from(id);
        if (least..=ID_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control) {
            return Some(text);
        }
        self.wrong(name, format!("expected {least} to {ID_BYTES_MAX} bytes without control characters"));
        None
    }

    /// A whole number that fits.
    pub(crate) fn whole<T: TryFrom<i128>>(&mut self, name: &'static str, expected: &str) -> Option<T> {
        let value = self.value(name)?;
        let number = value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from));
        let fitting = number.and_then(|number| T::try_from(number).ok());
        if fitting.is_none() {
            self.wrong(name, format!("expected {expected}, found {}", found(&value)));
        }
        fitting
    }

    /// A number.
    #[expect(clippy::cast_possible_truncation, reason = "values are kept as f32")]
    pub(crate) fn number(&mut self, name: &'static str) -> Option<f32> {
        let value = self.value(name)?;
        let number = value.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
        if number.is_none() {
            self.wrong(name, format!("expected a number of at most {:e}, found {}", f32::MAX, found(&value)));
        }
        number
    }

    /// A number with all its digits, which must be there.
    pub(crate) fn real(&mut self, name: &'static str) -> Option<f64> {
        let value = self.value(name).unwrap_or_default();
        let number = value.as_f64();
        if number.is_none() {
            self.wrong(name, format!("expected a number, found {}", found(&value)));
        }
        number
    }

    /// A digest, which must be there.
    pub(crate) fn digest(&mut self, name: &'static str) -> Option<Digest> {
        let value = self.value(name).unwrap_or_default();
        let digest = value.as_str().and_then(|text| text.parse().ok());
        if digest.is_none() {
            self.wrong(name, format!("{DIGEST}, found {}", found(&value)));
        }
        digest
    }

    /// True or false.
    pub(crate) fn truth(&mut self, name: &'static str) -> Option<bool> {
        let value = self.value(name)?;
        if !value.is_boolean() {
            self.wrong(name, format!("expected true or false, found {}", found(&value)));
        }
        value.as_bool()
    }

    /// One of some words, which must be there.
    pub(crate) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let expected = || format!("expected one of {}", list(&names));
        let Some(value) = self.value(name) else {
            self.wrong(name, format!("is missing; {}", expected()));
            return None;
        };
        let chosen = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        if chosen.is_none() {
            let meant = value.as_str().and_then(|text| nearest(text, &names));
            self.wrong(name, format!("found {}; {}", found(&value), meant.map_or_else(expected, did_you_mean)));
        }
        chosen.map(|(_, meaning)| *meaning)
    }

    /// Nothing more is to be read: what is left is not known here.
    pub(crate) fn finish(mut self) {
        let known = std::mem::take(&mut self.known);
        for name in std::mem::take(&mut self.object).keys() {
            if self.mistakes.full() {
                break;
            }
            let help = nearest(name, &known).map_or_else(|| format!("known here are {}", list(&known)), did_you_mean);
            self.wrong(&shown(name), format!("unknown field; {help}"));
        }
    }
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The known name that was meant, when a third of the letters or less differ.
fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written = written.to_lowercase().replace('-', "_");
    let far = written.chars().count().max(3) / 3;
    let distances = known.iter().map(|name| (strsim::osa_distance(&written, name), *name));
    distances.filter(|(distance, _)| *distance <= far).min().map(|(_, name)| name)
}

/// A value for a message: short.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => format!("{text:?}"),
        Value::String(text) => format!("a string of {} bytes", text.len()),
        Value::Array(values) => format!("an array of {}", values.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}
