//! An activation or an event that was acknowledged survives a kill, and what is active afterwards can be served. A child
//! process serves, takes feedback and activates plans, and says so on a pipe; it is killed in the middle of that, and
//! what it left behind is opened and asked, again and again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use greenroom_kit::Figure;
use greenroom_kit::versioned::{self, Made};
use greenroom_model::{Digest, EventKind, Generation};
use greenroom_runtime::{Change, GraphText, Host, Part, Proposal, Told};
use support::{World, ask, open};

const DIR: &str = "GREENROOM_TEST_DIR";
const ROUND: &str = "GREENROOM_TEST_ROUND";
/// How often it is killed; `GREENROOM_KILLS` says otherwise.
const KILLS: u64 = 20;
/// Generations that a child may go back to.
const KNOWN: usize = 3;
const MARK: &str = "> ";
/// A child that says nothing for so long has failed.
const SILENCE: Duration = Duration::from_secs(30);

/// A number that looks random.
fn drawn(of: &str, place: u64) -> u64 {
    Digest::of_parts([of.as_bytes(), &place.to_le_bytes()]).head()
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap()
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What it answers, and as which generation.
fn answered(host: &Host) -> (u64, Made) {
    let reply = block(host.decide(ask("nobody", 3))).unwrap();
    let rows: Vec<u32> = reply.items.iter().map(|item| item.id.parse().unwrap()).collect();
    (reply.answer.generation.0, Made::of(&rows).unwrap())
}

/// Serves as `serve` does.
fn resumed(dir: &Path) -> Host {
    let host = open(&dir.join("graph.toml"), &dir.join("data"));
    assert!(host.resume().unwrap().is_some(), "nothing was active");
    host
}

/// Only serves when the other test starts it.
#[test]
#[ignore = "the process that is killed"]
fn the_process_that_is_killed() {
    let (Some(dir), Ok(round)) = (std::env::var_os(DIR), std::env::var(ROUND)) else { return };
    let host = resumed(&PathBuf::from(dir));
    let (generation, made) = answered(&host);
    println!("\n{MARK}active {generation} {} {}", made.code, made.offset);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (host, round) = (&host, &round);
            scope.spawn(move || block(feed(host, &format!("{round}-{thread}"))));
        }
        scope.spawn(|| activate(&host, &round, generation, made));
    });
}

/// Asks, and tells what became of it.
async fn feed(host: &Host, name: &str) {
    for i in 0.. {
        let reply = host.decide(ask(&format!("s{}", i % 7), 3)).await.unwrap();
        let event_id = format!("{name}-{i}");
        let told = Told {
            event_id: event_id.clone(),
            request_id: Some(reply.request_id.to_string()),
            subject: None,
            item: reply.items[0].id.to_string(),
            kind: EventKind::Click,
            value: 1.0,
            time_ms: None,
            retract: false,
        };
        host.feedback(vec![told]).await.unwrap();
        println!("{MARK}fed {event_id}");
    }
}

/// One plan after the other: new code, other parameters, both at once, back again.
fn activate(host: &Host, round: &str, generation: u64, made: Made) {
    let mut before = vec![(generation, made)];
    for i in 0.. {
        let (_, now) = *before.last().unwrap();
        let draw = drawn(round, i);
        let other = Made { code: small(draw % 8), offset: small(draw / 8 % 8), ..now };
        let (made, change) = match draw / 64 % 4 {
            0 => (Made { offset: now.offset, ..other }, None),
            1 => (Made { code: now.code, ..other }, None),
            2 => (other, None),
            _ => {
                let (generation, made) = before[draw as usize / 256 % before.len()];
                (made, Some(Change::Again(Generation(generation))))
            }
        };
        let change = change.unwrap_or_else(|| Change::Graph {
            graph: GraphText { file_name: "graph.toml".to_owned(), text: made.graph() },
            components: BTreeMap::from([("one.wasm".to_owned(), Part::Bytes(versioned::code(made.code).into()))]),
            states: BTreeMap::new(),
        });
        println!("{MARK}intends {} {}", made.code, made.offset);
        let proposal = Proposal { parent: None, author: "child".to_owned(), reason: "to be killed".to_owned(), change };
        let done = host.propose(proposal).unwrap();
        println!("{MARK}active {} {} {}", done.generation.0, made.code, made.offset);
        if done.changed {
            before.push((done.generation.0, made));
            before.drain(..before.len().saturating_sub(KNOWN));
        }
    }
}

/// What children said, over all rounds.
#[derive(Default)]
struct Said {
    fed: BTreeSet<String>,
    /// The activations that were acknowledged, and what each is made of.
    active: BTreeMap<u64, (u32, u32)>,
    /// One that is on its way.
    intends: Option<(u32, u32)>,
    activations: u64,
    /// Children that never served.
    early: u64,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let Some((_, line)) = line.split_once(MARK) else { return };
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u32>().unwrap();
        match words.as_slice() {
            ["fed", event] => {
                self.fed.insert((*event).to_owned());
            }
            ["intends", code, offset] => self.intends = Some((number(code), number(offset))),
            ["active", generation, code, offset] => {
                let last = self.active.last_key_value().map_or(0, |(last, _)| *last);
                let generation = u64::from(number(generation));
                assert!(generation >= last, "generation {generation} after {last}");
                self.active.insert(generation, (number(code), number(offset)));
                self.activations += u64::from(self.intends.take().is_some());
            }
            other => panic!("{other:?}"),
        }
    }
}

fn start(round: u64, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_process_that_is_killed", "--nocapture"])
        .env(DIR, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts a child, kills it at a moment drawn for this round, and hears all that it said.
fn kill(round: u64, dir: &Path, said: &mut Said) {
    let mut child = start(round, dir);
    let out = child.stdout.take().unwrap();
    let draw = drawn("kill", round);
    let (lines, heard) = std::sync::mpsc::channel();
    let hears = std::thread::spawn(move || {
        // The last line may be cut.
        let mut out = BufReader::new(out);
        loop {
            let mut line = String::new();
            // Who listens may have seen enough.
            match out.read_line(&mut line) {
                Ok(size) if size > 0 && line.ends_with('\n') => drop(lines.send(line.trim_end().to_owned())),
                _ => return,
            }
        }
    });
    let mut all: Vec<String> = Vec::new();
    match draw % 5 {
        // While it opens, or a moment later.
        0 => std::thread::sleep(Duration::from_micros(draw / 5 % 60_000)),
        kind => {
            // In the middle of an activation, mostly, or anywhere.
            let (sign, count) = if kind == 4 { ("fed", draw / 5 % 200) } else { ("intends", draw / 5 % 12) };
            let mut left = count + 1;
            while left > 0 {
                let Ok(line) = heard.recv_timeout(SILENCE) else {
                    child.kill().unwrap();
                    panic!("it fell silent: {all:?}");
                };
                left -= u64::from(line.contains(sign));
                all.push(line);
            }
            // Activations here take some milliseconds.
            std::thread::sleep(Duration::from_micros(draw / 5_000 % 20_000));
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    hears.join().unwrap();
    // What was on its way through the pipe at the kill was acknowledged too.
    all.extend(heard);
    said.intends = None;
    said.early += u64::from(all.iter().all(|line| !line.contains(MARK)));
    all.iter().for_each(|line| said.hear(line));
}

/// What is wrong with what is left.
fn check(dir: &Path, said: &mut Said) -> Vec<String> {
    let mut wrong = Vec::new();
    let host = resumed(dir);
    let (generation, made) = answered(&host);
    let found = (made.code, made.offset);
    let (last, acknowledged) = said.active.last_key_value().map(|(last, made)| (*last, *made)).unwrap();
    let kept = generation == last && found == acknowledged;
    let finished = generation == last + 1 && said.intends == Some(found);
    if !kept && !finished {
        wrong.push(format!(
            "generation {generation} is {found:?}; acknowledged was {last} of {acknowledged:?}, intended {:?}",
            said.intends
        ));
    }
    match host.plan_record(Generation(generation)).unwrap() {
        Some(record) if host.active().unwrap().digest == record.plan => {}
        record => wrong.push(format!("the record of generation {generation} is {record:?}")),
    }
    let records: Vec<u64> = host.plan_records().unwrap().iter().map(|record| record.generation.0).collect();
    if !records.is_sorted_by(|a, b| a < b) || records.last() != Some(&generation) {
        wrong.push(format!("the records are of {records:?}, where {generation} is active"));
    }
    wrong.extend(
        said.active.keys().filter(|active| !records.contains(active)).map(|g| format!("no record of generation {g}")),
    );
    let stored = host.store().log().events(None, usize::MAX).unwrap();
    let stored: BTreeSet<&str> = stored.iter().map(|stored| stored.event.id.as_str()).collect();
    wrong
        .extend(said.fed.iter().filter(|fed| !stored.contains(fed.as_str())).map(|fed| format!("event {fed} is lost")));
    said.active.insert(generation, found);
    wrong
}

#[test]
fn what_was_acknowledged_is_served_after_a_kill() {
    let kills = std::env::var("GREENROOM_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let first = Made { code: 0, offset: 0, state: 0, turned: false };
    let world = World::new(&first.graph());
    std::fs::write(world.path("one.wasm"), versioned::code(0)).unwrap();
    std::fs::write(world.path("items.csv"), versioned::items()).unwrap();
    drop(world.serving());
    let dir = world.dir.path();
    let mut said = Said::default();
    said.active.insert(1, (0, 0));
    let (mut lost, mut in_flight) = (Vec::new(), 0);
    let began = Instant::now();
    for round in 0..kills {
        kill(round, dir, &mut said);
        in_flight += u64::from(said.intends.is_some());
        let wrong = check(dir, &mut said);
        lost.extend(wrong.into_iter().map(|wrong| format!("kill {round}: {wrong}")));
    }
    println!(
        "{kills} kills in {:.1} s, {} before it served, {in_flight} in the middle of an activation; acknowledged were {} \
         activations and {} events",
        began.elapsed().as_secs_f64(),
        said.early,
        said.activations,
        said.fed.len()
    );
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    greenroom_kit::report(&[Figure {
        id: "swap.killed",
        what: "acknowledged things lost to kills",
        value: lost.len() as f64,
        unit: "lost",
        better: "lower",
        target: Some(0.0),
        baseline: Some(("acknowledged", (said.activations + said.fed.len() as u64) as f64)),
        samples: kills,
        spread: 0.0,
    }]);
    assert!(lost.is_empty(), "{lost:#?}");
    // And there is a way back to whatever was active.
    let host = resumed(dir);
    let oldest = *said.active.keys().rev().nth(20).or(said.active.keys().next()).unwrap();
    let again = Proposal {
        parent: None,
        author: "test".to_owned(),
        reason: "to go back".to_owned(),
        change: Change::Again(Generation(oldest)),
    };
    let done = host.propose(again).unwrap();
    let (generation, made) = answered(&host);
    assert_eq!(((made.code, made.offset), generation), (said.active[&oldest], done.generation.0));
}
