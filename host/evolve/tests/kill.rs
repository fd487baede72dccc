//! A study that is killed at any point ends as one that is not. A child process runs it and says what it does on a pipe; it
//! is killed in the middle of that, again and again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use greenroom_evolve::Draws;
use greenroom_evolve::study::{
    Budget, Config, End, Event, Holder, Job, Measured, Options, Record, Study, Task, Unmeasured, run,
};
use greenroom_memory::Store;
use support::*;

const DIR: &str = "GREENROOM_TEST_DIR";
/// How many kills; 100 for the figure.
const KILLS: &str = "GREENROOM_TEST_KILLS";
const KILLS_USUAL: u64 = 15;

/// So many trials that it is not over before the last kill.
fn long(kills: u64) -> Config {
    Config { budget: Budget { trials: 40 + 8 * kills, fuel: None, time_us: None }, ..config("killed") }
}

fn kills() -> u64 {
    std::env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS_USUAL)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn evaluate(task: &Task<'_>) -> Result<Measured, Unmeasured> {
    say(&format!("evaluate {} {} {}", task.round, task.number, task.seed));
    std::thread::sleep(Duration::from_micros(Draws::new(task.seed).below(1_000)));
    formula(task)
}

/// Only runs a study when the other test starts it.
#[test]
#[ignore = "the process that is killed"]
fn the_process_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let store = Store::open(&PathBuf::from(dir)).unwrap();
    let mut study = Study::open(store.kv(), long(kills()), &Holder::this_process(true)).unwrap();
    let on_event = |event: &Event<'_>| match event {
        Event::Over(Job::Trial { number }, _) => say(&format!("over 0 {number}")),
        Event::Over(Job::Again { before, number }, _) => say(&format!("over {before} {number}")),
        Event::Begun(..) | Event::Rung { .. } => (),
    };
    let stop = AtomicBool::new(false);
    let options = Options { parallel: 3, stop: &stop };
    let end = run(&mut study, &Random, &Formula(evaluate), options, &on_event).unwrap().end;
    assert!(matches!(end, End::Trials { .. }), "{end}");
    say("ended");
}

/// What a child said before it ended or was killed.
fn lines_of(dir: &Path, kill: Option<(u64, Duration)>) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_process_that_is_killed", "--nocapture"])
        .env(DIR, dir)
        .env(KILLS, kills().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let Ok(line) = line else { break };
        said.push(line);
        if let Some((after, moment)) = kill
            && said.len() as u64 == after
        {
            std::thread::sleep(moment);
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(kill.is_some() || status.success(), "{said:?}");
    said
}

/// The numbers after a word, unless the line was cut.
fn numbers<const COUNT: usize>(line: &str, word: &str) -> Option<[u64; COUNT]> {
    let (_, rest) = line.split_once(word)?;
    let numbers: Vec<u64> = rest.split(' ').filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().ok()
}

#[test]
fn a_study_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    let (dir, kills) = (tempfile::tempdir().unwrap(), kills());
    let mut draws = Draws::new(kills);
    let (mut over, mut seeds, mut repeated) = (BTreeSet::new(), BTreeMap::new(), 0);
    for _ in 0..kills {
        // A kill may come while it opens, too.
        let kill = (1 + draws.below(30), Duration::from_micros(draws.below(3_000)));
        let said = lines_of(dir.path(), Some(kill));
        assert!(!said.iter().any(|line| line.contains("ended")), "the study is too short for so many kills");
        let mut begun = BTreeSet::new();
        for line in &said {
            if let Some([round, number, seed]) = numbers(line, "evaluate ") {
                assert!(!over.contains(&(round, number)), "trial {number} was over before, in round {round}");
                let before = seeds.insert((round, number), seed);
                assert!(before.is_none_or(|before| before == seed), "trial {number} has another seed in round {round}");
                repeated += u64::from(before.is_some() && begun.insert((round, number)));
                begun.insert((round, number));
            }
        }
        over.extend(said.iter().filter_map(|line| numbers(line, "over ")).map(|[round, number]| (round, number)));
    }
    assert!(repeated > 0 && !over.is_empty(), "{repeated} were run again, and {over:?} were over");
    let last = lines_of(dir.path(), None);
    assert!(last.iter().any(|line| line.contains("ended")), "{last:?}");
    let store = Store::open(dir.path()).unwrap();
    let record = Record::read(store.kv(), "killed").unwrap().timeless();
    let undisturbed = memory();
    finish(&mut open(&undisturbed, long(kills)), 1, formula);
    let undisturbed = Record::read(Arc::clone(&undisturbed), "killed").unwrap().timeless();
    let bytes = |record: &Record| rmp_serde::to_vec_named(record).unwrap();
    assert!(bytes(&record) == bytes(&undisturbed), "{record:#?}\nis not\n{undisturbed:#?}");
}
