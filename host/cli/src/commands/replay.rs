//! `greenroom replay`: a recorded call, run again.

use std::path::{Path, PathBuf};

use greenroom_model::text::shown;
use greenroom_model::{Fault, Frame, Payload, Usage};
use greenroom_runtime::{Ended, Recording, ReplayError, Rerun, Source};
use greenroom_sandbox::Component;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::Failure;
use crate::settings::{HostFlags, Settings};
use crate::table::{self, Table};
use crate::{failures, output};

/// Bytes that this command may use.
const MEMORY_MAX: u64 = 8 << 30;
/// Rows of a decision that are shown.
const ROWS: usize = 10;

/// Runs a recorded call again: a fault that was kept, or what `decide --record` wrote.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The recording.
    file: PathBuf,
    /// Another component, to see how it answers the same.
    #[arg(long, value_name = "COMPONENT")]
    against: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

/// Another component's turn.
struct Other {
    path: PathBuf,
    digest: String,
    rerun: Rerun,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // Whoever made the component made what tells of its lines, too.
    greenroom_sandbox::limit_memory(MEMORY_MAX)
        .map_err(|e| Failure::failed(format!("this command's memory cannot be limited: {e}")))?;
    let recording = Recording::read(&arguments.file)?;
    let other = arguments
        .against
        .as_ref()
        .map(|path| std::fs::read(path).map(|bytes| (path, bytes)).map_err(|e| failures::unreadable(path, &e)));
    let other = other.transpose()?;
    let settings = arguments.host.settings()?;
    let own = recording.component().to_vec();
    let now = again(&settings, &recording, &own, &arguments.file)?.1;
    let other = match other {
        Some((path, bytes)) => {
            let (component, rerun) = again(&settings, &recording, &bytes, path)?;
            Some(Other { path: path.clone(), digest: component.digest().to_string(), rerun })
        }
        None => None,
    };
    if arguments.json {
        output::json(&document(&arguments.file, &recording, &now, other.as_ref()))?;
    } else {
        output::text(&text(&arguments.file, &recording, &now, other.as_ref()))?;
    }
    if !now.ended.same(&recording.ended) {
        let (file, reasons) = (arguments.file.display(), reasons(&recording, &now));
        return Err(Failure::failed(format!("{file} did not end as it was recorded; {reasons}")));
    }
    match other.as_ref().map(|other| (&other.path, &other.rerun.ended)) {
        Some((path, Ended::Failed(fault))) => Err(Failure::agent(shown(&format!("{}: {fault}", path.display())))),
        _ => Ok(()),
    }
}

fn again(settings: &Settings, recording: &Recording, bytes: &[u8], path: &Path) -> Result<(Component, Rerun), Failure> {
    let (sandbox, guests) = settings.sandbox_with_lines()?;
    let wrong = |e| Failure::bad_file(format!("{} is not usable: {e}", path.display()));
    let component = sandbox.load(bytes).map_err(wrong)?;
    if !component.interfaces().policy {
        return Err(Failure::bad_file(format!("{} does not export `policy`: it decides nothing", path.display())));
    }
    let (run, of) = (component.clone(), recording.clone());
    let rerun = guests.block_on(async move { greenroom_runtime::rerun(&of, &run).await }).map_err(Failure::failed)?;
    Ok((component, rerun))
}

/// What may be behind a difference.
fn reasons(recording: &Recording, now: &Rerun) -> String {
    let mut reasons = Vec::new();
    if recording.heard.cut() {
        reasons.push("memory answered more than is recorded".to_owned());
    }
    if now.unheard > 0 {
        reasons.push(format!("it asked memory {} times for what is not recorded", now.unheard));
    }
    if recording.regranted {
        reasons.push("what it was granted changed meanwhile".to_owned());
    }
    if recording.instance == Source::Pool {
        reasons.push("its instance had served other requests before".to_owned());
    }
    if reasons.is_empty() {
        reasons.push("time is not recorded: a deadline may pass or not".to_owned());
    }
    reasons.join("; ")
}

fn when(recording: &Recording) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(recording.made_ms) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| format!("{} ms", recording.made_ms))
}

fn document(file: &Path, recording: &Recording, now: &Rerun, other: Option<&Other>) -> Value {
    let rerun = |rerun: &Rerun, of: Option<&Other>| {
        json!({
            "component": of.map(|other| &other.path),
            "digest": of.map(|other| &other.digest),
            "ended": rerun.ended,
            "same": rerun.ended.same(&recording.ended),
            "usage": rerun.usage,
            "not_recorded": rerun.unheard,
        })
    };
    json!({
        "file": file,
        "recorded": {
            "at": when(recording),
            "node": recording.node,
            "agent": recording.agent,
            "version": recording.version,
            "plan": recording.plan,
            "generation": recording.generation,
            "instance": recording.instance,
            "grants": recording.grants.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "request": recording.seen.request_id,
            "memory_answers": recording.heard.calls(),
            "memory_answers_cut": recording.heard.cut(),
            "ended": recording.ended,
        },
        "now": rerun(now, None),
        "against": other.map(|other| rerun(&other.rerun, Some(other))),
    })
}

fn text(file: &Path, recording: &Recording, now: &Rerun, other: Option<&Other>) -> String {
    let mut lines = Vec::new();
    let mut say = |what: &str, value: String| lines.push(format!("{what:10} {value}"));
    say("recording", file.display().to_string());
    // A recording may come from anybody: its words are escaped as a guest's are.
    say("recorded", format!("{}, request {}", when(recording), shown(&recording.seen.request_id)));
    let (node, agent, version) = (shown(&recording.node), shown(&recording.agent), recording.version.short());
    say("node", format!("{node}, agent {agent}, version {version}"));
    let cut = if recording.heard.cut() { ", of which the last are missing" } else { "" };
    say("memory", format!("{} answers{cut}", recording.heard.calls()));
    if recording.instance == Source::Pool {
        say("instance", "pooled: what earlier requests left in it is not recorded".to_owned());
    }
    let same = |ended: &Ended| if ended.same(&recording.ended) { ", as recorded" } else { ", not as recorded" };
    say("then", summed(&recording.ended));
    say("now", format!("{}{}", summed(&now.ended), same(&now.ended)));
    say("", used(&now.usage, now.unheard));
    if let Some(other) = other {
        say("against", format!("{}{}", summed(&other.rerun.ended), same(&other.rerun.ended)));
        say("", used(&other.rerun.usage, other.rerun.unheard));
    }
    let mut text = lines.join("\n") + "\n";
    let mut columns = vec![("then", &recording.ended), ("now", &now.ended)];
    columns.extend(other.map(|other| ("against", &other.rerun.ended)));
    let rows = rows(&columns);
    if !rows.is_empty() {
        text.push_str(&format!("\n{}", rows.render()));
    }
    let failed = columns.iter().rev().find_map(|(_, ended)| match ended {
        Ended::Failed(fault) => Some(fault),
        Ended::Decided(_) => None,
    });
    text + &failed.map(report).unwrap_or_default()
}

fn summed(ended: &Ended) -> String {
    match ended {
        Ended::Failed(fault) => format!("fault {}", shown(&fault.to_string())),
        Ended::Decided(decision) => match &decision.payload {
            Payload::Candidates(candidates) => format!("{} rows", candidates.rows.len()),
            Payload::Route(branches) => format!("a route of {} branches", branches.len()),
            Payload::Settings { scope, .. } => format!("settings for {}", shown(scope)),
            Payload::Document(document) => format!("a document of {} bytes", document.len()),
        },
    }
}

fn used(usage: &Usage, unheard: u64) -> String {
    let memory = table::bytes(usize::try_from(usage.memory_peak).unwrap_or(usize::MAX));
    let asked = if unheard == 0 { String::new() } else { format!(", {unheard} questions that are not recorded") };
    format!("{} fuel, {:.1} ms, {memory}{asked}", table::large(usage.fuel as f64), usage.wall_us as f64 / 1e3)
}

/// The best rows of each, side by side.
fn rows(columns: &[(&'static str, &Ended)]) -> Table {
    let titles: Vec<&'static str> = std::iter::once("#>").chain(columns.iter().map(|(title, _)| *title)).collect();
    let cells = |ended: &Ended| -> Vec<String> {
        let Ended::Decided(decision) = ended else { return Vec::new() };
        match &decision.payload {
            Payload::Candidates(all) => {
                let each = all.rows.iter().zip(&all.scores).take(ROWS);
                each.map(|(row, score)| format!("row {row} ({score:.4})")).collect()
            }
            Payload::Route(branches) => branches
                .iter()
                .take(ROWS)
                .map(|(name, probability)| format!("{} ({probability:.2})", shown(name)))
                .collect(),
            Payload::Settings { .. } | Payload::Document(_) => Vec::new(),
        }
    };
    let columns: Vec<Vec<String>> = columns.iter().map(|(_, ended)| cells(ended)).collect();
    let mut table = Table::new(&titles);
    for place in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let cells = columns.iter().map(|column| column.get(place).cloned().unwrap_or_default());
        table.row(std::iter::once((place + 1).to_string()).chain(cells));
    }
    table
}

/// What is known of a fault, a line each.
pub(crate) fn report(fault: &Fault) -> String {
    let Some(report) = &fault.report else { return String::new() };
    let mut text = String::new();
    if let Some(overrun) = &report.overrun {
        text.push_str(&format!("limit      {} of {}: {}\n", shown(&overrun.limit), overrun.most, overrun.found));
    }
    for (place, frame) in report.backtrace.iter().enumerate() {
        let Frame { function, source, offset } = frame;
        let source = source.as_ref().map(|source| format!(" at {source}"));
        let offset = offset.map(|offset| format!(" at byte {offset:#x}"));
        let title = if place == 0 { "backtrace" } else { "" };
        let source = source.or(offset).unwrap_or_default();
        text.push_str(&format!("{title:10} {}{}\n", shown(function), shown(&source)));
    }
    for (place, call) in report.host_calls.iter().enumerate() {
        let title = if place == 0 { "host calls" } else { "" };
        text.push_str(&format!("{title:10} {}\n", shown(call)));
    }
    if let Some(replay) = &report.replay {
        text.push_str(&format!("replay     greenroom replay {}\n", replay.display()));
    }
    text
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Read { path, source } => failures::unreadable(&path, &source),
            other => Self::bad_file(other),
        }
    }
}
