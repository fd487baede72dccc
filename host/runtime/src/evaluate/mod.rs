//! Evaluating graphs: train on one part of the events, answer for the other, judge the answers.

mod arena;
mod ground;
mod inner;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use greenroom_graph::Plan;
use greenroom_memory::{AssignError, CatalogError, FactsError, OpenError};
use greenroom_model::{Digest, Fault};
use greenroom_sandbox::Sandbox;
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError};
use crate::evaluation::{
    ArmKind, Block, Bootstrap, Cost, Data, Entry, Exam, Judged, Quantiles, Ranked, Report, Thresholds,
};
use crate::events::ItemFile;
use crate::guests::{Gone, Guests};
use crate::load::{LoadGraphError, Loaded, load};
use crate::states::States;
use crate::train::{Progress, TrainError, Trained};
pub use arena::{Arena, InnerReward, Score, more_is_better};
use ground::{Answered, Asking, Ground};

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
    /// By graph; of several blocks, the sums of what each took.
    pub trained: BTreeMap<String, Vec<Trained>>,
    /// What each arm answered, in the order of the report's arms, block after block.
    pub answers: Vec<Vec<Ranked>>,
    /// How each arm did by subject, in the same order: the means over blocks and seeds.
    pub judged: Vec<Judged>,
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

/// Evaluates graphs by a protocol, all of them with the same subjects, masks and ties.
///
/// # Errors
/// See [`EvaluateError`].
pub fn evaluate(
    bench: &Bench,
    graphs: &[&Path],
    exam: &Exam,
    items: Option<&ItemFile>,
    digests: BTreeMap<String, Digest>,
) -> Result<Evaluated, EvaluateError> {
    evaluate_with(bench, graphs, exam, items, digests, &[0])
}

/// The same with several seeds of requests, 1 or more: what is drawn is drawn with each, and each subject has the mean. 0 leaves
/// requests the seeds that they have.
///
/// # Errors
/// See [`EvaluateError`].
pub fn evaluate_with(
    bench: &Bench,
    graphs: &[&Path],
    exam: &Exam,
    items: Option<&ItemFile>,
    digests: BTreeMap<String, Digest>,
    seeds: &[u64],
) -> Result<Evaluated, EvaluateError> {
    let mut loaded = Vec::new();
    for graph in graphs {
        let (sandbox, path) = (bench.sandbox.clone(), graph.to_path_buf());
        let mut graph_loaded = bench.guests.block_on(async move { load(&sandbox, &path).await })??;
        graph_loaded.plan.name = distinct(graph_loaded.plan.name, graph, &loaded)?;
        loaded.push(graph_loaded);
    }
    let mut notes: Vec<String> = loaded
        .iter()
        .flat_map(|graph| &graph.given)
        .map(|(agent, given)| {
            format!("{agent}: its state is that of {}: it may have learned what is asked here", given.path)
        })
        .collect();
    let thresholds = loaded.first().map_or(Thresholds { cold_max: 0, light_max: 0 }, |first| thresholds(&first.plan));
    // By the place of the graph, and that of the arm within it.
    let mut arms: BTreeMap<(usize, usize), Arm> = BTreeMap::new();
    let mut trained: BTreeMap<String, Vec<Trained>> = BTreeMap::new();
    for block in &exam.blocks {
        notes.extend(block.split.notes.iter().cloned());
        let (ground, said) = Ground::new(&block.split, items, &thresholds)?;
        notes.extend(said);
        let called = if exam.blocks.len() > 1 { format!(", {}", block.name) } else { String::new() };
        for (at, graph) in loaded.iter().enumerate() {
            let name = &graph.plan.name;
            let (states, reports) = ground.train(bench, graph, None)?;
            notes.extend(reports.iter().flat_map(|t| t.report.notes.iter().map(|note| format!("{}: {note}", t.agent))));
            add(trained.entry(name.clone()).or_default(), reports);
            let turn = Turn { bench, ground: &ground, seeds };
            let again = || ground.prepare(graph, &states).map(Some);
            let arm = arms.entry((at, 0)).or_insert_with(|| Arm::new(name, ArmKind::Graph, name));
            arm.ask(&turn, &format!("{name}{called}"), &again)?;
            for (node, number) in alone(&graph.plan).into_iter().zip(1..) {
                let again = || ground.prepare(graph, &states).map(|plan| plan.only(&node));
                let arm = arms.entry((at, number)).or_insert_with(|| Arm::new(&node, ArmKind::Agent, name));
                arm.ask(&turn, &format!("{node}{called}"), &again)?;
            }
        }
    }
    // A node that cannot be asked alone was asked nothing.
    arms.retain(|_, arm| !arm.judged.is_empty());
    let ended: Vec<(Entry, Vec<Ranked>)> = arms.into_values().map(Arm::end).collect::<Result<_, _>>()?;
    let (entries, answers): (Vec<Entry>, Vec<Vec<Ranked>>) = ended.into_iter().unzip();
    let rows = |count: &dyn Fn(&Block) -> usize| exam.blocks.iter().map(count).collect::<Vec<_>>();
    let split = exam.blocks.first().map(|block| &block.split);
    let data = Data {
        users: split.map_or(0, |split| split.users.len()),
        judged: entries.first().map_or(0, |entry| entry.judged.users.len()),
        items: split.map_or(0, |split| split.items.len()),
        train: rows(&|block| block.split.train.len()).into_iter().max().unwrap_or_default(),
        test: rows(&|block| block.split.test.len()).into_iter().sum(),
        blocks: exam.blocks.len(),
        digests,
    };
    // Graphs with the same agent have the same to say of it.
    let mut told = HashSet::new();
    notes.retain(|note| told.insert(note.clone()));
    let report = Report::new(&exam.protocol, data, &entries, notes, &Bootstrap::default());
    let judged = entries.into_iter().map(|entry| entry.judged).collect();
    Ok(Evaluated { report, trained, answers, judged })
}

/// What a graph is called in the report: its name, or when that is taken, as it is by another version of the same graph, the
/// name of its file, or the whole path.
fn distinct(name: String, path: &Path, taken: &[Loaded]) -> Result<String, EvaluateError> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names = std::iter::once(name.clone()).chain(stem).chain([path.display().to_string()]);
    names.find(|name| !taken.iter().any(|other| other.plan.name == *name)).ok_or(EvaluateError::SameName(name))
}

/// The nodes that are judged alone: sources of candidates.
fn alone(plan: &Plan) -> Vec<String> {
    plan.sources().iter().filter_map(|index| Some(plan.nodes.get(*index)?.name.clone())).collect()
}

fn thresholds(plan: &Plan) -> Thresholds {
    Thresholds { cold_max: plan.segments.cold as usize, light_max: plan.segments.light as usize }
}

/// Adds what training took in another block.
fn add(all: &mut Vec<Trained>, more: Vec<Trained>) {
    for more in more {
        match all.iter_mut().find(|before| before.agent == more.agent) {
            None => all.push(more),
            Some(before) => {
                let (kept, fuel) = (before.kept && more.kept, before.fuel.saturating_add(more.fuel));
                *before = Trained { kept, fuel, seconds: before.seconds + more.seconds, ..more };
            }
        }
    }
}

/// A block in which arms are asked.
struct Turn<'a> {
    bench: &'a Bench,
    ground: &'a Ground,
    seeds: &'a [u64],
}

/// How an arm does, block after block.
struct Arm {
    name: String,
    kind: ArmKind,
    graph: String,
    judged: Vec<Judged>,
    lists: Vec<Ranked>,
    fuel: f64,
    times_us: Vec<f64>,
    degraded: u64,
    failed: usize,
    fault: Option<Fault>,
}

impl Arm {
    fn new(name: &str, kind: ArmKind, graph: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            graph: graph.to_owned(),
            judged: Vec::new(),
            lists: Vec::new(),
            fuel: 0.0,
            times_us: Vec::new(),
            degraded: 0,
            failed: 0,
            fault: None,
        }
    }

    /// Asks with each seed. Who draws nothing answers the same with all, and is asked once.
    fn ask(
        &mut self,
        turn: &Turn<'_>,
        called: &str,
        plan: &dyn Fn() -> Result<Option<ActivePlan>, PrepareError>,
    ) -> Result<(), EvaluateError> {
        let Turn { bench, ground, seeds } = *turn;
        let mut same: Option<Judged> = None;
        for seed in seeds.iter().copied() {
            if let Some(judged) = &same {
                self.judged.push(judged.clone());
                continue;
            }
            let Some(plan) = plan()? else { return Ok(()) };
            let asking = Asking { judge: &ground.judge, outputs: None, seed, called };
            let answers = ground.answers(bench, plan, &asking)?;
            let drawn = answers.iter().any(|answer| answer.drawn);
            self.take(ground, answers);
            same = if drawn { None } else { self.judged.last().cloned() };
        }
        Ok(())
    }

    fn take(&mut self, ground: &Ground, answers: Vec<Answered>) {
        self.fuel += answers.iter().map(|a| a.fuel as f64).sum::<f64>();
        self.times_us.extend(answers.iter().map(|a| a.us));
        self.degraded += answers.iter().filter(|a| a.degraded || a.fault.is_some()).count() as u64;
        self.failed += answers.iter().filter(|a| a.fault.is_some()).count();
        if self.fault.is_none() {
            self.fault = answers.iter().find_map(|a| a.fault.clone());
        }
        let lists: Vec<Ranked> = answers.into_iter().map(|answer| answer.list).collect();
        self.judged.push(ground.judge.judge(&lists));
        self.lists.extend(lists);
    }

    fn end(self) -> Result<(Entry, Vec<Ranked>), EvaluateError> {
        let asked = self.times_us.len();
        if let Some(fault) = self.fault.filter(|_| self.failed == asked) {
            let graph = format!("{} ({})", self.graph, self.name);
            return Err(EvaluateError::NothingAnswered { graph, fault });
        }
        let cost = Cost {
            fuel_per_request: Some(self.fuel / asked.max(1) as f64),
            time_us: Quantiles::of(&self.times_us),
            degraded: self.degraded,
        };
        let judged = Judged::pooled(&self.judged);
        Ok((Entry { name: self.name, kind: self.kind, graph: self.graph, judged, cost }, self.lists))
    }
}
