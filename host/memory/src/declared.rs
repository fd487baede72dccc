//! What namespaces were declared as by whoever wrote them, so that nobody else takes their values for something that they are not.

use std::collections::BTreeMap;

use greenroom_model::NamespaceKind;
use serde::{Deserialize, Serialize};

use crate::kv::{KeyValue, ReadError, WriteError};
use crate::namespaces::Declared;

/// Where it is kept, by namespace.
const NAMESPACES: &str = "@namespaces";

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    kind: NamespaceKind,
    schema: u32,
    /// Of its vectors.
    #[serde(default)]
    dimension: Option<usize>,
}

/// Why namespaces are not to be used as they are declared.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeclareError {
    /// All that does not fit.
    #[error("the store's namespaces are not as the graph declares them: {}", .0.iter().map(Misfit::to_string).collect::<Vec<_>>().join("; "))]
    Misfits(Vec<Misfit>),
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What is kept of a namespace can't be read.
    #[error("what is kept of namespace {0:?} is damaged: {1}")]
    Damaged(String, String),
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Its values were written by a later version.
    #[error(
        "{namespace:?} was written with schema {found}, and the graph says {declared}: use the agents that know it, and say \
         `schema = {found}`"
    )]
    Schema {
        /// Its name.
        namespace: String,
        /// That of the store.
        found: u32,
        /// That of the graph.
        declared: u32,
    },
    /// It holds something else.
    #[error(
        "{namespace:?} holds {keys} keys as kind {}, and the graph says {}: declare another namespace, or delete them first",
        found.name(), declared.name()
    )]
    Kind {
        /// Its name.
        namespace: String,
        /// What it holds.
        found: NamespaceKind,
        /// What the graph says.
        declared: NamespaceKind,
        /// How many.
        keys: u64,
    },
    /// Its vectors have another dimension.
    #[error(
        "{namespace:?} holds vectors of {found} numbers, and the graph says {declared}: declare another namespace, or delete \
         them first"
    )]
    Dimension {
        /// Its name.
        namespace: String,
        /// That of the store.
        found: usize,
        /// That of the graph.
        declared: usize,
    },
}

fn kept(kv: &dyn KeyValue, namespace: &str) -> Result<Option<(Kept, u64)>, DeclareError> {
    let Some(entry) = kv.get(NAMESPACES, namespace)? else { return Ok(None) };
    let damaged = |error: rmp_serde::decode::Error| DeclareError::Damaged(namespace.to_owned(), error.to_string());
    Ok(Some((rmp_serde::from_slice(&entry.value).map_err(damaged)?, entry.revision)))
}

/// Whether namespaces can be used as they are declared. Says for a person what is worth knowing.
///
/// # Errors
/// [`DeclareError::Misfits`] has all of those that can't.
pub fn check_declared(kv: &dyn KeyValue, declared: &BTreeMap<String, Declared>) -> Result<Vec<String>, DeclareError> {
    let (mut misfits, mut notes) = (Vec::new(), Vec::new());
    for (namespace, declared) in declared {
        let held = kv.usage(namespace)?;
        if let Some(max) = declared.bytes_max.filter(|max| held.bytes > *max) {
            notes.push(format!(
                "namespace {namespace:?} holds {} bytes, more than its quota of {max}: it takes nothing that makes it larger",
                held.bytes
            ));
        }
        // From before it was kept.
        let first = Kept { kind: NamespaceKind::Kv, schema: 1, dimension: None };
        let Kept { kind: found, schema, dimension } = kept(kv, namespace)?.map_or(first, |(kept, _)| kept);
        let namespace = || namespace.clone();
        if held.entries == 0 {
            continue;
        }
        if schema > declared.schema {
            misfits.push(Misfit::Schema { namespace: namespace(), found: schema, declared: declared.schema });
        }
        if found != declared.kind {
            let keys = held.entries;
            misfits.push(Misfit::Kind { namespace: namespace(), found, declared: declared.kind, keys });
        }
        if let Some((found, declared)) = dimension.zip(declared.space.map(|space| space.dimension))
            && found != declared
        {
            misfits.push(Misfit::Dimension { namespace: namespace(), found, declared });
        }
    }
    if misfits.is_empty() { Ok(notes) } else { Err(DeclareError::Misfits(misfits)) }
}

/// Keeps what namespaces are declared as from now on. A schema of a namespace that is not empty never goes back.
///
/// # Errors
/// When the store can't be read or written.
pub fn keep_declared(kv: &dyn KeyValue, declared: &BTreeMap<String, Declared>) -> Result<(), DeclareError> {
    for (namespace, declared) in declared {
        loop {
            let before = kept(kv, namespace)?;
            let empty = kv.usage(namespace)?.entries == 0;
            let least = before.as_ref().map_or(0, |(kept, _)| if empty { 0 } else { kept.schema });
            let dimension = declared.space.map(|space| space.dimension);
            let now = Kept { kind: declared.kind, schema: declared.schema.max(least), dimension };
            if before.as_ref().is_some_and(|(kept, _)| *kept == now) {
                break;
            }
            let encoded =
                rmp_serde::to_vec(&now).map_err(|error| DeclareError::Damaged(namespace.clone(), error.to_string()))?;
            match kv.compare_and_swap(NAMESPACES, namespace, before.map(|(_, revision)| revision), &encoded).wait() {
                Ok(_) => break,
                // Another host was faster.
                Err(WriteError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
