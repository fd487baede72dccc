//! Keys and values, and what is done with them.

use std::collections::VecDeque;
use std::time::Instant;

use greenroom_memory::{KeyValue, Store};

use crate::Numbers;

pub(crate) const SPACE: &str = "bench";
const BYTES: usize = 256;
/// Writes that wait at once while the store is filled.
const WAITING: usize = 4_000;

pub(crate) fn key(number: u64) -> String {
    format!("subject/{number:08}")
}

pub(crate) fn value(number: u64) -> Vec<u8> {
    number.to_le_bytes().into_iter().cycle().take(BYTES).collect()
}

pub(crate) fn fill(store: &Store, size: u64) {
    let (kv, mut waiting) = (store.kv(), VecDeque::new());
    for number in 0..size {
        if waiting.len() >= WAITING {
            let first: greenroom_memory::Pending<_, _> = waiting.pop_front().unwrap();
            first.wait().unwrap();
        }
        waiting.push_back(kv.put(SPACE, &key(number), &value(number)));
    }
    for pending in waiting {
        pending.wait().unwrap();
    }
}

/// How many keys a scan by pages of 1,000 has found.
pub(crate) fn scanned(kv: &dyn KeyValue) -> u64 {
    let (mut seen, mut after) = (0, None::<String>);
    loop {
        let page = kv.scan(SPACE, "", after.as_deref(), 1_000).unwrap();
        seen += page.entries.len() as u64;
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

/// Writes a second of so many writers, each of which waits for its own to be durable.
pub(crate) fn puts(store: &Store, writers: usize, each: usize, size: u64, seed: u64) -> f64 {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let kv = store.kv();
            scope.spawn(move || {
                for key in Numbers(seed * 1_000 + writer as u64).keys(each, size) {
                    kv.put(SPACE, &key, &value(3)).wait().unwrap();
                }
            });
        }
    });
    (writers * each) as f64 / began.elapsed().as_secs_f64()
}
