//! A file of events or items ends in columns that fit together, or in places that can be found.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use greenroom_events::{FactValues, Order, ReadError, ReadOptions, read_from, read_items_from};
use greenroom_model::Digest;

use crate::words::{id, readable};

/// The end of the year 9999.
const TIME_MS_MAX: i64 = 253_402_300_799_999;

/// A file that arrives a few bytes at a time.
struct Trickle<'b>(&'b [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = out.len().min(1 + self.0.len() % 5);
        self.0.read(&mut out[..wanted])
    }
}

/// Reads a file of events.
pub fn events(bytes: &[u8]) {
    let path = Path::new("events.csv");
    let read = read_from(bytes, path, &ReadOptions::default());
    let slowly = read_from(Trickle(bytes), path, &ReadOptions::default());
    assert_eq!(said(&read), said(&slowly), "it depends on how the bytes arrive");
    let file = match read {
        Ok(file) => file,
        Err(error) => return refused(bytes, &error),
    };
    assert_eq!(file.digest, Digest::of(bytes));
    let (events, columns) = (&file.events, &file.events.columns);
    assert!(!columns.is_empty());
    assert_eq!(columns.items.len(), columns.len());
    assert!(columns.ratings.as_ref().is_none_or(|ratings| ratings.len() == columns.len()));
    assert!(columns.times.as_ref().is_none_or(|times| times.len() == columns.len()));
    assert!(columns.ratings.iter().flatten().all(|rating| rating.is_finite()));
    assert!(columns.times.iter().flatten().all(|time| (0..=TIME_MS_MAX).contains(time)));
    assert_eq!(events.order, if columns.times.is_some() { Order::Times } else { Order::Unknown });
    numbered(&columns.users, &events.users);
    numbered(&columns.items, &events.items);
}

fn said<T: std::fmt::Debug>(read: &Result<T, ReadError>) -> String {
    read.as_ref().map_or_else(ToString::to_string, |file| format!("{file:?}"))
}

/// Each number stands for an id, and ids are numbered in the order in which they come.
fn numbered(numbers: &[u32], ids: &[Arc<str>]) {
    let mut next = 0;
    for number in numbers {
        assert!(*number <= next, "a number before its turn");
        next = next.max(number + 1);
    }
    assert_eq!(next as usize, ids.len());
    distinct(ids);
}

fn distinct(ids: &[Arc<str>]) {
    ids.iter().for_each(|each| id(each));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an id twice");
}

/// Reads a file of items.
pub fn items(bytes: &[u8]) {
    let path = Path::new("items.csv");
    let read = read_items_from(bytes, path);
    assert_eq!(said(&read), said(&read_items_from(Trickle(bytes), path)), "it depends on how the bytes arrive");
    let file = match read {
        Ok(file) => file,
        Err(error) => return refused(bytes, &error),
    };
    assert_eq!(file.digest, Digest::of(bytes));
    assert!(!file.ids.is_empty());
    distinct(&file.ids);
    assert_eq!(file.delisted.len(), file.ids.len());
    for fact in &file.facts {
        readable(&fact.name);
        let count = match &fact.values {
            FactValues::Numbers(numbers) => {
                assert!(numbers.iter().flatten().all(|number| number.is_finite()));
                numbers.len()
            }
            FactValues::Texts(texts) => texts.len(),
            FactValues::Labels { names, labels } => {
                labelled(names, labels);
                labels.len()
            }
        };
        assert_eq!(count, file.ids.len(), "{}", fact.name);
    }
}

/// Labels are numbers of names, ascending; the names are distinct, each is used, the most used stand first.
fn labelled(names: &[Arc<str>], labels: &[Vec<u32>]) {
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "a label twice");
    let mut used = vec![0_usize; names.len()];
    for of in labels {
        assert!(of.is_sorted_by(|a, b| a < b));
        of.iter().for_each(|label| used[*label as usize] += 1);
    }
    assert!(used.iter().all(|uses| *uses > 0), "a label that no item has");
}

/// A message a line, each with a place that is there.
fn refused(bytes: &[u8], error: &ReadError) {
    let lines = 1 + bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    error.to_string().lines().for_each(|line| readable(&line));
    if let ReadError::Mistakes(mistakes) = error {
        assert!(!mistakes.first.is_empty());
        assert!(mistakes.more == 0 || mistakes.first.len() == 20);
        for mistake in &mistakes.first {
            readable(mistake);
            assert!((1..=lines).contains(&mistake.line), "line {} of {lines}", mistake.line);
        }
    }
}
