//! What is known of items, in columns: agents gather a thousand rows of a few fields for each request, so a field is
//! one array that a row indexes. Snapshots are immutable; a write publishes the next one.

mod table;
mod update;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::{Column, Values};

pub(crate) use table::{CHUNKS, FIELDS, FactsTable};
pub use update::{FactsError, FactsUpdate, FieldUpdate, FieldValues, Note};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A real a row; NaN where unknown.
    Number,
    /// A set of at most 64 labels a row, as a mask; 0 where unknown.
    Labels,
    /// A text a row, for people; it can't be gathered.
    Text,
}

impl FieldKind {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Labels => "labels",
            Self::Text => "text",
        }
    }
}

/// A column of the snapshot. Rows beyond its end are unknown.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    Numbers(Vec<f32>),
    Labels { names: Arc<[String]>, masks: Vec<i64> },
    Texts(Vec<Option<Arc<str>>>),
}

impl Field {
    pub(crate) fn kind(&self) -> FieldKind {
        match self {
            Self::Numbers(_) => FieldKind::Number,
            Self::Labels { .. } => FieldKind::Labels,
            Self::Texts(_) => FieldKind::Text,
        }
    }
}

/// Why facts can't be read in this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// There is no such field.
    #[error("no field {field:?}; there are: {}", listed(known))]
    UnknownField {
        /// What was asked for.
        field: String,
        /// All fields.
        known: Vec<String>,
    },
    /// Texts can't be gathered.
    #[error("field {field:?} is text, which can't be gathered; these can: {}", listed(gatherable))]
    Text {
        /// What was asked for.
        field: String,
        /// Fields of numbers and labels.
        gatherable: Vec<String>,
    },
    /// The field holds no labels.
    #[error("field {field:?} holds no labels; these do: {}", listed(labels))]
    NotLabels {
        /// What was asked for.
        field: String,
        /// Fields of labels.
        labels: Vec<String>,
    },
}

fn listed(fields: &[String]) -> String {
    if fields.is_empty() { "none".to_owned() } else { fields.join(", ") }
}

/// All facts at one moment.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    fields: BTreeMap<String, Arc<Field>>,
}

impl Facts {
    /// Columns in the order of `fields`, each with its values in the order of `rows`: numbers as `f32` (NaN unknown),
    /// labels as `i64` with one bit a label in the order of [`labels`](Self::labels) (0 unknown). Rows without facts
    /// are unknown.
    ///
    /// # Errors
    /// [`GatherError::UnknownField`] and [`GatherError::Text`].
    pub fn gather(&self, rows: &[u32], fields: &[&str]) -> Result<Vec<Column>, GatherError> {
        fields
            .iter()
            .map(|name| {
                let values = match self.field(name)? {
                    Field::Numbers(numbers) => Values::F32s(pick(numbers, rows, f32::NAN)),
                    Field::Labels { masks, .. } => Values::S64s(pick(masks, rows, 0)),
                    Field::Texts(_) => {
                        let gatherable = self.names(|kind| kind != FieldKind::Text);
                        return Err(GatherError::Text { field: (*name).to_owned(), gatherable });
                    }
                };
                Ok(Column { name: (*name).to_owned(), values })
            })
            .collect()
    }

    /// The names behind the bits of a field of labels, lowest bit first. A bit keeps its name.
    ///
    /// # Errors
    /// [`GatherError::UnknownField`] and [`GatherError::NotLabels`].
    pub fn labels(&self, field: &str) -> Result<Arc<[String]>, GatherError> {
        match self.field(field)? {
            Field::Labels { names, .. } => Ok(Arc::clone(names)),
            _ => Err(GatherError::NotLabels {
                field: field.to_owned(),
                labels: self.names(|kind| kind == FieldKind::Labels),
            }),
        }
    }

    /// The text of a row; none where unknown.
    #[must_use]
    pub fn text(&self, row: u32, field: &str) -> Option<&str> {
        match &**self.fields.get(field)? {
            Field::Texts(texts) => texts.get(usize::try_from(row).ok()?)?.as_deref(),
            _ => None,
        }
    }

    /// All fields, by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, FieldKind)> {
        self.fields.iter().map(|(name, field)| (name.as_str(), field.kind()))
    }

    fn field(&self, name: &str) -> Result<&Field, GatherError> {
        self.fields
            .get(name)
            .map(|field| &**field)
            .ok_or_else(|| GatherError::UnknownField { field: name.to_owned(), known: self.names(|_| true) })
    }

    fn names(&self, which: impl Fn(FieldKind) -> bool) -> Vec<String> {
        self.fields().filter(|(_, kind)| which(*kind)).map(|(name, _)| name.to_owned()).collect()
    }
}

fn pick<T: Copy>(column: &[T], rows: &[u32], unknown: T) -> Vec<T> {
    rows.iter().map(|row| column.get(*row as usize).copied().unwrap_or(unknown)).collect()
}
