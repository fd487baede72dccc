//! `greenroom test`: an agent's own cases, in the sandbox, and what holds of every agent.

use std::fs;
use std::path::{Path, PathBuf};

use greenroom_build::Project;
use greenroom_model::Fault;
use greenroom_workbench::cases::{Answer, File, Ran};
use greenroom_workbench::{Check, Outcome, cases, conformance};
use serde_json::json;

use crate::commands::build::{build, failed};
use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::table::Table;
use crate::{failures, output, table, whole};

/// Where an author's cases are, and where kept answers go.
const CASES: &str = "cases.toml";
const GOLDEN: &str = "golden";

/// Builds an agent and asks it its own cases, each in the sandbox: what it is expected to answer, and that what it answered before
/// stays. Then checks what holds of every agent, as `inspect --conformance` does.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The agent's folder, which has a greenroom.toml and a cases.toml.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Test this component instead of building one.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Keep what is answered now where a case says `golden = true`.
    #[arg(long)]
    update: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = &arguments.folder;
    let file = cases_of(folder)?;
    let (name, bytes) = match &arguments.component {
        Some(path) => (path.display().to_string(), fs::read(path).map_err(|e| failures::unreadable(path, &e))?),
        None => {
            let project = Project::read(folder).map_err(failed)?;
            if project.library {
                return Err(Failure::bad_file(format!(
                    "{} is a library, which answers nobody by itself: test an agent that imports it",
                    project.name
                )));
            }
            (project.name.clone(), build(&project, arguments.json, &arguments.host)?.0.bytes)
        }
    };
    let (sandbox, guests) = arguments.host.settings()?.sandbox()?;
    let component = sandbox.load(&bytes).map_err(|e| Failure::bad_file(format!("{name} is not usable: {e}")))?;
    let golden = folder.join(GOLDEN);
    let asked = guests.block_on(async move {
        let kept = |case: &str| kept(&golden, case);
        let ran = cases::run(&component, &file, &kept).await?;
        Ok::<_, Fault>((ran, conformance(&component, None).await?))
    });
    let (ran, checks) =
        asked.map_err(Failure::failed)?.map_err(|fault| Failure::agent(format!("{name} cannot be asked: {fault}")))?;
    let ran = if arguments.update { keep(folder, ran)? } else { ran };
    let wrong = ran.iter().filter(|ran| !ran.wrong.is_empty()).count();
    let broken = checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_))).count();
    match arguments.json {
        true => output::json(&told(&ran, &checks))?,
        false => output::text(&text(&ran, &checks))?,
    }
    match wrong + broken {
        0 => Ok(()),
        _ => Err(Failure::agent(format!(
            "{name}: {wrong} of {} cases and {broken} of {} checks failed",
            ran.len(),
            checks.len()
        ))),
    }
}

fn cases_of(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(CASES);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        // What holds of every agent is checked without any.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(failures::unreadable(&path, &error)),
    };
    cases::read(&text).map_err(|mistakes| {
        let lines = mistakes.iter().map(|(line, message)| match line {
            0 => format!("\n  {message}"),
            line => format!("\n  line {line}: {message}"),
        });
        Failure::bad_file(format!("{}:{}", path.display(), lines.collect::<String>()))
    })
}

/// The file that a case's answer is kept in.
fn golden_of(folder: &Path, case: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    folder.join(format!("{}.json", case.chars().map(plain).collect::<String>()))
}

fn kept(folder: &Path, case: &str) -> Option<Answer> {
    serde_json::from_slice(&fs::read(golden_of(folder, case)).ok()?).ok()
}

/// Keeps the answers that are to be; then nothing is wrong with them.
fn keep(folder: &Path, mut ran: Vec<Ran>) -> Result<Vec<Ran>, Failure> {
    let golden = folder.join(GOLDEN);
    for ran in ran.iter_mut().filter(|ran| ran.golden) {
        let Some(answer) = &ran.answer else { continue };
        let path = golden_of(&golden, &ran.name);
        let text = serde_json::to_vec_pretty(answer).map_err(Failure::failed)?;
        fs::create_dir_all(&golden)
            .and_then(|()| whole::write(&path, &text))
            .map_err(|e| Failure::failed(format!("failed to write {}: {e}", path.display())))?;
        ran.wrong.retain(|wrong| !wrong.of_golden);
    }
    Ok(ran)
}

fn text(ran: &[Ran], checks: &[Check]) -> String {
    let mut table = Table::new(&["", "case", "fuel", "memory", "time"]);
    for ran in ran {
        let usage = &ran.usage;
        let (fuel, time) = (usage.fuel.to_string(), format!("{:.2} ms", usage.wall_us as f64 / 1_000.0));
        let done = if ran.wrong.is_empty() { "yes" } else { "no" };
        table.row([done.to_owned(), ran.name.clone(), fuel, table::bytes(usage.memory_peak as usize), time]);
    }
    let mut text = if table.is_empty() { String::new() } else { table.render() + "\n" };
    for ran in ran {
        for wrong in &ran.wrong {
            text += &format!("{}: {}\n", ran.name, wrong.message);
        }
    }
    let passed = checks.iter().filter(|check| check.outcome == Outcome::Passed).count();
    for check in checks {
        if let Outcome::Failed(why) = &check.outcome {
            text += &format!("{}: {why}\n", check.name);
        }
    }
    let yes = ran.iter().filter(|ran| ran.wrong.is_empty()).count();
    text + &format!("{yes} of {} cases, {passed} checks of the contract passed\n", ran.len())
}

fn told(ran: &[Ran], checks: &[Check]) -> serde_json::Value {
    let case = |ran: &Ran| {
        let wrong: Vec<&str> = ran.wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        json!({ "name": ran.name, "passed": wrong.is_empty(), "wrong": wrong, "usage": ran.usage })
    };
    json!({ "cases": ran.iter().map(case).collect::<Vec<_>>(), "checks": checks })
}
