//! One split, ready to have arms learn and answer on it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use greenroom_memory::Store;
use greenroom_model::{Digest, Fault, Generation, History, Payload, Subject, Values, Verb};
use greenroom_sandbox::Memory;

use super::{Bench, EvaluateError};
use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::evaluation::{Asked, Judge, Question, Ranked, Split, Thresholds};
use crate::events::ItemFile;
use crate::execute::{Outputs, Remembered};
use crate::guests::Gone;
use crate::load::Loaded;
use crate::memory::{Layer, keep_facts};
use crate::past::Past;
use crate::request::{Request, unmarked};
use crate::train::{Lessons, TrainError, Trained, Trainer};

/// How many items each question is answered: what the longest metric looks at.
const ANSWERED: u32 = 20;

/// A split with a store of its own.
pub(super) struct Ground {
    pub(super) split: Arc<Split>,
    /// Of all that answers follow from, beside the plan.
    scope: Digest,
    store: Store,
    facts: Digest,
    /// By row, a bit a genre; empty when nothing is known of items.
    pub(super) genres: Vec<u64>,
    past: Past,
    /// Of the test part: some of it is known by the time of a question.
    later: Past,
    pub(super) judge: Judge,
}

/// What a plan is asked.
pub(super) struct Asking<'a> {
    pub(super) judge: &'a Judge,
    /// Nodes that have answered the same before are not asked again, and what nodes decide is told.
    pub(super) outputs: Option<&'a Arc<Outputs>>,
    /// Another one gives requests other ids and seeds, the same for all plans.
    pub(super) seed: u64,
    /// What the work is called while it goes on.
    pub(super) called: &'a str,
}

/// What was answered to a question.
pub(super) struct Answered {
    pub(super) list: Ranked,
    pub(super) fuel: u64,
    pub(super) us: f64,
    pub(super) degraded: bool,
    /// Whether the list was drawn.
    pub(super) drawn: bool,
    /// What nodes decided, when it was asked for.
    pub(super) decided: Vec<(usize, Arc<Payload>)>,
    /// Why there is no answer.
    pub(super) fault: Option<Fault>,
    /// What went wrong, with the node that it went wrong in: that there is an answer says only that there was a fallback.
    pub(super) faults: Vec<Fault>,
}

impl Ground {
    /// Numbers subjects and items, and keeps facts; with what a person should know of it.
    pub(super) fn new(
        split: &Arc<Split>,
        items: Option<&ItemFile>,
        thresholds: &Thresholds,
    ) -> Result<(Self, Vec<String>), EvaluateError> {
        let store = Store::in_memory()?;
        let ids = |ids: &[Arc<str>]| -> Vec<String> { ids.iter().map(ToString::to_string).collect() };
        let (item_ids, user_ids) = (ids(&split.items), ids(&split.users));
        store.items().assign(&item_ids.iter().map(String::as_str).collect::<Vec<_>>()).wait()?;
        store.subjects().assign(&user_ids.iter().map(String::as_str).collect::<Vec<_>>()).wait()?;
        let notes = items.map(|items| keep_facts(&store, items)).transpose()?.unwrap_or_default();
        let parts = [&split.train, &split.test].map(|part| part.digest(&split.users, &split.items));
        let facts = items.map_or_else(|| Digest::of(b"no facts"), |items| items.digest);
        let ground = Self {
            scope: Digest::of_parts([b"answers".as_slice(), parts[0].bytes(), parts[1].bytes(), facts.bytes()]),
            facts,
            genres: genres(&store, split.items.len()),
            past: Past::of(&split.train, split.users.len()),
            later: Past::of(&split.test, split.users.len()),
            judge: Judge::new(split, thresholds),
            split: Arc::clone(split),
            store,
        };
        Ok((ground, notes))
    }

    /// Has the agents of a graph learn from the train part.
    pub(super) fn train(
        &self,
        bench: &Bench,
        loaded: &Loaded,
        outputs: Option<&Arc<Outputs>>,
    ) -> Result<(StatesByAgent, Vec<Trained>), TrainError> {
        let trainer = Trainer {
            outputs: outputs.cloned(),
            guests: bench.guests.clone(),
            states: bench.states.clone(),
            store: self.store.clone(),
            progress: Arc::clone(&bench.progress),
        };
        let split = Arc::clone(&self.split);
        let lessons = Lessons { split, facts: self.facts, served: BTreeMap::new(), first_served: HashMap::new() };
        trainer.train(loaded, &lessons)
    }

    /// A plan of its own for an arm. Its memory is its own too: what agents write in one arm is not there for the next.
    pub(super) fn prepare(&self, loaded: &Loaded, states: &StatesByAgent) -> Result<ActivePlan, PrepareError> {
        let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(&self.store, &loaded.plan.namespaces));
        ActivePlan::new(loaded, states, &memory, &|item| self.store.items().row(item), Generation(0))
    }

    /// Asks a plan every question of a judge, in their order, as many at once as there are threads.
    pub(super) fn answers(
        &self,
        bench: &Bench,
        plan: ActivePlan,
        asking: &Asking<'_>,
    ) -> Result<Vec<Answered>, EvaluateError> {
        let plan = Arc::new(plan);
        let Asking { judge, outputs, seed, called } = *asking;
        let scope = Digest::of_parts([self.scope.bytes().as_slice(), &seed.to_le_bytes()]);
        let remembered = outputs.map(|outputs| Arc::new(Remembered::of(outputs, &plan, &scope)));
        let request = |question: &Question| {
            let mut request = self.request(question, seed);
            let number = u64::from(question.user) << 32 | question.earlier as u64;
            request.remembered = remembered.clone().map(|remembered| (remembered, number));
            request.traced = request.remembered.is_some();
            ((question.user, question.earlier), request)
        };
        let asked: Vec<((u32, usize), Request)> = judge.questions().iter().map(request).collect();
        let progress = Arc::clone(&bench.progress);
        let label = format!("{called}: answers");
        // What one request knows may be what another is to foretell, and agents may write down what they know.
        let width = if self.split.asked == Asked::AtOnce || !writes(&plan) { bench.guests.threads().max(1) } else { 1 };
        bench.guests.block_on(async move {
            plan.warm().await?;
            progress.begin(&label, asked.len() as u64);
            let mut all = Vec::with_capacity(asked.len());
            for group in asked.chunks(width) {
                let running: Vec<_> = group
                    .iter()
                    .cloned()
                    .map(|(question, request)| tokio::spawn(answer(Arc::clone(&plan), question, request)))
                    .collect();
                for running in running {
                    all.push(running.await.map_err(|_| Gone)?);
                    progress.step(&label);
                }
            }
            progress.end(&label, false);
            Ok(all)
        })?
    }

    fn request(&self, question: &Question, seed: u64) -> Request {
        let Question { user, earlier, .. } = *question;
        let history = match earlier {
            0 => self.past.history(user),
            earlier => Arc::new(joined(&self.past.history(user), &self.later.history(user), earlier)),
        };
        let now_ms = history.times.last().map_or(0, |time| time + 1);
        let mut excluded = history.rows.clone();
        excluded.sort_unstable();
        excluded.dedup();
        // Its seed follows from its id, as when it is served.
        let id = unmarked(&format!("eval/{user}/{earlier}/{seed}"));
        let mut request = Request::new(&id, history, now_ms, ANSWERED);
        request.subject = self.split.users.get(user as usize).map(|key| Subject { key: Arc::clone(key), number: user });
        request.excluded = excluded;
        request.patient = true;
        request
    }
}

/// Whether what one request writes may be read by another.
fn writes(plan: &ActivePlan) -> bool {
    plan.agents.iter().any(|agent| agent.spec.grants.iter().any(|grant| grant.verb != Verb::Read))
}

/// What the items' fact `genres` says, as agents see it.
fn genres(store: &Store, items: usize) -> Vec<u64> {
    let rows: Vec<u32> = (0..u32::try_from(items).unwrap_or(u32::MAX)).collect();
    let columns = store.facts().gather(&rows, &["genres"]).unwrap_or_default();
    match columns.into_iter().next().map(|column| column.values) {
        Some(Values::S64s(bits)) => bits.into_iter().map(i64::cast_unsigned).collect(),
        _ => Vec::new(),
    }
}

/// A history, and the first events of what followed.
fn joined(before: &History, after: &History, events: usize) -> History {
    fn both<T: Clone>(before: &[T], after: &[T], events: usize) -> Vec<T> {
        before.iter().chain(after.iter().take(events)).cloned().collect()
    }
    History {
        rows: both(&before.rows, &after.rows, events),
        times: both(&before.times, &after.times, events),
        kinds: both(&before.kinds, &after.kinds, events),
        values: both(&before.values, &after.values, events),
    }
}

async fn answer(plan: Arc<ActivePlan>, (user, earlier): (u32, usize), request: Request) -> Answered {
    let (began, traced) = (Instant::now(), request.traced);
    let answer = plan.decide(request).await;
    let us = began.elapsed().as_secs_f64() * 1e6;
    let list = |items| Ranked { user, earlier, items };
    match answer {
        Ok(answer) => Answered {
            list: list(answer.items.iter().map(|item| item.row).collect()),
            fuel: answer.usage.fuel,
            us,
            degraded: !answer.degraded.is_empty(),
            drawn: answer.policy.is_some(),
            decided: if traced { answer.traces.into_iter().map(|t| (t.node, t.decided)).collect() } else { Vec::new() },
            fault: None,
            faults: answer.degraded.into_iter().map(|degraded| degraded.in_words()).collect(),
        },
        Err(fault) => {
            let (list, decided, faults) = (list(Vec::new()), Vec::new(), vec![fault.clone()]);
            Answered { list, fuel: 0, us, degraded: true, drawn: false, decided, fault: Some(fault), faults }
        }
    }
}
