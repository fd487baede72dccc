//! `greenroom memory`: what an operator sees of the shared memory layer, and does with it.

mod show;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom_graph::Authored;
use greenroom_memory::{BackupError, Cursor, FILE, Store};
use greenroom_model::text::shown;
use greenroom_server::{Keeper, MemoryRefused};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::failures;
use crate::operator::{self, Place, Reach, figure, word};
use crate::output;
use crate::settings::HostFlags;
use crate::table;
use greenroom_runtime::REPLAYS;
use show::{each, namespaces, nearest, page, size, size_of};

/// How often a server is asked whether something has changed.
const PAUSE: Duration = Duration::from_millis(200);

/// Changes of one answer.
const CHANGES: usize = 1_000;

/// Reads and writes the shared memory layer, backs it up, restores and checks it: through the server that runs, or on the data
/// folder when none does.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lists namespaces: keys, bytes, quotas.
    Ls {
        #[command(flatten)]
        of: Of,
    },
    /// Says how large the store is and how far it has come.
    Stat {
        #[command(flatten)]
        of: Of,
    },
    /// Prints the value of a key as it is; with --json, its revision too.
    Get {
        /// The namespace.
        #[arg(index = 2)]
        namespace: String,
        /// The key.
        #[arg(index = 3)]
        key: String,
        #[command(flatten)]
        of: Of,
    },
    /// Writes a key.
    Put {
        /// The namespace. The graph declares it, and its quota counts.
        #[arg(index = 2)]
        namespace: String,
        /// The key.
        #[arg(index = 3)]
        key: String,
        /// The value; `-` reads it from the standard input.
        #[arg(index = 4)]
        value: String,
        /// Write only if the key is at this revision; 0 if it is not there.
        #[arg(long, value_name = "REVISION")]
        expected: Option<u64>,
        /// It is gone so many milliseconds later.
        #[arg(long, value_name = "MS")]
        ttl_ms: Option<u64>,
        #[command(flatten)]
        of: Of,
    },
    /// Adds to a counter.
    Add {
        /// The namespace, of kind counter.
        #[arg(index = 2)]
        namespace: String,
        /// The key.
        #[arg(index = 3)]
        key: String,
        /// How much; may be negative.
        #[arg(index = 4, default_value_t = 1, allow_negative_numbers = true)]
        by: i64,
        #[command(flatten)]
        of: Of,
    },
    /// Appends a record to a log.
    Append {
        /// The namespace, of kind log.
        #[arg(index = 2)]
        namespace: String,
        /// What the record's key begins with, such as `ada/`; may be empty.
        #[arg(index = 3)]
        key: String,
        /// The value; `-` reads it from the standard input.
        #[arg(index = 4)]
        value: String,
        #[command(flatten)]
        of: Of,
    },
    /// Removes a key.
    Delete {
        /// The namespace.
        #[arg(index = 2)]
        namespace: String,
        /// The key.
        #[arg(index = 3)]
        key: String,
        #[command(flatten)]
        of: Of,
    },
    /// Lists keys, with their values as far as a line goes.
    Scan {
        /// The namespace.
        #[arg(index = 2)]
        namespace: String,
        /// Only keys that begin so.
        #[arg(long, default_value = "")]
        prefix: String,
        /// Only keys after this one.
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
        /// At most so many keys, up to 1000.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
        #[command(flatten)]
        of: Of,
    },
    /// Tells what is written, as it comes, until Ctrl-C. Without a server it tells what was written, and ends.
    Tail {
        /// Only of this namespace.
        #[arg(long)]
        namespace: Option<String>,
        /// From after this place on, such as 12-00f0a1b2c3d4e5f6 of an earlier line [default: what comes from now on; without a
        /// server, all that is kept].
        #[arg(long, value_name = "CURSOR")]
        after: Option<Cursor>,
        #[command(flatten)]
        of: Of,
    },
    /// Uploads a file as a blob, and prints its digest.
    Upload {
        /// The namespace, of kind blob.
        #[arg(index = 2)]
        namespace: String,
        /// The file.
        #[arg(index = 3)]
        file: PathBuf,
        /// It is gone so many milliseconds later.
        #[arg(long, value_name = "MS")]
        ttl_ms: Option<u64>,
        #[command(flatten)]
        of: Of,
    },
    /// Finds the nearest of a namespace of vectors.
    Nearest {
        /// The namespace, of kind vector.
        #[arg(index = 2)]
        namespace: String,
        /// To what: the key of a vector that is there, or numbers such as '[0.5, 1]'.
        #[arg(index = 3, value_name = "KEY|VECTOR")]
        to: String,
        /// At most so many, up to 1000.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        count: u16,
        /// Only keys that begin so.
        #[arg(long, default_value = "")]
        prefix: String,
        /// Only those with this label; several are all to be there.
        #[arg(long, value_name = "LABEL")]
        label: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
    /// Copies the store, as it is at one moment, into a new file; a server serves on.
    Backup {
        /// The file, which is not there yet; on the server's machine, if one runs.
        #[arg(index = 2)]
        file: PathBuf,
        #[command(flatten)]
        of: Of,
    },
    /// Puts a backup in the place of the store. No server may run.
    Restore {
        /// The backup.
        #[arg(index = 2)]
        file: PathBuf,
        /// The store that is there may go: it is kept as greenroom.redb.replaced.
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        of: Of,
    },
    /// Looks whether all that is stored is whole; without a server, at every page too. Ends with 3 when it is not.
    Check {
        #[command(flatten)]
        of: Of,
    },
    /// Writes the store into a new file without gaps, which takes its place. No server may run.
    Compact {
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The graph file.
    #[arg(index = 1)]
    graph: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.what {
        What::Ls { of } => of.tell(of.asked("ls", &json!({}))?, namespaces),
        What::Stat { of } => of.tell(of.asked("ls", &json!({}))?, size),
        What::Get { of, namespace, key } => get(of, namespace, key),
        What::Put { of, namespace, key, value, expected, ttl_ms } => {
            let (text, base64) = given(value)?;
            let asked = json!({ "namespace": namespace, "key": key, "text": text, "base64": base64, "expected": expected, "ttl_ms": ttl_ms });
            of.tell(of.asked("put", &asked)?, |done| {
                format!("revision {}\n", figure(done, "revision").unwrap_or_default())
            })
        }
        What::Add { of, namespace, key, by } => {
            let done = of.asked("add", &json!({ "namespace": namespace, "key": key, "by": by }))?;
            of.tell(done, |done| format!("{}\n", done.get("number").unwrap_or(&Value::Null)))
        }
        What::Append { of, namespace, key, value } => {
            let (text, base64) = given(value)?;
            let asked = json!({ "namespace": namespace, "key": key, "text": text, "base64": base64 });
            of.tell(of.asked("append", &asked)?, |done| format!("{}\n", word(done, "key")))
        }
        What::Delete { of, namespace, key } => {
            let done = of.asked("delete", &json!({ "namespace": namespace, "key": key }))?;
            let existed = done.get("existed") == Some(&Value::Bool(true));
            of.tell(done, |_| if existed { "removed\n" } else { "there was no such key\n" }.to_owned())
        }
        What::Scan { of, namespace, prefix, after, limit } => {
            let asked = json!({ "namespace": namespace, "prefix": prefix, "after": after, "limit": limit });
            of.tell(of.asked("scan", &asked)?, page)
        }
        What::Upload { of, namespace, file, ttl_ms } => {
            let done = of.upload(namespace, file, *ttl_ms)?;
            of.tell(done, |done| format!("{}\n", word(done, "key")))
        }
        What::Nearest { of, namespace, to, count, prefix, label } => {
            let vector: Option<Vec<f32>> = serde_json::from_str(to).ok();
            let key = if vector.is_none() { Some(to) } else { None };
            let asked = json!({ "namespace": namespace, "vector": vector, "key": key, "count": count, "prefix": prefix, "all_of": label });
            of.tell(of.asked("nearest", &asked)?, nearest)
        }
        What::Tail { of, namespace, after } => tail(of, namespace.as_deref(), *after),
        What::Backup { of, file } => {
            let file = std::path::absolute(file).map_err(|error| failures::unreadable(file, &error))?;
            let done = of.asked("backup", &json!({ "file": file }))?;
            of.tell(done, |done| format!("{} to {}\n", copied(done), file.display()))
        }
        What::Restore { of, file, replace } => restore(of, file, *replace),
        What::Check { of } => check(of),
        What::Compact { of } => {
            let data = of.folder()?;
            stored(&data, &of.graph)?;
            let (before, after) = greenroom_memory::compact(&data)?;
            let shown = |bytes: u64| table::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
            of.tell(json!({ "before": before, "after": after }), |_| {
                format!("{} now, {} before\n", shown(after), shown(before))
            })
        }
    }
}

impl Of {
    fn data(&self) -> Result<PathBuf, Failure> {
        Ok(self.host.settings()?.data_dir(&self.graph))
    }

    /// The data folder, on which no server runs.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let data = self.data()?;
        match self.reach.find(&data)? {
            Place::Server(_) => Err(Failure::in_use("a server runs on this data folder: stop it first")),
            Place::Folder(_) => Ok(data),
        }
    }

    /// What a verb answers.
    pub(super) fn asked(&self, verb: &str, asked: &Value) -> Result<Value, Failure> {
        let data = self.data()?;
        match self.reach.find(&data)? {
            Place::Server(client) => {
                let (status, body) = client.post(&format!("/v1/memory/{verb}"), asked)?;
                if status == 200 { Ok(body) } else { Err(operator::refused(&body, None)) }
            }
            Place::Folder(_) => self.here(&data, verb, asked),
        }
    }

    fn upload(&self, namespace: &str, file: &Path, ttl_ms: Option<u64>) -> Result<Value, Failure> {
        let unread = |error: std::io::Error| failures::unreadable(file, &error);
        let data = self.data()?;
        match self.reach.find(&data)? {
            Place::Server(client) => {
                let bytes = std::fs::read(file).map_err(unread)?;
                let ttl = ttl_ms.map(|ttl| format!("?ttl_ms={ttl}")).unwrap_or_default();
                let path = format!("/v1/memory/blobs/{namespace}{ttl}");
                client
                    .put(&path, "application/octet-stream", bytes)
                    .map_err(|failure| failure.about(&file.display().to_string()))
            }
            Place::Folder(_) => {
                let mut content = std::fs::File::open(file).map_err(unread)?;
                self.kept(&data, |keeper| keeper.upload(namespace, &mut content, ttl_ms))
            }
        }
    }

    /// The same of the data folder itself.
    fn here(&self, data: &Path, verb: &str, asked: &Value) -> Result<Value, Failure> {
        self.kept(data, |keeper| keeper.call(verb, asked.clone()))
    }

    fn kept(
        &self,
        data: &Path,
        what: impl FnOnce(&Keeper<'_>) -> Result<Value, MemoryRefused>,
    ) -> Result<Value, Failure> {
        let (name, path) = (self.graph.display().to_string(), &self.graph);
        let text = std::fs::read_to_string(path).map_err(|error| failures::unreadable(path, &error))?;
        let authored = Authored::parse(&name, &text).map_err(|wrong| Failure::BadFile(miette::Report::new(wrong)))?;
        stored(data, path)?;
        let mut store = Store::open(data)?;
        if let Some(shared) = self.host.settings()?.host(path).memory()? {
            store = store.sharing(shared);
        }
        let namespaces = authored.namespaces();
        Ok(what(&Keeper::new(&store, &namespaces, Some(data.join(REPLAYS))))?)
    }

    pub(super) fn tell(&self, answer: Value, text: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        if self.json { output::json(&answer) } else { output::text(&text(&answer)) }
    }
}

fn stored(data: &Path, graph: &Path) -> Result<(), Failure> {
    if data.join(FILE).is_file() {
        return Ok(());
    }
    let (data, graph) = (data.display(), graph.display());
    Err(Failure::failed(format!(
        "{data} has no store yet: `greenroom train {graph} --events FILE` or `greenroom memory restore` makes one"
    )))
}

impl From<MemoryRefused> for Failure {
    fn from(refused: MemoryRefused) -> Self {
        match refused.code {
            "invalid" => Self::arguments(refused),
            _ => Self::failed(refused),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Open(error) => error.into(),
            BackupError::Unfit { .. } => Self::bad_file(error),
            BackupError::System { ref path, ref source } => failures::unreadable(path, source),
            other => Self::failed(failures::with_causes(&other)),
        }
    }
}

fn get(of: &Of, namespace: &str, key: &str) -> Result<(), Failure> {
    let found = of.asked("get", &json!({ "namespace": namespace, "key": key }))?;
    if of.json {
        return output::json(&found);
    }
    if found.get("offset").is_some() {
        return blob(of, namespace, key, found);
    }
    if found.get("vector").is_some() {
        return output::text(&format!("{}\n", found.get("vector").unwrap_or(&Value::Null)));
    }
    if let Some(number) = found.get("number") {
        return output::text(&format!("{number}\n"));
    }
    let value = match found.get("base64").and_then(Value::as_str) {
        Some(encoded) => STANDARD.decode(encoded).map_err(|error| Failure::failed(format!("the answer: {error}")))?,
        None => found.get("text").and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec(),
    };
    output::bytes(&value)
}

fn decoded(found: &Value) -> Result<Vec<u8>, Failure> {
    let encoded = found.get("base64").and_then(Value::as_str).unwrap_or_default();
    STANDARD.decode(encoded).map_err(|error| Failure::failed(format!("the answer: {error}")))
}

/// Prints a blob as it is, of which the first part is there, part by part.
fn blob(of: &Of, namespace: &str, key: &str, first: Value) -> Result<(), Failure> {
    let bytes = figure(&first, "bytes").unwrap_or_default();
    let (mut part, mut printed) = (decoded(&first)?, 0);
    loop {
        output::bytes(&part)?;
        printed += part.len() as u64;
        if printed >= bytes || part.is_empty() {
            return Ok(());
        }
        part = decoded(&of.asked("get", &json!({ "namespace": namespace, "key": key, "offset": printed }))?)?;
    }
}

/// A value as text, or what is read from the standard input as base64.
fn given(value: &str) -> Result<(Option<&str>, Option<String>), Failure> {
    if value != "-" {
        return Ok((Some(value), None));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::failed(format!("the standard input can't be read: {error}")))?;
    Ok((None, Some(STANDARD.encode(bytes))))
}

fn tail(of: &Of, namespace: Option<&str>, after: Option<Cursor>) -> Result<(), Failure> {
    let data = of.data()?;
    let follows = matches!(of.reach.find(&data)?, Place::Server(_));
    let mut after = match after {
        None if follows => of.asked("ls", &json!({}))?.get("cursor").cloned(),
        after => after.map(|after| json!(after)),
    };
    loop {
        let found = of.asked("changes", &json!({ "namespace": namespace, "after": after, "limit": CHANGES }))?;
        after = found.get("cursor").cloned();
        let store = word(&found, "cursor");
        let store = store.split_once('-').map_or("", |(_, store)| store);
        let mut lines = String::new();
        for change in each(&found, "changes") {
            let cursor = format!("{}-{store}", figure(change, "revision").unwrap_or_default());
            lines.push_str(&if of.json {
                let mut change = change.clone();
                if let Some(change) = change.as_object_mut() {
                    change.insert("cursor".to_owned(), cursor.into());
                }
                format!("{change}\n")
            } else {
                let what = if change.get("removed") == Some(&Value::Bool(true)) { "removed" } else { "written" };
                format!("{cursor}  {what}  {}  {}\n", word(change, "namespace"), word(change, "key"))
            });
        }
        if !lines.is_empty() && !output::still(&lines)? {
            return Ok(());
        }
        if found.get("more") != Some(&Value::Bool(true)) {
            if !follows {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn copied(done: &Value) -> String {
    format!("{} rows, {}", figure(done, "rows").unwrap_or_default(), size_of(done, "bytes"))
}

fn restore(of: &Of, file: &Path, replace: bool) -> Result<(), Failure> {
    let data = of.folder()?;
    let done = greenroom_memory::restore(file, &data, replace)?;
    of.tell(json!({ "rows": done.rows, "bytes": done.bytes }), |done| {
        format!("{} to {}\n", copied(done), data.display())
    })
}

fn check(of: &Of) -> Result<(), Failure> {
    let data = of.data()?;
    // Pages first: what they say comes after.
    if let Place::Folder(_) = of.reach.find(&data)? {
        stored(&data, &of.graph)?;
        greenroom_memory::check(&data)?;
    }
    let checked = of.asked("check", &json!({}))?;
    let faults = figure(&checked, "fault_count").unwrap_or_default();
    of.tell(checked, |checked| {
        let count = |name: &str| figure(checked, name).unwrap_or_default();
        let mut text = format!(
            "{} keys, {} items and subjects, {} events, {} decisions: ",
            count("keys"),
            count("ids"),
            count("events"),
            count("decisions")
        );
        text.push_str(&if faults == 0 { "all whole\n".to_owned() } else { format!("{faults} faults\n") });
        for fault in each(checked, "faults").filter_map(Value::as_str) {
            text.push_str(&format!("  {}\n", shown(fault)));
        }
        text
    })?;
    if faults == 0 { Ok(()) } else { Err(Failure::bad_file("the store contradicts itself: restore it from a backup")) }
}
