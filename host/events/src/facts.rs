//! What is known of items, in columns.

use std::sync::Arc;

use greenroom_model::Digest;

/// A file of items.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFile {
    /// Ids, in the order of the file.
    pub ids: Vec<Arc<str>>,
    /// What is known of them.
    pub facts: Vec<Fact>,
    /// Whether an item may no longer be answered, one an item.
    pub delisted: Vec<bool>,
    /// Of the file's bytes.
    pub digest: Digest,
}

impl ItemFile {
    /// A fact by name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&FactValues> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| &fact.values)
    }

    /// The title of an item by its place in the file.
    #[must_use]
    pub fn title(&self, place: usize) -> Option<&str> {
        match self.fact("title")? {
            FactValues::Texts(texts) => texts.get(place)?.as_deref(),
            _ => None,
        }
    }
}

/// One thing that is known of items.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The column's name in the header.
    pub name: String,
    /// One value an item.
    pub values: FactValues,
}

/// Values of a fact, one an item.
#[derive(Debug, Clone, PartialEq)]
pub enum FactValues {
    /// Numbers; `None` where the file says nothing.
    Numbers(Vec<Option<f64>>),
    /// Any number of labels an item.
    Labels {
        /// The labels, most used first: agents get 64 at most, as bits, so these are the ones to keep.
        names: Vec<Arc<str>>,
        /// Numbers into `names`, ascending, each once.
        labels: Vec<Vec<u32>>,
    },
    /// Text; `None` where the file says nothing.
    Texts(Vec<Option<Arc<str>>>),
}
