//! `greenroom knowledge`: what was tried, what came of it, and where a plan comes from.

mod find;
mod lines;

use std::path::{Path, PathBuf};

use greenroom_evolve::knowledge::{Ancestor, Knowledge, Record};
use greenroom_memory::{FILE, Store};
use greenroom_model::Digest;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::{output, table, terminal};

/// Says what was tried on the data of a graph, what came of it, and where a plan comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lists all records, the newest first.
    Ls {
        #[command(flatten)]
        of: Of,
    },
    /// Prints one record.
    Show {
        #[command(flatten)]
        of: Of,
        /// The digest of the record, or how it begins.
        record: String,
    },
    /// Says where a plan comes from: its ancestors back to the origin, with all that is known of each.
    Why {
        #[command(flatten)]
        of: Of,
        /// The digest of the plan, or how it begins.
        plan: String,
    },
}

#[derive(Debug, clap::Args)]
struct Of {
    /// The graph file, or a data folder.
    graph: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.what {
        What::Ls { of } => ls(of),
        What::Show { of, record } => show(of, record),
        What::Why { of, plan } => why(of, plan),
    }
}

impl Of {
    /// Reads the knowledge base, and warns of what in it is damaged. Asking makes no data folder.
    fn open(&self) -> Result<Knowledge, Failure> {
        let data = crate::evolution::case::folder(&self.data_dir()?);
        if !data.join(FILE).is_file() {
            return Err(Failure::failed(format!("nothing is known: {} has no data", data.display())));
        }
        let store = Store::open(&data)?;
        let knowledge = Knowledge::open(store.kv()).map_err(Failure::failed)?;
        for damaged in knowledge.damaged() {
            terminal::warn(&damaged.to_string());
        }
        Ok(knowledge)
    }

    fn data_dir(&self) -> Result<PathBuf, Failure> {
        let settings = self.host.settings()?;
        let graph: &Path = &self.graph;
        if graph.is_dir() {
            return Ok(graph.to_owned());
        }
        if !graph.exists() {
            return Err(Failure::bad_file(format!("there is no file {}", graph.display())));
        }
        Ok(settings.data_dir(graph))
    }
}

fn ls(of: &Of) -> Result<(), Failure> {
    let knowledge = of.open()?;
    let mut all = knowledge.all();
    all.reverse();
    if !of.json {
        return output::text(&lines::list(&all, table::terminal_width()));
    }
    let records: Vec<Value> =
        all.into_iter().map(|(digest, record)| document(digest, record)).collect::<Result<_, _>>()?;
    let damaged: Vec<Value> =
        knowledge.damaged().iter().map(|damaged| json!({ "key": damaged.key, "what": damaged.what })).collect();
    output::json(&json!({ "records": records, "damaged": damaged }))
}

fn show(of: &Of, record: &str) -> Result<(), Failure> {
    let knowledge = of.open()?;
    let digest = find::record(&knowledge, record)?;
    let Some(record) = knowledge.record(&digest) else {
        return Err(Failure::failed(format!("there is no record {digest}")));
    };
    if of.json {
        return output::json(&document(&digest, record)?);
    }
    output::text(&fitted(lines::one(&digest, record), lines::VALUES_AT))
}

/// As wide as the terminal, if it is one.
fn fitted(text: String, least: usize) -> String {
    table::terminal_width().map_or_else(|| text.clone(), |width| lines::folded(&text, width, least))
}

fn why(of: &Of, plan: &str) -> Result<(), Failure> {
    let knowledge = of.open()?;
    let plan = find::plan(&knowledge, plan)?;
    // What is asked is a question about the latest data on which the plan, or what was made of it, was tried.
    let all = knowledge.all();
    let latest =
        |is: &dyn Fn(&Record) -> bool| all.iter().rev().find(|(_, record)| is(record)).map(|(_, record)| *record);
    let asked = latest(&|record| record.plan == plan).or_else(|| latest(&|record| record.parent == Some(plan)));
    let Some(asked) = asked else { return Err(Failure::failed(format!("nothing is known of plan {plan}"))) };
    let lineage = knowledge.lineage(&plan, &asked.data);
    if !of.json {
        return output::text(&fitted(lines::lineage(&lineage), 0));
    }
    output::json(&lineage.iter().map(ancestor).collect::<Result<Vec<Value>, _>>()?)
}

fn ancestor(ancestor: &Ancestor<'_>) -> Result<Value, Failure> {
    let records = ancestor.records.iter().map(|found| {
        let mut document = document(found.digest, found.record)?;
        if let Some(fields) = document.as_object_mut() {
            fields.insert("foreign".to_owned(), found.foreign.into());
        }
        Ok(document)
    });
    let records: Vec<Value> = records.collect::<Result<_, Failure>>()?;
    Ok(json!({ "plan": ancestor.plan.to_string(), "records": records }))
}

/// A record with its digest.
fn document(digest: &Digest, record: &Record) -> Result<Value, Failure> {
    let mut document = serde_json::to_value(record).map_err(|e| Failure::failed(format!("no JSON: {e}")))?;
    if let Some(fields) = document.as_object_mut() {
        fields.insert("digest".to_owned(), digest.to_string().into());
    }
    Ok(document)
}
