//! What an update says, what may be wrong with it, and the next snapshot that it makes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Facts, Field, FieldKind};
use crate::engine::Unavailable;
use crate::ids::several;

/// Labels of a field: the bits of a mask.
const LABELS_MAX: usize = 64;

/// Bytes of a field's name, and of a label.
const NAME_BYTES_MAX: usize = 256;

/// Bytes of a text.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Values of a field, one for each row of the update.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValues {
    /// Reals; NaN where unknown.
    Numbers(Vec<f32>),
    /// The labels of each row; none where unknown.
    Labels(Vec<Vec<String>>),
    /// Texts; empty where unknown. At most 64 KiB each.
    Texts(Vec<String>),
}

impl FieldValues {
    fn kind(&self) -> FieldKind {
        match self {
            Self::Numbers(_) => FieldKind::Number,
            Self::Labels(_) => FieldKind::Labels,
            Self::Texts(_) => FieldKind::Text,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Labels(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    fn fault(&self) -> Option<String> {
        let wrong_name = |name: &String| name.is_empty() || name.len() > NAME_BYTES_MAX;
        match self {
            Self::Numbers(values) => {
                let place = values.iter().position(|value| value.is_infinite())?;
                Some(format!("value {place} is infinite; NaN stands for unknown"))
            }
            Self::Labels(values) => {
                let place = values.iter().position(|labels| labels.iter().any(wrong_name))?;
                Some(format!("value {place} has a label that is empty or longer than {NAME_BYTES_MAX} bytes"))
            }
            Self::Texts(values) => {
                let place = values.iter().position(|text| text.len() > TEXT_BYTES_MAX)?;
                Some(format!("value {place} is longer than {TEXT_BYTES_MAX} bytes"))
            }
        }
    }
}

/// Values of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldUpdate {
    /// The field's name, 1 to 256 bytes. A new name makes a new field; a field keeps its kind.
    pub name: String,
    /// As long as the update's `rows`.
    pub values: FieldValues,
}

/// Facts of some rows. What it does not name stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactsUpdate {
    /// Rows of the catalog. Of a row that stands here twice the last value counts.
    pub rows: Vec<u32>,
    /// Their facts.
    pub fields: Vec<FieldUpdate>,
}

/// What a person should know of an update that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The field.
    pub field: String,
    /// What happened.
    pub message: String,
}

/// Why an update was not taken; then nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FactsError {
    /// All that is wrong with it.
    #[error("{}", several(.0))]
    Invalid(Vec<String>),
    /// The store could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// All that is wrong with an update.
pub(super) fn mistakes(facts: &Facts, update: &FactsUpdate, catalog_len: u32) -> Vec<String> {
    let mut mistakes = Vec::new();
    let beyond: Vec<u32> = update.rows.iter().copied().filter(|row| *row >= catalog_len).collect();
    if !beyond.is_empty() {
        mistakes.push(format!("no rows {}: the catalog has {catalog_len}", several(&beyond)));
    }
    let mut seen = HashSet::new();
    for FieldUpdate { name, values } in &update.fields {
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            mistakes.push(format!("field {name:?}: a name has 1 to {NAME_BYTES_MAX} bytes, no control characters"));
        }
        if !seen.insert(name) {
            mistakes.push(format!("field {name:?} stands twice in one update"));
        }
        if values.len() != update.rows.len() {
            mistakes.push(format!("field {name:?} has {} values for {} rows", values.len(), update.rows.len()));
        }
        if let Some(field) = facts.fields.get(name)
            && field.kind() != values.kind()
        {
            let (is, given) = (field.kind().name(), values.kind().name());
            mistakes.push(format!("field {name:?} holds {is}, and was given {given}; use another name"));
        }
        if let Some(fault) = values.fault() {
            mistakes.push(format!("field {name:?}: {fault}"));
        }
    }
    mistakes
}

/// The snapshot after an update without mistakes.
pub(super) fn applied(facts: &Facts, update: FactsUpdate) -> (Facts, Vec<Note>) {
    let mut next = facts.clone();
    let mut notes = Vec::new();
    for FieldUpdate { name, values } in update.fields {
        let old = next.fields.get(&name).map(|field| (**field).clone());
        let field = match (values, old) {
            (FieldValues::Numbers(values), Some(Field::Numbers(mut column))) => {
                place(&mut column, &update.rows, values, f32::NAN);
                Field::Numbers(column)
            }
            (FieldValues::Numbers(values), _) => {
                let mut column = Vec::new();
                place(&mut column, &update.rows, values, f32::NAN);
                Field::Numbers(column)
            }
            (FieldValues::Texts(values), old) => {
                let mut column = if let Some(Field::Texts(column)) = old { column } else { Vec::new() };
                let values = values.into_iter().map(|text| (!text.is_empty()).then(|| Arc::from(text)));
                place(&mut column, &update.rows, values, None);
                Field::Texts(column)
            }
            (FieldValues::Labels(values), old) => {
                let (names, mut masks) = match old {
                    Some(Field::Labels { names, masks }) => (names.to_vec(), masks),
                    _ => (Vec::new(), Vec::new()),
                };
                let (names, message) = extended(names, &values);
                notes.extend(message.map(|message| Note { field: name.clone(), message }));
                let bits: HashMap<&str, i64> =
                    names.iter().map(String::as_str).zip((0..).map(|bit| 1 << bit)).collect();
                let values = values.iter().map(|labels| {
                    labels.iter().filter_map(|label| bits.get(label.as_str())).fold(0, |mask, b| mask | b)
                });
                place(&mut masks, &update.rows, values, 0);
                Field::Labels { names: names.into(), masks }
            }
        };
        next.fields.insert(name, Arc::new(field));
    }
    (next, notes)
}

fn place<T: Clone>(column: &mut Vec<T>, rows: &[u32], values: impl IntoIterator<Item = T>, unknown: T) {
    let len = rows.iter().max().map_or(0, |row| *row as usize + 1);
    if column.len() < len {
        column.resize(len, unknown);
    }
    for (row, value) in rows.iter().zip(values) {
        if let Some(old) = column.get_mut(*row as usize) {
            *old = value;
        }
    }
}

/// Labels that have a bit keep it, because learned states know bits by place. The most frequent of the new ones get
/// the bits that are left.
fn extended(mut names: Vec<String>, values: &[Vec<String>]) -> (Vec<String>, Option<String>) {
    let known: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for label in values.iter().flatten().filter(|label| !known.contains(label.as_str())) {
        *counts.entry(label).or_default() += 1;
    }
    let mut new: Vec<(&str, usize)> = counts.into_iter().collect();
    new.sort_by_key(|(_, count)| Reverse(*count));
    let free = LABELS_MAX.saturating_sub(names.len());
    let dropped: Vec<&str> = new.iter().skip(free).map(|(label, _)| *label).collect();
    let message = (!dropped.is_empty()).then(|| {
        let all = names.len() + new.len();
        let count = dropped.len();
        format!(
            "{all} labels, of which a mask holds {LABELS_MAX}: the {count} least frequent new ones were left out: {}",
            several(&dropped)
        )
    });
    names.extend(new.into_iter().take(free).map(|(label, _)| label.to_owned()));
    (names, message)
}
