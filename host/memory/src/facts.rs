//! skeleton
use crate::Unavailable;
use greenroom_model::Column;
use std::sync::Arc;
/// k
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// n
    Number,
    /// l
    Labels,
    /// t
    Text,
}
/// Values, one a row of the update.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValues {
    /// NaN unknown
    Numbers(Vec<f32>),
    /// label names of each row
    Labels(Vec<Vec<String>>),
    /// empty unknown
    Texts(Vec<String>),
}
/// f
#[derive(Debug, Clone, PartialEq)]
pub struct FieldUpdate {
    /// n
    pub name: String,
    /// v
    pub values: FieldValues,
}
/// Facts of some rows. Other rows and fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactsUpdate {
    /// r
    pub rows: Vec<u32>,
    /// f
    pub fields: Vec<FieldUpdate>,
}
/// Something that a person should know of an update that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// f
    pub field: String,
    /// m
    pub message: String,
}
/// e
#[derive(Debug, Clone, thiserror::Error)]
pub enum FactsError {
    /// mistakes
    #[error("{0:?}")]
    Invalid(Vec<String>),
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
/// e
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// u
    #[error("u")]
    UnknownField {
        /// f
        field: String,
        /// k
        known: Vec<String>,
    },
    /// t
    #[error("t")]
    Text {
        /// f
        field: String,
        /// g
        gatherable: Vec<String>,
    },
    /// n
    #[error("n")]
    NotLabels {
        /// f
        field: String,
        /// k
        labels: Vec<String>,
    },
}
/// A snapshot of all facts.
#[derive(Debug, Clone, Default)]
pub struct Facts {}
impl Facts {
    /// Columns in the order of `fields`, values in the order of `rows`.
    pub fn gather(&self, rows: &[u32], fields: &[&str]) -> Result<Vec<Column>, GatherError> {
        let _ = (rows, fields);
        todo!()
    }
    /// l
    pub fn labels(&self, field: &str) -> Result<Arc<[String]>, GatherError> {
        let _ = field;
        todo!()
    }
    /// None when unknown.
    #[must_use]
    pub fn text(&self, row: u32, field: &str) -> Option<&str> {
        let _ = (row, field);
        todo!()
    }
    /// f
    pub fn fields(&self) -> impl Iterator<Item = (&str, FieldKind)> {
        [("", FieldKind::Text)].into_iter()
    }
}
