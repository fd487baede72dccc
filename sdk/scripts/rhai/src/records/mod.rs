//! The records of the contract as a script reads them.

mod answer;
mod candidates;
mod feedback;
mod observation;
mod payload;

use rhai::{Array, Dynamic, Engine, Map};

pub(crate) use answer::{decision_of, report_of};
pub(crate) use candidates::Candidates;
pub(crate) use feedback::Batch;
pub(crate) use observation::Seen;

use crate::fault::{Told, wrong};

/// Something whose fields a script reads by name.
pub(crate) trait Record: Clone + 'static {
    /// The type's name in messages.
    const TYPE: &'static str;
    /// Each field.
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)];
}

/// Registers a type with its fields. What it has not is told with what it has.
pub(crate) fn register<R: Record>(engine: &mut Engine) {
    engine.register_type_with_name::<R>(R::TYPE);
    for (name, get) in R::FIELDS {
        engine.register_get(name, move |record: &mut R| get(record));
    }
}

/// Tells of a field that a record does not have.
pub(crate) fn no_field<R: Record>(name: &str) -> Box<rhai::EvalAltResult> {
    let known: Vec<_> = R::FIELDS.iter().map(|(name, _)| format!("`{name}`")).collect();
    wrong(format!("{} has no `{name}`; it has {}", R::TYPE, known.join(", ")))
}

/// Makes a field that is not there a mistake that names those that are.
pub(crate) fn refuse_others<R: Record>(engine: &mut Engine) {
    engine.register_indexer_get(|_: &mut R, name: &str| -> Told<Dynamic> { Err(no_field::<R>(name)) });
}

pub(crate) fn texts(all: &[String]) -> Dynamic {
    all.iter().map(|text| Dynamic::from(text.clone())).collect::<Array>().into()
}

/// A map of a script, read with all mistakes told.
pub(crate) struct Fields {
    what: &'static str,
    map: Map,
}

impl Fields {
    pub(crate) fn of(what: &'static str, value: Dynamic) -> Told<Self> {
        match value.try_cast_result::<Map>() {
            Ok(map) => Ok(Self { what, map }),
            Err(found) => {
                Err(wrong(format!("{what} is a map, not a value of type {}", crate::columns::short(found.type_name()))))
            }
        }
    }

    /// A field, where there is one that is not `()`.
    pub(crate) fn take(&mut self, name: &str) -> Option<Dynamic> {
        self.map.remove(name).filter(|value| !value.is_unit())
    }

    pub(crate) fn text(&mut self, name: &str) -> Told<Option<String>> {
        self.take(name).map(|value| self.typed(name, "a text", value.into_string())).transpose()
    }

    pub(crate) fn truth(&mut self, name: &str) -> Told<Option<bool>> {
        self.take(name).map(|value| self.typed(name, "true or false", value.as_bool())).transpose()
    }

    pub(crate) fn whole(&mut self, name: &str) -> Told<Option<i64>> {
        self.take(name).map(|value| self.typed(name, "a whole number", value.as_int())).transpose()
    }

    pub(crate) fn real(&mut self, name: &str) -> Told<Option<f64>> {
        self.take(name).map(|value| crate::columns::Number::of(&value).map(crate::columns::Number::real)).transpose()
    }

    pub(crate) fn list(&mut self, name: &str) -> Told<Array> {
        self.take(name).map_or_else(|| Ok(Array::new()), |value| self.typed(name, "an array", value.into_array()))
    }

    fn typed<T>(&self, name: &str, expected: &str, value: Result<T, &'static str>) -> Told<T> {
        let what = self.what;
        value.map_err(|found| {
            wrong(format!("`{name}` of {what} is {expected}, not a value of type {}", crate::columns::short(found)))
        })
    }

    /// That nothing else was said.
    pub(crate) fn end(self) -> Told<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => Err(wrong(format!("{} has no `{name}`", self.what))),
        }
    }
}

/// Registers all records.
pub(crate) fn add_to(engine: &mut Engine) {
    candidates::add_to(engine);
    payload::add_to(engine);
    observation::add_to(engine);
    answer::add_to(engine);
    feedback::add_to(engine);
}
