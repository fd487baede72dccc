//! Evaluating graphs: train on one part of the events, answer for the other, judge the answers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use greenroom_graph::Plan;
use greenroom_memory::{AssignError, CatalogError, FactsError, OpenError, Store};
use greenroom_model::{Digest, Fault, Generation, Subject};
use greenroom_sandbox::{Memory, Sandbox};
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError};
use crate::evaluation::{ArmKind, Bootstrap, Cost, Data, Entry, Judge, Quantiles, Ranked, Report, Split, Thresholds};
use crate::events::ItemFile;
use crate::guests::{Gone, Guests};
use crate::load::{LoadGraphError, Loaded, load};
use crate::memory::{Layer, keep_facts};
use crate::past::Past;
use crate::request::Request;
use crate::states::States;
use crate::train::{Lessons, Progress, TrainError, Trained, Trainer};

/// How many items each subject is answered: what the longest metric looks at.
const ANSWERED: u32 = 20;

/// What graphs are evaluated with.
#[derive(Clone)]
pub struct Bench {
    /// Loads components.
    pub sandbox: Sandbox,
    /// Runs guests.
    pub guests: Guests,
    /// Keeps states, so that nothing is learned twice.
    pub states: States,
    /// Is told.
    pub progress: Arc<dyn Progress>,
}

/// A report, and how the training went.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The figures.
    pub report: Report,
    /// By graph.
    pub trained: BTreeMap<String, Vec<Trained>>,
    /// What each arm answered, in the order of the report's arms.
    pub answers: Vec<Vec<Ranked>>,
}

/// Why an evaluation failed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum EvaluateError {
    #[error(transparent)]
    Load(#[from] LoadGraphError),
    #[error("the items could not be numbered: {0}")]
    Assign(#[from] AssignError),
    #[error("the facts could not be kept: {0}")]
    Facts(#[from] FactsError),
    #[error("delisted items could not be marked: {0}")]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Gone(#[from] Gone),
    #[error("the graph `{0}` was given twice, from one file: there is nothing to compare")]
    SameName(String),
    #[error("graph `{graph}`: every request failed; the first one: {fault}")]
    NothingAnswered { graph: String, fault: Fault },
}

/// Evaluates graphs on one split, all of them with the same subjects, masks and ties.
///
/// # Errors
/// See [`EvaluateError`].
pub fn evaluate(
    bench: &Bench,
    graphs: &[&Path],
    split: &Arc<Split>,
    items: Option<&ItemFile>,
    protocol: &str,
    digests: BTreeMap<String, Digest>,
) -> Result<Evaluated, EvaluateError> {
    let store = Store::in_memory()?;
    let mut notes = split.notes.clone();
    let ids = |ids: &[Arc<str>]| -> Vec<String> { ids.iter().map(ToString::to_string).collect() };
    let (items_ids, user_ids) = (ids(&split.items), ids(&split.users));
    store.items().assign(&items_ids.iter().map(String::as_str).collect::<Vec<_>>()).wait()?;
    store.subjects().assign(&user_ids.iter().map(String::as_str).collect::<Vec<_>>()).wait()?;
    if let Some(items) = items {
        notes.extend(keep_facts(&store, items)?);
    }
    let facts = items.map_or_else(|| Digest::of(b"no facts"), |items| items.digest);
    let trainer = Trainer {
        guests: bench.guests.clone(),
        states: bench.states.clone(),
        store: store.clone(),
        progress: Arc::clone(&bench.progress),
    };
    let past = Past::of(&split.train, split.users.len());
    let mut entries = Vec::new();
    let mut answers = Vec::new();
    let mut trained = BTreeMap::new();
    let mut judge: Option<Judge> = None;
    for graph in graphs {
        let (sandbox, path) = (bench.sandbox.clone(), graph.to_path_buf());
        let mut loaded = bench.guests.block_on(async move { load(&sandbox, &path).await })??;
        loaded.plan.name = distinct(loaded.plan.name, graph, &trained)?;
        let lessons =
            Lessons { split: Arc::clone(split), facts, served: BTreeMap::new(), first_served: HashMap::new() };
        notes.extend(loaded.given.iter().map(|(agent, given)| {
            format!("{agent}: its state is that of {}: it may have learned what is asked here", given.path)
        }));
        let (states, reports) = trainer.train(&loaded, &lessons)?;
        notes.extend(reports.iter().flat_map(|t| t.report.notes.iter().map(|note| format!("{}: {note}", t.agent))));
        trained.insert(loaded.plan.name.clone(), reports);
        let plan = prepare(&loaded, &states, &store)?;
        let judge = judge.get_or_insert_with(|| Judge::new(split, &thresholds(&loaded.plan)));
        let setting = Setting { bench, split, past: &past, judge, graph: &loaded.plan.name };
        let (entry, lists) = setting.arm(Arc::new(plan), &loaded.plan.name, ArmKind::Graph)?;
        entries.push(entry);
        answers.push(lists);
        for node in alone(&loaded.plan) {
            let plan = prepare(&loaded, &states, &store)?;
            if let Some(only) = plan.only(&node) {
                let (entry, lists) = setting.arm(Arc::new(only), &node, ArmKind::Agent)?;
                entries.push(entry);
                answers.push(lists);
            }
        }
    }
    let judged = judge.as_ref().map_or(0, |judge| judge.users().len());
    let data = Data {
        users: split.users.len(),
        judged,
        items: split.items.len(),
        train: split.train.len(),
        test: split.test.len(),
        digests,
    };
    // Graphs with the same agent have the same to say of it.
    let mut told = HashSet::new();
    notes.retain(|note| told.insert(note.clone()));
    let report = Report::new(protocol, data, &entries, notes, &Bootstrap::default());
    Ok(Evaluated { report, trained, answers })
}

/// What a graph is called in the report: its name, or when that is taken, as it is by another version of the same graph, the
/// name of its file, or the whole path.
fn distinct(name: String, path: &Path, taken: &BTreeMap<String, Vec<Trained>>) -> Result<String, EvaluateError> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let names = std::iter::once(name.clone()).chain(stem).chain([path.display().to_string()]);
    names.into_iter().find(|name| !taken.contains_key(name)).ok_or(EvaluateError::SameName(name))
}

/// The nodes that are judged alone: sources of candidates.
fn alone(plan: &Plan) -> Vec<String> {
    plan.sources().iter().filter_map(|index| Some(plan.nodes.get(*index)?.name.clone())).collect()
}

fn thresholds(plan: &Plan) -> Thresholds {
    Thresholds { cold_max: plan.segments.cold as usize, light_max: plan.segments.light as usize }
}

/// An arm's plan. Its memory is its own: what agents write in one arm is not there for the next.
fn prepare(loaded: &Loaded, states: &crate::active::StatesByAgent, store: &Store) -> Result<ActivePlan, PrepareError> {
    let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(store, &loaded.plan.namespaces));
    ActivePlan::new(loaded, states, &memory, &|item| store.items().row(item), Generation(0))
}

struct Setting<'a> {
    bench: &'a Bench,
    split: &'a Arc<Split>,
    past: &'a Past,
    judge: &'a Judge,
    graph: &'a str,
}

struct Asked {
    user: u32,
    items: Vec<u32>,
    fuel: u64,
    us: f64,
    degraded: bool,
    fault: Option<Fault>,
}

impl Setting<'_> {
    /// Answers for every judged subject.
    fn arm(&self, plan: Arc<ActivePlan>, name: &str, kind: ArmKind) -> Result<(Entry, Vec<Ranked>), EvaluateError> {
        let requests: Vec<(u32, Request)> =
            self.judge.users().iter().map(|user| (*user, self.request(*user))).collect();
        let progress = Arc::clone(&self.bench.progress);
        let label = format!("{name}: answers");
        let threads = self.bench.guests.threads().max(1);
        let asked = self.bench.guests.block_on(async move {
            plan.warm().await?;
            progress.begin(&label, requests.len() as u64);
            let mut all = Vec::with_capacity(requests.len());
            for group in requests.chunks(threads) {
                let running: Vec<_> = group
                    .iter()
                    .cloned()
                    .map(|(user, request)| tokio::spawn(ask(Arc::clone(&plan), user, request)))
                    .collect();
                for running in running {
                    all.push(running.await.map_err(|_| Gone)?);
                    progress.step(&label);
                }
            }
            progress.end(&label, false);
            Ok::<_, EvaluateError>(all)
        })??;
        if let (true, Some(first)) = (asked.iter().all(|a| a.fault.is_some()), asked.first()) {
            let fault = first.fault.clone().unwrap_or_else(|| Fault::caller("nothing was asked"));
            return Err(EvaluateError::NothingAnswered { graph: format!("{} ({name})", self.graph), fault });
        }
        let times: Vec<f64> = asked.iter().map(|a| a.us).collect();
        let cost = Cost {
            fuel_per_request: Some(asked.iter().map(|a| a.fuel as f64).sum::<f64>() / asked.len().max(1) as f64),
            time_us: Quantiles::of(&times),
            degraded: asked.iter().filter(|a| a.degraded || a.fault.is_some()).count() as u64,
        };
        let lists: Vec<Ranked> = asked.into_iter().map(|a| Ranked { user: a.user, items: a.items }).collect();
        let judged = self.judge.judge(&lists);
        Ok((Entry { name: name.to_owned(), kind, graph: self.graph.to_owned(), judged, cost }, lists))
    }

    fn request(&self, user: u32) -> Request {
        let history = self.past.history(user);
        let now_ms = history.times.last().map_or(0, |time| time + 1);
        let mut excluded = history.rows.clone();
        excluded.sort_unstable();
        excluded.dedup();
        let mut request = Request::new(&format!("eval/{user}"), history, now_ms, ANSWERED);
        request.subject = self.split.users.get(user as usize).map(|key| Subject { key: Arc::clone(key), number: user });
        request.excluded = excluded;
        request.patient = true;
        request
    }
}

async fn ask(plan: Arc<ActivePlan>, user: u32, request: Request) -> Asked {
    let began = Instant::now();
    let answer = plan.decide(request).await;
    let us = began.elapsed().as_secs_f64() * 1e6;
    match answer {
        Ok(answer) => Asked {
            user,
            items: answer.items.iter().map(|item| item.row).collect(),
            fuel: answer.usage.fuel,
            us,
            degraded: !answer.degraded.is_empty(),
            fault: None,
        },
        Err(fault) => Asked { user, items: Vec::new(), fuel: 0, us, degraded: true, fault: Some(fault) },
    }
}
