//! `greenroom dev`: sources are watched and built, what was built is swapped in, and what that changes in answers is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use greenroom_build::{MANIFEST, Project};
use greenroom_model::{Ask, Generation};
use greenroom_runtime::{Host, RefusedRecord, Reply, Watch};

use crate::exit::Failure;
use crate::output;
use crate::settings::{HostFlags, Settings};
use crate::table::Table;

/// How often it is looked whether something became active or was refused.
const LOOK: Duration = Duration::from_millis(50);
/// How often it is looked for new source files.
const SCAN: Duration = Duration::from_secs(1);
/// Source files that are watched at most.
const SOURCES_MAX: usize = 20_000;

/// Serves a graph to yourself while you change it: watches its files and your sources, builds, swaps, and tells what changed
/// in the answers for a few subjects. Nothing is decided for anybody: no record is made of these answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// The folder of an agent, which is built when a source of it changes; may be given several times.
    #[arg(long, value_name = "DIR")]
    agent: Vec<PathBuf>,
    /// A folder of sources; may be given several times. Hidden folders, `target` and `node_modules` are left out.
    #[arg(long, value_name = "DIR", requires = "build")]
    sources: Vec<PathBuf>,
    /// What is run, by the shell, when a source changes: it is to write the components that the graph names.
    #[arg(long, value_name = "COMMAND", requires = "sources")]
    build: Option<String>,
    /// Whose answers are compared; may be given several times [default: somebody new, and the three that came last].
    #[arg(long, value_name = "ID")]
    subject: Vec<String>,
    /// How many items of each.
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: u32,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let flags = [("--sources", &arguments.sources), ("--agent", &arguments.agent)];
    for (flag, folder) in flags.iter().flat_map(|(flag, folders)| folders.iter().map(move |folder| (flag, folder))) {
        if !folder.is_dir() {
            return Err(Failure::arguments(format!("{flag} {}: there is no such folder", folder.display())));
        }
    }
    for folder in &arguments.agent {
        Project::read(folder).map_err(super::build::failed)?;
    }
    let host = super::open_to_serve(&settings, &arguments.graph)?;
    if host.resume()?.is_none() {
        host.activate()?;
    }
    host.make_images();
    let no_thread = |what: &str, e: &dyn std::fmt::Display| Failure::failed(format!("no thread to {what}: {e}"));
    host.watch_files(settings.settle_in_dev()).map_err(|e| no_thread("watch files", &e))?;
    let subjects = subjects(&arguments.subject, &host);
    let mut scene = Scene::new(&host, subjects, arguments.limit)?;
    output::text(&scene.first())?;
    let (changed, told) = channel();
    let mut sources = Sources::watch(arguments, &settings, changed)?;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(()) => {
                while told.try_recv().is_ok() {}
                if let Some(command) = &arguments.build {
                    build(command)?;
                }
                for folder in &arguments.agent {
                    build_agent(folder, &arguments.host)?;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Nothing is built here.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
        }
        if let Some(sources) = &mut sources {
            sources.scan();
        }
        let news = scene.news()?;
        if !news.is_empty() {
            output::text(&news)?;
        }
    }
}

/// Those that were asked for, or somebody new and those that came last.
fn subjects(asked: &[String], host: &Host) -> Vec<Option<String>> {
    if !asked.is_empty() {
        return asked.iter().cloned().map(Some).collect();
    }
    let known = host.store().subjects();
    let last = (known.len().saturating_sub(3)..known.len()).filter_map(|number| known.id(number));
    std::iter::once(None).chain(last.map(|id| Some(id.to_string()))).collect()
}

/// Builds an agent where its graph finds it. Mistakes of its author's are told, and what serves stays.
fn build_agent(folder: &Path, host: &HostFlags) -> Result<(), Failure> {
    let built = Project::read(folder)
        .map_err(super::build::failed)
        .and_then(|project| super::build::make(&project, None, true, host));
    output::text(&match built {
        Ok(made) => made.text(),
        Err(failure) => format!("not built, what serves stays: {}\n", failure.words()),
    })
}

fn build(command: &str) -> Result<(), Failure> {
    output::text(&format!("building: {command}\n"))?;
    let began = Instant::now();
    let done = Command::new("sh").args(["-c", command]).stdin(std::process::Stdio::null()).status();
    let seconds = began.elapsed().as_secs_f64();
    output::text(&match done {
        Ok(status) if status.success() => format!("built in {seconds:.1} s\n"),
        Ok(status) => format!("not built ({status}): what serves stays\n"),
        Err(error) => format!("the build could not be started: {error}\n"),
    })
}

/// The source files, watched.
struct Sources {
    folders: Vec<PathBuf>,
    watch: Watch,
    files: Vec<PathBuf>,
    scanned: Instant,
}

impl Sources {
    fn watch(arguments: &Arguments, settings: &Settings, changed: Sender<()>) -> Result<Option<Self>, Failure> {
        let folders: Vec<PathBuf> = arguments.sources.iter().chain(&arguments.agent).cloned().collect();
        if folders.is_empty() {
            return Ok(None);
        }
        let mut seen = false;
        let watch = Watch::start(settings.settle_in_dev(), move |_| {
            // The first call is about what is there already.
            if std::mem::replace(&mut seen, true) && changed.send(()).is_err() {
                tracing::debug!("nobody builds any more");
            }
        });
        let watch = watch.map_err(|e| Failure::failed(format!("sources cannot be watched: {e}")))?;
        let files = sources(&folders);
        watch.set(files.clone());
        Ok(Some(Self { folders, watch, files, scanned: Instant::now() }))
    }

    /// Takes in new files.
    fn scan(&mut self) {
        if self.scanned.elapsed() < SCAN {
            return;
        }
        self.scanned = Instant::now();
        let files = sources(&self.folders);
        if files != self.files {
            self.watch.set(files.clone());
            self.files = files;
        }
    }
}

/// Source files, and the components that agents import.
fn sources(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = files(folders);
    for project in folders.iter().filter_map(|folder| Project::read(folder).ok()) {
        all.extend(project.imports.iter().map(|import| project.folder.join(&import.component)));
    }
    all
}

fn files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), folders.to_vec());
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            // What `greenroom build` leaves in an agent's folder is made of its sources.
            let built = name == "build" && folder.join(MANIFEST).is_file();
            if name.starts_with('.') || name == "target" || name == "node_modules" || built {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() && files.len() < SOURCES_MAX => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// What was answered last, and what became of it.
struct Scene<'h> {
    host: &'h Host,
    runtime: tokio::runtime::Runtime,
    subjects: Vec<Option<String>>,
    limit: u32,
    generation: Generation,
    answers: Vec<Result<Reply, String>>,
    /// The latest that was told of.
    refused: Option<RefusedRecord>,
}

impl<'h> Scene<'h> {
    fn new(host: &'h Host, subjects: Vec<Option<String>>, limit: u32) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::failed(format!("no thread to ask from: {e}")))?;
        let generation = host.active().map_or(Generation(0), |plan| plan.generation);
        let refused = host.refusals().map_err(Failure::failed)?.pop();
        let mut scene = Self { host, runtime, subjects, limit, generation, answers: Vec::new(), refused };
        scene.answers = scene.ask();
        Ok(scene)
    }

    fn ask(&self) -> Vec<Result<Reply, String>> {
        let ask = |subject: &Option<String>| {
            let ask = Ask { subject: subject.clone(), limit: self.limit, seed: Some(1), ..Ask::default() };
            self.runtime.block_on(self.host.preview(ask)).map_err(|error| error.to_string())
        };
        self.subjects.iter().map(ask).collect()
    }

    fn first(&self) -> String {
        let mut text = format!("generation {} serves; Ctrl-C ends\n", self.generation);
        for (subject, answer) in self.subjects.iter().zip(&self.answers) {
            text.push_str(&format!("\n{}\n{}", called(subject.as_deref()), listed(answer)));
        }
        text
    }

    /// What became active or was refused since, for a person.
    fn news(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        let refusals = self.host.refusals().map_err(Failure::failed)?;
        let told = refusals.iter().rposition(|refused| Some(refused) == self.refused.as_ref());
        for refused in refusals.iter().skip(told.map_or(0, |told| told + 1)) {
            text.push_str(&format!("\nrefused: {}\n{}\n", refused.reason, refused.why));
        }
        self.refused = refusals.last().cloned();
        let active = self.host.active().map_or(self.generation, |plan| plan.generation);
        if active == self.generation {
            return Ok(text);
        }
        let record = self.host.plan_record(active).map_err(Failure::failed)?;
        let why = record.map_or_else(String::new, |record| format!(": {}", record.reason));
        text.push_str(&format!("\ngeneration {active} serves{why}\n"));
        match self.host.differences(self.generation, active) {
            Ok(differences) => {
                differences.changes.iter().for_each(|change| text.push_str(&format!("  {change}\n")));
                let state =
                    |s: &greenroom_runtime::StateChange| format!("  ~ agent {}: another learned state\n", s.agent);
                differences.states.iter().for_each(|change| text.push_str(&state(change)));
            }
            Err(error) => text.push_str(&format!("  what changed cannot be told: {error}\n")),
        }
        let now = self.ask();
        let mut same = 0;
        for ((subject, before), after) in self.subjects.iter().zip(&self.answers).zip(&now) {
            match changes(before, after) {
                Some(changes) => text.push_str(&format!("\n{}\n{changes}", called(subject.as_deref()))),
                None => same += 1,
            }
        }
        text.push_str(&match same {
            0 => String::new(),
            all if all == now.len() => "\nall answers are as before\n".to_owned(),
            some => format!("\n{some} of {} answers are as before\n", now.len()),
        });
        (self.generation, self.answers) = (active, now);
        Ok(text)
    }
}

fn called(subject: Option<&str>) -> String {
    subject.map_or_else(|| "somebody new".to_owned(), |subject| format!("subject {subject}"))
}

fn listed(answer: &Result<Reply, String>) -> String {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return format!("no answer: {error}\n"),
    };
    let mut table = Table::new(&["#>", "item", "title", "score>"]);
    for (at, item) in reply.items.iter().enumerate() {
        let title = item.title.clone().unwrap_or_default();
        table.row([(at + 1).to_string(), item.id.to_string(), title, format!("{:.4}", item.score)]);
    }
    let text = if table.is_empty() { "nothing to answer\n".to_owned() } else { table.render() };
    text + &degraded(reply)
}

fn degraded(reply: &Reply) -> String {
    reply.answer.degraded.iter().map(|d| format!("degraded: node {}: {}\n", d.node, d.fault)).collect()
}

/// How the second differs from the first; none when it does not.
fn changes(before: &Result<Reply, String>, after: &Result<Reply, String>) -> Option<String> {
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(before), Err(after)) if before == after => return None,
        (_, after) => return Some(listed(after)),
    };
    let place = |reply: &Reply| -> BTreeMap<Arc<str>, usize> {
        reply.items.iter().enumerate().map(|(at, item)| (Arc::clone(&item.id), at)).collect()
    };
    let (old, new) = (place(before), place(after));
    let faults = degraded(after);
    if old == new && faults == degraded(before) {
        return None;
    }
    let mut table = Table::new(&["#>", "was>", "item", "title"]);
    for (at, item) in after.items.iter().enumerate() {
        let was = old.get(&item.id).map_or("new".to_owned(), |was| match was == &at {
            true => String::new(),
            false => (was + 1).to_string(),
        });
        table.row([(at + 1).to_string(), was, item.id.to_string(), item.title.clone().unwrap_or_default()]);
    }
    for item in before.items.iter().filter(|item| !new.contains_key(&item.id)) {
        let was = old.get(&item.id).map_or_else(String::new, |was| (was + 1).to_string());
        table.row(["gone".to_owned(), was, item.id.to_string(), item.title.clone().unwrap_or_default()]);
    }
    Some(table.render() + &faults)
}
