//! Running an agent without a host: for its tests, and to compare with.
//!
//! Item facts are set for the thread with [`set_facts`]; namespaces are hash maps that begin empty, and all are granted
//! until [`grant`] says which.
//!
//! ```
//! use greenroom_sdk::{Candidates, Decision, Fault, Observation, Policy, memory, native};
//!
//! #[derive(Default)]
//! struct Newest;
//!
//! impl Policy for Newest {
//!     fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
//!         let ranked = seen.take_candidates("ranked")?.unwrap_or_default();
//!         let years = memory::gather_f32s(&ranked.rows, "year")?;
//!         Ok(Candidates::best(years.into_iter().zip(ranked.rows).collect(), seen.limit).into())
//!     }
//! }
//!
//! native::set_facts(3, &[("year", vec![1990.0, 2010.0, 2000.0])], &[]);
//! let seen = native::observe(2, &[]).with_input("ranked", Candidates::new(vec![0, 1, 2], vec![0.3, 0.2, 0.1]));
//! let decided = Newest.decide(seen)?;
//! assert_eq!(decided.candidates().map(|all| &all.rows[..]), Some(&[1, 2][..]));
//! # Ok::<(), Fault>(())
//! ```

pub(crate) mod contents;
pub(crate) mod kinds;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::log::Level;
use crate::bindings::types::Values;
use crate::{Candidates, Fault, Feedback, History, Input, Lifecycle, NONE, Observation, Params, Payload};

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::default());
}

#[derive(Default)]
struct World {
    rows: u32,
    numbers: BTreeMap<String, Vec<f32>>,
    labels: BTreeMap<String, (Vec<String>, Vec<i64>)>,
    granted: Option<Vec<String>>,
    spaces: BTreeMap<String, BTreeMap<String, (Vec<u8>, u64)>>,
    revision: u64,
    lines: Vec<String>,
}

/// Sets what this thread's agents know of items: how many rows there are, numbers by field, and for fields of labels
/// their names and each row's bits.
pub fn set_facts(rows: u32, numbers: &[(&str, Vec<f32>)], labels: &[(&str, Vec<&str>, Vec<i64>)]) {
    WORLD.with_borrow_mut(|world| {
        world.rows = rows;
        world.numbers = numbers.iter().map(|(name, v)| ((*name).to_owned(), v.clone())).collect();
        world.labels = labels
            .iter()
            .map(|(name, names, bits)| {
                ((*name).to_owned(), (names.iter().map(|n| (*n).to_owned()).collect(), bits.clone()))
            })
            .collect();
    });
}

/// Grants these namespaces to this thread's agents, and no others: to open another is denied, as by a host.
pub fn grant(names: &[&str]) {
    WORLD.with_borrow_mut(|world| world.granted = Some(names.iter().map(|name| (*name).to_owned()).collect()));
}

/// An agent as a host makes one: with its defaults, and what `change` makes of them.
///
/// # Errors
/// What its `configure` says.
pub fn configured<A: Lifecycle>(change: impl FnOnce(Params) -> Params) -> Result<A, Fault> {
    let mut agent = A::default();
    agent.configure(&change(Params::defaults(&A::describe())))?;
    Ok(agent)
}

/// The lines that this thread's agents logged since the last call.
#[must_use]
pub fn take_log() -> Vec<String> {
    WORLD.with_borrow_mut(|world| std::mem::take(&mut world.lines))
}

pub(crate) fn log(level: Level, message: &str) {
    WORLD.with_borrow_mut(|world| world.lines.push(format!("{level:?}: {message}")));
}

/// An observation for `limit` rows with a history of likes as (row, time) pairs, oldest first.
#[must_use]
pub fn observe(limit: u32, history: &[(u32, i64)]) -> Observation {
    Observation {
        request_id: "native".into(),
        subject: None,
        now: history.last().map_or(0, |x| x.1 + 1),
        seed: 0,
        limit,
        surface: String::new(),
        session_id: None,
        segments: Vec::new(),
        excluded: Vec::new(),
        allowed: None,
        context: Vec::new(),
        history: History {
            rows: history.iter().map(|x| x.0).collect(),
            times: history.iter().map(|x| x.1).collect(),
            kinds: vec![4; history.len()],
            values: vec![1.0; history.len()],
        },
        inputs: Vec::new(),
    }
}

impl Observation {
    /// The same, with candidates at a port as if a node of that name had sent them.
    #[must_use]
    pub fn with_input(mut self, port: &str, candidates: Candidates) -> Self {
        self.inputs.push(Input { port: port.into(), node: port.into(), payload: Payload::Candidates(candidates) });
        self
    }
}

/// Organic feedback: likes as (subject, row, time) triples.
#[must_use]
pub fn organic(events: &[(u32, u32, i64)]) -> Feedback {
    let n = events.len();
    let ids: Vec<u64> = (0..n as u64).collect();
    Feedback {
        events: ids.clone(),
        cursors: ids,
        requests: vec![NONE; n],
        request_ids: Vec::new(),
        versions: Vec::new(),
        version_ids: Vec::new(),
        subjects: events.iter().map(|e| e.0).collect(),
        rows: events.iter().map(|e| e.1).collect(),
        positions: Vec::new(),
        exposed: Vec::new(),
        kinds: vec![4; n],
        values: vec![1.0; n],
        event_times: events.iter().map(|e| e.2).collect(),
        receive_times: events.iter().map(|e| e.2).collect(),
        statuses: vec![1; n],
        inner_rewards: vec![1.0; n],
        outer_rewards: vec![1.0; n],
        credits: Vec::new(),
        propensities: Vec::new(),
        decided: Vec::new(),
        inputs: Vec::new(),
    }
}

#[expect(missing_docs, reason = "the contract documents them")]
pub(crate) mod memory {
    use super::{Values, WORLD};
    use crate::Column;
    use crate::bindings::memory::{Entry, Error, KeyedEntry, Page};

    /// A namespace of this thread.
    pub struct Namespace(String);

    pub fn open(name: &str) -> Result<Namespace, Error> {
        let granted =
            WORLD.with_borrow(|world| world.granted.as_ref().is_none_or(|all| all.iter().any(|one| one == name)));
        if granted {
            Ok(Namespace(name.to_owned()))
        } else {
            Err(Error::Denied(format!("no grant of namespace `{name}`")))
        }
    }

    impl Namespace {
        pub(crate) fn name(&self) -> &str {
            &self.0
        }
    }

    pub fn row_count() -> u32 {
        WORLD.with_borrow(|world| world.rows)
    }

    pub fn gather(rows: &[u32], fields: &[String]) -> Result<Vec<Column>, Error> {
        WORLD.with_borrow(|world| {
            let column = |field: &String| {
                let values = if let Some(all) = world.numbers.get(field) {
                    Values::F32s(rows.iter().map(|&r| all.get(r as usize).copied().unwrap_or(f32::NAN)).collect())
                } else if let Some((_, all)) = world.labels.get(field) {
                    Values::S64s(rows.iter().map(|&r| all.get(r as usize).copied().unwrap_or(0)).collect())
                } else {
                    return Err(Error::NotFound(format!("no field `{field}`")));
                };
                Ok(Column { name: field.clone(), values })
            };
            fields.iter().map(column).collect()
        })
    }

    pub fn labels(field: &str) -> Result<Vec<String>, Error> {
        WORLD.with_borrow(|world| {
            let found = world.labels.get(field).map(|x| x.0.clone());
            found.ok_or_else(|| Error::NotFound(format!("no labels `{field}`")))
        })
    }

    impl Namespace {
        pub fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
            Ok(WORLD.with_borrow(|world| {
                let found = world.spaces.get(&self.0).and_then(|space| space.get(key));
                found.map(|(value, revision)| Entry { value: value.clone(), revision: *revision })
            }))
        }

        pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Entry>>, Error> {
            keys.iter().map(|key| self.get(key)).collect()
        }

        pub fn put(&self, key: &str, value: &[u8]) -> Result<u64, Error> {
            Ok(WORLD.with_borrow_mut(|world| {
                world.revision += 1;
                let revision = world.revision;
                world.spaces.entry(self.0.clone()).or_default().insert(key.to_owned(), (value.to_vec(), revision));
                revision
            }))
        }

        pub fn compare_and_swap(&self, key: &str, expected: Option<u64>, value: &[u8]) -> Result<u64, Error> {
            let found = self.get(key)?.map(|entry| entry.revision);
            if found == expected { self.put(key, value) } else { Err(Error::Conflict(found)) }
        }

        pub fn delete(&self, key: &str) -> Result<bool, Error> {
            Ok(WORLD.with_borrow_mut(|world| {
                world.spaces.get_mut(&self.0).is_some_and(|space| space.remove(key).is_some())
            }))
        }

        pub fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
            Ok(WORLD.with_borrow(|world| {
                let all = world.spaces.get(&self.0).into_iter().flatten();
                let mut entries: Vec<KeyedEntry> = all
                    .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
                    .map(|(key, (value, revision))| KeyedEntry {
                        key: key.clone(),
                        value: value.clone(),
                        revision: *revision,
                    })
                    .collect();
                let more = entries.len() > limit as usize;
                entries.truncate(limit as usize);
                let next = if more { entries.last().map(|e| e.key.clone()) } else { None };
                Page { entries, next }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::memory::{Error, open};

    #[test]
    fn what_is_not_granted_is_denied() {
        assert!(open("notes").is_ok());
        super::grant(&["notes"]);
        open("notes").and_then(|notes| notes.put("a", b"1")).unwrap();
        assert!(matches!(open("others"), Err(Error::Denied(_))));
    }
}
