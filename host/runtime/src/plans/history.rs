//! Plans in the store: what is active, what was, what was refused, and which state belongs to which version.
//!
//! Keys, in a namespace of the host's own, behind the name of the graph:
//!
//! ```text
//! active                    what serves, with its record and content: one compare-and-swap, the moment of an activation
//! plan/GENERATION           a record each
//! content/DIGEST            what a plan is made of
//! refused/TIME              the latest changes that were not taken
//! learned/AGENT/SHAPE       the latest state of an agent with this code and these state-shaping parameters
//! files                     the digest of the files that were looked at last
//! swept                     the time of the last sweep that believed its clock
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use greenroom_memory::{KeyValue, Pending, WriteError, Written};
use greenroom_model::{Digest, Generation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::HistoryError;
use super::{Content, LearnedRecord, PlanRecord, RefusedRecord};

/// No graph can declare a name with an `@`.
const SPACE: &str = "@plans";
/// Records that are read at once.
const PAGE: usize = 500;
/// How long a write waits for others.
const PATIENCE: Duration = Duration::from_secs(5);
/// Refusals that are kept.
const REFUSED_MAX: usize = 100;

/// What is active.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Active {
    pub(crate) generation: Generation,
    pub(crate) plan: Digest,
    pub(crate) since_ms: i64,
    /// None when an older host wrote it.
    #[serde(default)]
    record: Option<PlanRecord>,
    #[serde(default)]
    pub(crate) content: Option<Content>,
}

/// The plans of one graph.
#[derive(Clone)]
pub(crate) struct History {
    kv: Arc<dyn KeyValue>,
    graph: String,
}

impl History {
    pub(crate) fn of(kv: Arc<dyn KeyValue>, graph: &str) -> Self {
        Self { kv, graph: graph.to_owned() }
    }

    /// The graphs that have one.
    pub(crate) fn graphs(kv: &dyn KeyValue) -> Result<Vec<String>, HistoryError> {
        let (mut graphs, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = kv.scan(SPACE, "", after.as_deref(), PAGE).map_err(HistoryError::from)?;
            graphs.extend(page.entries.iter().filter_map(|e| e.key.strip_suffix("/active").map(ToOwned::to_owned)));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(graphs),
            }
        }
    }

    /// Brings what an older host wrote into today's layout: it kept the states of all agents under one key. That stays, so
    /// that the older host finds it when the upgrade is undone.
    pub(crate) fn migrate(&self) -> Result<(), HistoryError> {
        #[derive(Deserialize)]
        struct Before {
            agents: std::collections::BTreeMap<String, Learned>,
        }
        #[derive(Deserialize)]
        struct Learned {
            of: Digest,
            state: Digest,
        }
        let Some(before) = self.get::<Before>(&self.key("learned"))? else { return Ok(()) };
        for (agent, Learned { of, state }) in before.agents {
            if self.learned(&agent, &of)?.is_none() {
                self.learn(
                    &agent,
                    &of,
                    &LearnedRecord { state, cursor: None, time_ms: 0, handed: false, basis: None },
                )?;
            }
        }
        Ok(())
    }

    /// What is active, and the revision at which it was written.
    pub(crate) fn active(&self) -> Result<Option<(Active, u64)>, HistoryError> {
        let found = self.kv.get(SPACE, &self.key("active")).map_err(HistoryError::from)?;
        found.map(|entry| Ok((read(&entry.value)?, entry.revision))).transpose()
    }

    /// Makes a plan the active one, durably, unless something else became so since `revision`. It is one write, so that a
    /// kill leaves either the plan before or this one with all that it is made of. With the revision comes what is still
    /// on its way to where it stays, ahead of any write from now on.
    pub(crate) fn activate(
        &self,
        content: &Content,
        record: &PlanRecord,
        revision: Option<u64>,
    ) -> Result<(u64, Unfolding), HistoryError> {
        let active = Active {
            generation: record.generation,
            plan: record.plan,
            since_ms: record.activated_ms,
            record: Some(record.clone()),
            content: Some(content.clone()),
        };
        let (key, value) = (self.key("active"), written(&active)?);
        let swapped = patiently(|| self.kv.compare_and_swap(SPACE, &key, revision, &value));
        let revision = match swapped {
            Ok(done) => done.revision,
            Err(error) => {
                // Whether it was written nobody knows then, but whoever reads it. An earlier try may have been.
                let ours = |now: &Active| now.generation == record.generation && now.plan == record.plan;
                let now = self.active().ok().flatten().filter(|(now, _)| ours(now));
                now.map(|(_, revision)| revision).ok_or_else(|| HistoryError::from(error))?
            }
        };
        Ok((revision, self.unfold(content, record)))
    }

    /// Writes record and content to where they stay when something else is active.
    fn unfold(&self, content: &Content, record: &PlanRecord) -> Unfolding {
        let queue = |key: String, value: Result<Vec<u8>, HistoryError>| {
            value.map(|value| queued(|| self.kv.put(SPACE, &key, &value)))
        };
        Unfolding([
            queue(self.content_key(&record.content), written(content)),
            queue(self.plan_key(record.generation), written(record)),
        ])
    }

    /// Finishes what a kill interrupted.
    pub(crate) fn mend(&self) -> Result<(), HistoryError> {
        let Some((Active { record: Some(record), content: Some(content), .. }, _)) = self.active()? else {
            return Ok(());
        };
        let whole = self.record(record.generation)?.is_some() && self.content(&record.content)?.is_some();
        if whole { Ok(()) } else { self.unfold(&content, &record).wait() }
    }

    pub(crate) fn content(&self, digest: &Digest) -> Result<Option<Content>, HistoryError> {
        self.get(&self.content_key(digest))
    }

    pub(crate) fn record(&self, generation: Generation) -> Result<Option<PlanRecord>, HistoryError> {
        self.get(&self.plan_key(generation))
    }

    /// Writes down what became of a plan. If it fails, the log says so: what serves does not depend on it.
    pub(crate) fn update(&self, record: &PlanRecord) {
        let key = self.plan_key(record.generation);
        let done = written(record)
            .and_then(|value| patiently(|| self.kv.put(SPACE, &key, &value)).map_err(HistoryError::from));
        if let Err(error) = done {
            tracing::warn!(%error, generation = record.generation.0, "what became of it could not be written down");
        }
    }

    /// All records, the oldest first.
    pub(crate) fn records(&self) -> Result<Vec<PlanRecord>, HistoryError> {
        self.all("plan/")
    }

    /// The latest refusals, the oldest first.
    pub(crate) fn refusals(&self) -> Result<Vec<RefusedRecord>, HistoryError> {
        self.all("refused/")
    }

    /// Keeps a refusal, and throws away the oldest of too many.
    pub(crate) fn refuse(&self, record: &RefusedRecord) -> Result<(), HistoryError> {
        let keys = self.keys("refused/")?;
        let surplus = (keys.len() + 1).saturating_sub(REFUSED_MAX);
        for key in keys.iter().take(surplus) {
            drop(self.kv.delete(SPACE, key));
        }
        // Two of one millisecond are told apart by what they say.
        let of = Digest::of(record.why.as_bytes()).short();
        let key = self.key(&format!("refused/{:020}-{of}", record.time_ms.max(0)));
        {
            let value = written(record)?;
            patiently(|| self.kv.put(SPACE, &key, &value)).map(drop).map_err(HistoryError::from)
        }
    }

    /// The state of a version, by the agent and the shape of its states.
    pub(crate) fn learned(&self, agent: &str, shape: &Digest) -> Result<Option<LearnedRecord>, HistoryError> {
        self.get(&self.learned_key(agent, shape))
    }

    pub(crate) fn learn(&self, agent: &str, shape: &Digest, learned: &LearnedRecord) -> Result<(), HistoryError> {
        let (key, value) = (self.learned_key(agent, shape), written(learned)?);
        patiently(|| self.kv.put(SPACE, &key, &value)).map(drop).map_err(HistoryError::from)
    }

    /// All that was learned: by agent and shape as they are in the key.
    pub(crate) fn all_learned(&self) -> Result<Vec<LearnedRecord>, HistoryError> {
        self.all("learned/")
    }

    /// Forgets which states belong to versions that learned before a moment and whose states are not used.
    pub(crate) fn forget_learned(
        &self,
        before_ms: i64,
        used: &std::collections::BTreeSet<Digest>,
    ) -> Result<(), HistoryError> {
        for key in self.keys("learned/")? {
            let learned: Option<LearnedRecord> = self.get(&key)?;
            if learned.is_some_and(|learned| learned.time_ms < before_ms && !used.contains(&learned.state)) {
                self.kv.delete(SPACE, &key).wait().map_err(HistoryError::from)?;
            }
        }
        Ok(())
    }

    /// The files that were looked at last.
    pub(crate) fn files(&self) -> Result<Option<Digest>, HistoryError> {
        self.get(&self.key("files"))
    }

    pub(crate) fn saw_files(&self, digest: &Digest) -> Result<(), HistoryError> {
        let value = written(digest)?;
        patiently(|| self.kv.put(SPACE, &self.key("files"), &value)).map(drop).map_err(HistoryError::from)
    }

    /// Milliseconds since 1970: when it was swept last, by a clock that was believed.
    pub(crate) fn swept(&self) -> Result<Option<i64>, HistoryError> {
        self.get(&self.key("swept"))
    }

    pub(crate) fn sweeps(&self, now_ms: i64) -> Result<(), HistoryError> {
        let value = written(&now_ms)?;
        patiently(|| self.kv.put(SPACE, &self.key("swept"), &value)).map(drop).map_err(HistoryError::from)
    }

    /// Forgets a record.
    pub(crate) fn forget(&self, generation: Generation) -> Result<(), HistoryError> {
        self.kv.delete(SPACE, &self.plan_key(generation)).wait().map(drop).map_err(HistoryError::from)
    }

    /// Forgets the contents that no record is made of.
    pub(crate) fn forget_contents(&self, used: &std::collections::BTreeSet<Digest>) -> Result<usize, HistoryError> {
        let used: std::collections::BTreeSet<String> = used.iter().map(|digest| self.content_key(digest)).collect();
        let gone: Vec<String> = self.keys("content/")?.into_iter().filter(|key| !used.contains(key)).collect();
        for key in &gone {
            self.kv.delete(SPACE, key).wait().map_err(HistoryError::from)?;
        }
        Ok(gone.len())
    }

    fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.graph)
    }

    fn plan_key(&self, generation: Generation) -> String {
        self.key(&format!("plan/{:020}", generation.0))
    }

    fn content_key(&self, digest: &Digest) -> String {
        self.key(&format!("content/{}", digest.hex()))
    }

    fn learned_key(&self, agent: &str, shape: &Digest) -> String {
        self.key(&format!("learned/{agent}/{}", shape.hex()))
    }

    fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, HistoryError> {
        let found = self.kv.get(SPACE, key).map_err(HistoryError::from)?;
        found.map(|entry| read(&entry.value)).transpose()
    }

    fn all<T: DeserializeOwned>(&self, under: &str) -> Result<Vec<T>, HistoryError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.kv.scan(SPACE, &self.key(under), after.as_deref(), PAGE).map_err(HistoryError::from)?;
            for entry in &page.entries {
                all.push(read(&entry.value)?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    fn keys(&self, under: &str) -> Result<Vec<String>, HistoryError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.kv.scan(SPACE, &self.key(under), after.as_deref(), PAGE).map_err(HistoryError::from)?;
            all.extend(page.entries.into_iter().map(|entry| entry.key));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

/// Record and content of what became active, on their way.
#[must_use]
pub(crate) struct Unfolding([Result<Pending<Written, WriteError>, HistoryError>; 2]);

impl Unfolding {
    /// Until they are durable. When they do not come to be, the next host writes them when it opens.
    pub(crate) fn wait(self) -> Result<(), HistoryError> {
        self.0.into_iter().try_for_each(|write| write?.wait().map(drop).map_err(HistoryError::from))
    }
}

/// A write that has its place in the queue, or failed. It waits for room, for some seconds.
fn queued<T>(write: impl Fn() -> Pending<T, WriteError>) -> Pending<T, WriteError> {
    let by = Instant::now() + PATIENCE;
    loop {
        let mut pending = write();
        match Pin::new(&mut pending).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(WriteError::Unavailable(error))) if error.is_full() && Instant::now() < by => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Poll::Ready(done) => return Pending::ready(done),
            Poll::Pending => return pending,
        }
    }
}

/// A write that waits for room in the queue rather than being refused, for some seconds.
fn patiently<T>(write: impl Fn() -> Pending<T, WriteError>) -> Result<T, WriteError> {
    queued(write).wait()
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, HistoryError> {
    rmp_serde::to_vec_named(value).map_err(HistoryError::from)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, HistoryError> {
    rmp_serde::from_slice(bytes).map_err(HistoryError::from)
}
