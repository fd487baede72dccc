//! A subject is forgotten, and what is left of it said.

use std::collections::BTreeMap;
use std::path::Path;

use greenroom_memory::{ReadError, forget_keys, id_fault};
use greenroom_runtime::forget_recordings;
use serde::{Deserialize, Serialize};

use super::{Keeper, MemoryRefused};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfSubject {
    subject: String,
}

/// What is gone, and what may still be somewhere.
#[derive(Debug, Serialize)]
pub(super) struct Forgotten {
    /// Whether the log knew it.
    known: bool,
    /// How many keys of each namespace.
    keys: BTreeMap<String, u64>,
    events: u64,
    decisions: u64,
    recordings: u64,
    /// What was not removed, for a person.
    remains: Vec<String>,
}

impl Keeper<'_> {
    pub(super) fn forget(&self, OfSubject { subject }: &OfSubject) -> Result<Forgotten, MemoryRefused> {
        if let Some(fault) = id_fault(subject) {
            return Err(MemoryRefused::new("invalid", format!("the subject's id {fault}")));
        }
        let memory = self.store.memory();
        let (mut keys, mut silent) = (BTreeMap::new(), Vec::new());
        for space in self.namespaces {
            for pattern in &space.subject_keys {
                *keys.entry(space.name.clone()).or_insert(0) +=
                    forget_keys(&*memory, &space.name, space.kind, pattern, subject)?;
            }
            if space.subject_keys.is_empty() && memory.usage(&space.name)?.entries > 0 {
                silent.push(space.name.clone());
            }
        }
        for (name, held) in self.store.namespaces().map_err(ReadError::from)? {
            let declared = !self.store.shares() && self.declared.contains_key(&name);
            if !name.starts_with('@') && held.entries > 0 && !declared && !silent.contains(&name) {
                silent.push(name);
            }
        }
        let log = self.store.forget(subject).map_err(ReadError::from)?;
        let (recordings, unread) = match &self.recordings {
            Some(folder) => recordings(folder, subject)?,
            None => (0, 0),
        };
        let removed: u64 = keys.values().sum();
        let mut remains = Vec::new();
        let mut remain = |there: bool, what: String| remains.extend(there.then_some(what));
        let in_file = log.events + log.decisions + if self.store.shares() { 0 } else { removed };
        remain(
            !silent.is_empty(),
            format!(
                "whatever namespaces hold that do not say which of their keys are a subject's (`subject_keys`): {}",
                silent.join(", ")
            ),
        );
        remain(
            log.events > 0,
            "what agents learned from its events: agents with a cadence learn anew by themselves, others by `greenroom train`; \
             states of before go with the plans that have them, by `greenroom gc`, and so do images of agents that read of it while they were prepared"
                .to_owned(),
        );
        remain(
            unread > 0,
            format!("{unread} recordings that this version cannot read, in the folder `replays` of the data folder"),
        );
        remain(
            in_file > 0,
            "bytes in parts of the store's file that are free, until `greenroom memory compact`".to_owned(),
        );
        remain(
            removed > 0,
            "the names of the removed keys among changes, until as many others come as are kept (262,144)".to_owned(),
        );
        remain(self.store.shares(), "the log of each other host that shares this memory: run it there too; namespaces of it that this graph does not declare".to_owned());
        remain(
            true,
            "backups and copies that were made before, lines of the audit log and of the host's own log that name it"
                .to_owned(),
        );
        let (known, events, decisions) = (log.known, log.events, log.decisions);
        Ok(Forgotten { known, keys, events, decisions, recordings, remains })
    }
}

fn recordings(folder: &Path, subject: &str) -> Result<(u64, u64), MemoryRefused> {
    let done = forget_recordings(folder, subject);
    done.map_err(|error| MemoryRefused::new("unavailable", format!("recordings of faults: {error}")))
}
