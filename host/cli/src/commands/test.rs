//! `greenroom test`: an agent's own cases, in the sandbox, and what holds of every agent.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use greenroom_build::{Project, native_tests};
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
    /// First run the agent's own tests, which need no host, the way that is usual in its language.
    #[arg(long)]
    native: bool,
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
    // What is kept anew need not be right.
    let kept = if arguments.update { BTreeMap::new() } else { kept(folder, &file)? };
    let native = if arguments.native { native(folder)? } else { None };
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
    let asked = guests.block_on(async move {
        let kept = |case: &str| kept.get(case).cloned();
        let ran = cases::run(&component, &file, &kept).await?;
        Ok::<_, Fault>((ran, conformance(&component, None).await?))
    });
    let (ran, checks) =
        asked.map_err(Failure::failed)?.map_err(|fault| Failure::agent(format!("{name} cannot be asked: {fault}")))?;
    let ran = if arguments.update { keep(folder, ran)? } else { ran };
    let wrong = ran.iter().filter(|ran| !ran.wrong.is_empty()).count();
    let broken = checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_))).count();
    match arguments.json {
        true => output::json(&told(&ran, &checks, native))?,
        false => output::text(&text(&ran, &checks, native))?,
    }
    let mut why = Vec::new();
    if native == Some(false) {
        why.push("its own tests failed".to_owned());
    }
    if wrong + broken > 0 {
        why.push(format!("{wrong} of {} cases and {broken} of {} checks failed", ran.len(), checks.len()));
    }
    if why.is_empty() { Ok(()) } else { Err(Failure::agent(format!("{name}: {}", why.join(", and ")))) }
}

/// Whether the agent's own tests passed; nothing when it has none.
fn native(folder: &Path) -> Result<Option<bool>, Failure> {
    let project = Project::read(folder).map_err(failed)?;
    let tests = native_tests(&project).map_err(failed)?;
    if tests.is_none() {
        // Whoever closed it does not want to know.
        let _ = writeln!(std::io::stderr(), "{} has no tests of its own that run without a host", project.name);
    }
    tests.map(|tests| tests.run().map_err(failed)).transpose()
}

fn cases_of(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(CASES);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        // What holds of every agent is checked without any.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(File::default()),
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

/// The file that a case's answer is kept in: another one for each name, also where capitals are no difference.
fn golden_of(folder: &Path, case: &str) -> PathBuf {
    let mut file = String::new();
    for c in case.chars() {
        match c {
            ' ' => file.push('-'),
            c if c.is_alphanumeric() && !c.is_uppercase() => file.push(c),
            c => file += &format!("_{:x}_", u32::from(c)),
        }
    }
    folder.join(GOLDEN).join(file + ".json")
}

/// The answers that are kept, by the names of cases.
fn kept(folder: &Path, file: &File) -> Result<BTreeMap<String, Answer>, Failure> {
    let (mut kept, mut mistakes) = (BTreeMap::new(), Vec::new());
    for case in file.cases.iter().filter(|case| case.expect.golden) {
        let path = golden_of(folder, &case.name);
        let read = fs::read(&path).map(|text| serde_json::from_slice(&text));
        let why = match read {
            Ok(Ok(answer)) => {
                kept.insert(case.name.clone(), answer);
                continue;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Ok(Err(error)) => format!("{} holds no answer: {error}", path.display()),
            Err(error) => failures::why_unreadable(&path, &error),
        };
        mistakes.push(format!("{why}\n  it is kept for the case {:?}", case.name));
    }
    match mistakes.is_empty() {
        true => Ok(kept),
        false => Err(Failure::bad_file(format!(
            "{}\nbring back what was there, or keep what is answered now by `greenroom test --update`",
            mistakes.join("\n")
        ))),
    }
}

/// Keeps the answers that are to be; then nothing is wrong with them.
fn keep(folder: &Path, mut ran: Vec<Ran>) -> Result<Vec<Ran>, Failure> {
    for ran in ran.iter_mut().filter(|ran| ran.golden) {
        let Some(answer) = &ran.answer else { continue };
        let path = golden_of(folder, &ran.name);
        let text = serde_json::to_vec_pretty(answer).map_err(Failure::failed)?;
        // A number that is none cannot be read again, and no case may answer one.
        if serde_json::from_slice::<Answer>(&text).is_err() {
            continue;
        }
        fs::create_dir_all(folder.join(GOLDEN))
            .and_then(|()| whole::write(&path, &text))
            .map_err(|e| Failure::failed(format!("failed to write {}: {e}", path.display())))?;
        ran.wrong.retain(|wrong| !wrong.of_golden);
    }
    Ok(ran)
}

fn text(ran: &[Ran], checks: &[Check], native: Option<bool>) -> String {
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
    if let Some(passed) = native {
        text += if passed { "its own tests passed\n" } else { "its own tests failed\n" };
    }
    let yes = ran.iter().filter(|ran| ran.wrong.is_empty()).count();
    text + &format!("{yes} of {} cases, {passed} checks of the contract passed\n", ran.len())
}

fn told(ran: &[Ran], checks: &[Check], native: Option<bool>) -> serde_json::Value {
    let case = |ran: &Ran| {
        let wrong: Vec<&str> = ran.wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        json!({ "name": ran.name, "passed": wrong.is_empty(), "wrong": wrong, "usage": ran.usage })
    };
    let mut told = json!({ "cases": ran.iter().map(case).collect::<Vec<_>>(), "checks": checks });
    if let Some(passed) = native {
        told.as_object_mut().map(|told| told.insert("native".to_owned(), passed.into()));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_cases_share_the_file_of_their_answers() {
        let file = |case: &str| golden_of(Path::new("mine"), case);
        assert_eq!(file("newer items come first"), Path::new("mine/golden/newer-items-come-first.json"));
        let names = ["a b", "a-b", "a, b", "A b", "a_b", "a_2d_b", "a/b", "../a", "ab", "\u{e9}", ""];
        let files: std::collections::BTreeSet<PathBuf> = names.iter().map(|name| file(name)).collect();
        assert_eq!(files.len(), names.len(), "{files:?}");
        assert!(files.iter().all(|path| path.parent() == Some(Path::new("mine/golden"))), "{files:?}");
    }

    #[test]
    fn a_kept_answer_that_cannot_be_read_is_a_mistake_and_one_that_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = cases::read("[[case]]\nname = \"a\"\nexpect.golden = true\n").unwrap();
        assert!(kept(folder.path(), &file).unwrap().is_empty());
        fs::create_dir(folder.path().join(GOLDEN)).unwrap();
        fs::write(folder.path().join("golden/a.json"), "{").unwrap();
        let words = kept(folder.path(), &file).unwrap_err().words();
        assert!(words.contains("a.json holds no answer") && words.contains("--update"), "{words}");
    }
}
