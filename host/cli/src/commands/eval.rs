//! `greenroom eval`: how good graphs and their agents are, on events that they have not seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Split, p1, pair};
use greenroom_runtime::events::{EventFile, ReadOptions, read, read_items};
use greenroom_runtime::{Bench, Evaluated, States, evaluate};
use serde_json::json;

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
    /// How --events are split: p1 keeps the latest fifth of each subject's positives back.
    #[arg(long, value_enum, default_value_t, requires = "events")]
    protocol: Protocol,
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
    #[command(flatten)]
    host: HostFlags,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Protocol {
    #[default]
    P1,
}

/// What is judged, and on what.
struct Case {
    split: Split,
    protocol: &'static str,
    digests: BTreeMap<String, Digest>,
}

impl Arguments {
    fn case(&self) -> Result<Case, Failure> {
        let options = ReadOptions { ordered: self.ordered };
        let file = |path: &PathBuf| read(path, &options);
        let digest = |what: &str, file: &EventFile| (what.to_owned(), file.digest);
        match (&self.events, &self.train, &self.test) {
            (Some(events), ..) => {
                let Protocol::P1 = self.protocol;
                let events = file(events)?;
                Ok(Case { split: p1(&events.events)?, protocol: "p1", digests: [digest("events", &events)].into() })
            }
            (None, Some(train), Some(test)) => {
                let (train, test) = (file(train)?, file(test)?);
                let digests = [digest("train", &train), digest("test", &test)].into();
                Ok(Case { split: pair(&train.events, &test.events)?, protocol: "pair", digests })
            }
            _ => Err(Failure::arguments("what to judge on is missing: --events FILE, or --train FILE and --test FILE")),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
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
    let evaluated = evaluate(&bench, &graphs, &Arc::new(case.split), items.as_ref(), case.protocol, case.digests)?;
    if let Some(path) = &arguments.figures {
        figures::write(path, &figures::of(&evaluated.report, &peers))?;
    }
    if arguments.json { told(&evaluated) } else { output::text(&text(&evaluated)) }
}

fn told(evaluated: &Evaluated) -> Result<(), Failure> {
    let trained: BTreeMap<_, _> = evaluated
        .trained
        .iter()
        .map(|(graph, trained)| (graph, trained.iter().map(train::document).collect::<Vec<_>>()))
        .collect();
    output::json(&json!({ "report": evaluated.report, "trained": trained }))
}

fn text(evaluated: &Evaluated) -> String {
    let mut text = evaluated.report.render(table::width());
    for (graph, trained) in &evaluated.trained {
        text.push_str(&format!("\ntraining of {graph}\n{}", train::table_of(trained).render()));
    }
    text
}
