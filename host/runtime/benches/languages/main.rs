//! What an agent costs in each language: the same scorer over 1,000 candidates, and beside it in the same run the same as a
//! plugin of Extism.
//!
//!     make figures-languages
//!     cargo bench --workspace --bench languages -- rust python    # some of them
//!
//! Every subject is measured in processes of its own, ours and Extism's alike, and all of them in turns, so that whatever else
//! the machine does falls on all. Writes `$GREENROOM_FIGURES` (see `docs/figures.md`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on should stop"
)]

mod extism;
mod figures;
mod input;
mod measure;
mod measured;
mod process;
mod resident;
mod subject;
mod table;

use std::path::Path;

use measured::{Found, Rounds};
use subject::Subject;

/// How often every subject has its turn.
const ROUNDS: usize = 5;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["measure", component, cache] => print(&measure::measure(Path::new(component), Path::new(cache))),
        ["resident", component, cache] => print(&resident::resident(Path::new(component), Path::new(cache), false)),
        ["resident-of-image", component, cache] => {
            print(&resident::resident(Path::new(component), Path::new(cache), true));
        }
        wanted => compare(wanted),
    }
}

fn print<T: serde::Serialize>(found: &T) {
    println!("{}", serde_json::to_string(found).unwrap());
}

fn compare(wanted: &[&str]) {
    let subjects = subject::built(wanted);
    let cache = tempfile::tempdir().unwrap();
    input::write(&cache.path().join(subject::INPUT));
    let mut rounds: Vec<Rounds> = subjects.iter().map(|_| Rounds::default()).collect();
    for round in 0..ROUNDS {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            eprintln!("round {} of {ROUNDS}: {}", round + 1, subject.name);
            rounds.measured.push(subject.measure(cache.path()));
        }
    }
    for (subject, rounds) in subjects.iter().zip(&mut rounds) {
        eprintln!("memory: {}", subject.name);
        rounds.resident = Some(subject.resident(cache.path()));
        rounds.resident_of_image = subject.resident_of_image(cache.path(), rounds);
    }
    let found: Vec<(&Subject, Found)> = subjects.iter().zip(rounds.into_iter().map(Rounds::found)).collect();
    same_answers(&found);
    table::print(&found);
    greenroom_kit::report(&figures::of(&found));
}

/// Costs of another answer are no costs of this one.
fn same_answers(found: &[(&Subject, Found)]) {
    let expected = input::answer();
    for (subject, found) in found {
        assert!(found.answer == expected, "{} answers {:?}, expected {expected:?}", subject.name, found.answer);
    }
    println!("{} subjects answer the same {} rows with the same scores, bit for bit", found.len(), expected.rows.len());
}
