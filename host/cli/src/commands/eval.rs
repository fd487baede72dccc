//! `greenroom eval`: how good graphs and their agents are, on events that they have not seen.

mod subjects;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Exam, FOLDS, Folds, ProtocolError, Report, p1, p2, p3, pair};
use greenroom_runtime::events::{EventFile, ReadOptions, read, read_items};
use greenroom_runtime::{Bench, Evaluated, States, Trained, evaluate_with};
use serde::Serialize;
use serde_json::Value;

use super::train;
use crate::exit::Failure;
use crate::figures::{self, Peers};
use crate::settings::HostFlags;
use crate::{output, progress, table};

/// Trains graphs on one part of the events and judges what they answer on the other.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("data").required(true).args(["events", "train"])))]
pub(crate) struct Arguments {
    /// Graph files. Of several, the first is compared with each other one.
    #[arg(required = true, value_name = "GRAPH")]
    graphs: Vec<PathBuf>,
    /// CSV or TSV of user, item, rating, timestamp, to be split by --protocol.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// How --events are split: p1 keeps the latest fifth of each subject's positives back; p2 judges every subject five
    /// times, in five folds; p3 follows all subjects together in time.
    #[arg(long, value_enum, default_value_t, requires = "events")]
    protocol: Protocol,
    /// Deals the subjects out into other folds, under protocol p2.
    #[arg(long, value_name = "TEXT", default_value = "", requires = "events", hide_default_value = true)]
    salt: String,
    /// Judges one fold alone, under protocol p2.
    #[arg(long, value_name = "0..4", requires = "events", value_parser = clap::value_parser!(u64).range(0..FOLDS))]
    fold: Option<u64>,
    /// Seeds of requests: what graphs draw is drawn with each, and each subject has the mean. 0 leaves requests the seeds
    /// that they have.
    #[arg(long, value_name = "NUMBER,..", value_delimiter = ',', default_value = "0")]
    seeds: Vec<u64>,
    /// Events to learn from.
    #[arg(long, value_name = "FILE", requires = "test")]
    train: Option<PathBuf>,
    /// Events to judge by.
    #[arg(long, value_name = "FILE", requires = "train", conflicts_with = "events")]
    test: Option<PathBuf>,
    /// CSV of what is known of items: id, title, year, genres.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Events without timestamps are in order.
    #[arg(long)]
    ordered: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write the figures there, as a JSON list.
    #[arg(long, value_name = "FILE")]
    figures: Option<PathBuf>,
    /// What arms are measured against in --figures: targets, and figures of other implementations.
    #[arg(long, value_name = "FILE", requires = "figures")]
    peers: Option<PathBuf>,
    /// Write what each graph has for each subject there, as JSON.
    #[arg(long, value_name = "FILE")]
    per_subject: Option<PathBuf>,
    #[command(flatten)]
    host: HostFlags,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Protocol {
    #[default]
    P1,
    P2,
    P3,
}

/// What is judged, and on what.
struct Case {
    exam: Exam,
    digests: BTreeMap<String, Digest>,
}

impl Arguments {
    fn no_graph_twice(&self) -> Result<(), Failure> {
        let files: Vec<_> = self.graphs.iter().map(|path| path.canonicalize().unwrap_or(path.clone())).collect();
        let twice = files.iter().enumerate().find(|(at, file)| files.iter().take(*at).any(|before| before == *file));
        let message = |path: &Path| format!("{} is given twice: there is nothing to compare", path.display());
        let path = twice.and_then(|(at, _)| self.graphs.get(at));
        path.map_or(Ok(()), |path| Err(Failure::arguments(message(path))))
    }

    fn case(&self) -> Result<Case, Failure> {
        if !self.salt.is_empty() && !matches!(self.protocol, Protocol::P2) {
            return Err(Failure::arguments(
                "--salt deals subjects out into folds, which protocol p2 alone has: add --protocol p2",
            ));
        }
        if self.fold.is_some() && !matches!(self.protocol, Protocol::P2) {
            return Err(Failure::arguments("--fold is one of those that protocol p2 alone has: add --protocol p2"));
        }
        let options = ReadOptions { ordered: self.ordered };
        let file = |path: &PathBuf| read(path, &options);
        let digest = |what: &str, file: &EventFile| (what.to_owned(), file.digest);
        match (&self.events, &self.train, &self.test) {
            (Some(path), ..) => {
                let events = file(path)?;
                let exam = match self.protocol {
                    Protocol::P1 => p1(&events.events).map(|split| Exam::of("p1", split)),
                    Protocol::P2 => match self.fold {
                        None => p2(&events.events, &self.salt),
                        Some(fold) => Folds::of(&events.events, &self.salt)
                            .map(|folds| Exam { protocol: format!("p2, fold {fold}"), blocks: folds.proof(fold) }),
                    },
                    Protocol::P3 => p3(&events.events),
                };
                Ok(Case { exam: exam.map_err(|e| unfit(path, &e))?, digests: [digest("events", &events)].into() })
            }
            (None, Some(train), Some(path)) => {
                let (train, test) = (file(train)?, file(path)?);
                let split = pair(&train.events, &test.events).map_err(|e| unfit(path, &e))?;
                let digests = [digest("train", &train), digest("test", &test)].into();
                Ok(Case { exam: Exam::of("pair", split), digests })
            }
            _ => Err(Failure::arguments("what to judge on is missing: --events FILE, or --train FILE and --test FILE")),
        }
    }
}

/// What is wrong with a file of events that could be read.
fn unfit(path: &Path, error: &ProtocolError) -> Failure {
    Failure::bad_file(format!("{}: {error}", path.display()))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    arguments.no_graph_twice()?;
    let peers = arguments.peers.as_deref().map(Peers::read).transpose()?.unwrap_or_default();
    let mut case = arguments.case()?;
    let items = arguments.items.as_ref().map(|path| read_items(path)).transpose()?;
    if let Some(items) = &items {
        case.digests.insert("items".to_owned(), items.digest);
    }
    let (sandbox, guests) = settings.sandbox()?;
    // What is wrong with a graph is told before anything is made or learned.
    for graph in &arguments.graphs {
        super::load(&sandbox, &guests, graph)?;
    }
    let first = arguments.graphs.first().map_or(Path::new(""), PathBuf::as_path);
    let states = settings.data_dir(first).join("states");
    let opened = States::open(&states);
    let states =
        opened.map_err(|e| Failure::failed(format!("the states folder {} cannot be used: {e}", states.display())))?;
    let bench = Bench { sandbox, guests, states, progress: progress::watched() };
    let graphs: Vec<&Path> = arguments.graphs.iter().map(PathBuf::as_path).collect();
    let seeds = &arguments.seeds;
    let evaluated = evaluate_with(&bench, &graphs, &case.exam, items.as_ref(), case.digests, seeds)?;
    let mut measured = String::new();
    if let Some(path) = &arguments.per_subject {
        subjects::write(path, &case.exam, seeds, &evaluated)?;
    }
    if let Some(path) = &arguments.figures {
        let figures = figures::of(&evaluated.report, &peers);
        figures::write(path, &figures)?;
        measured = format!("\nfigures, in {}\n{}", path.display(), figures::table(&figures).render());
    }
    if arguments.json { output::json(&document(&evaluated)) } else { output::text(&(text(&evaluated) + &measured)) }
}

/// A report, and how the training went.
#[derive(Serialize)]
struct Document<'e> {
    #[serde(flatten)]
    report: &'e Report,
    /// By graph.
    trained: BTreeMap<&'e str, Vec<Value>>,
}

fn document(evaluated: &Evaluated) -> Document<'_> {
    let told = |trained: &[Trained]| trained.iter().map(train::document).collect();
    let trained = evaluated.trained.iter().map(|(graph, trained)| (graph.as_str(), told(trained))).collect();
    Document { report: &evaluated.report, trained }
}

fn text(evaluated: &Evaluated) -> String {
    let mut text = evaluated.report.render(table::width());
    for (graph, trained) in &evaluated.trained {
        text.push_str(&format!("\ntraining of {graph}\n{}", train::table_of(trained).render()));
    }
    text
}
