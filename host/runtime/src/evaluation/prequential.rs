//! Protocol P3: prequential, as a recommender meets the world. What is learned from lies before all that is foretold.

use std::sync::Arc;

use super::protocol::{POSITIVES_MIN, Positives};
use super::{Asked, Block, Exam, ProtocolError, Split};
use crate::events::Events;

/// The first part that is learned from, and what is added each time, in twentieths of the positives.
const FIRST: usize = 6;
const ALL: usize = 20;

/// Protocol P3 (Gama, Sebastiao and Rodrigues 2013): positives by time, of all subjects together. From 30 % of them on, arms
/// learn anew every 5 %, and foretell each positive of the next 5 % from all that its subject did before, if that is five
/// positives or more. Rows of one time are never on both sides.
///
/// # Errors
/// When the order is unknown, or nobody is known well enough when it is asked about.
pub fn p3(events: &Events) -> Result<Exam, ProtocolError> {
    let Positives { columns, rows, notes } = Positives::of(events, "p3", |place| place.time)?;
    let whole = Split::over_used_ids(events, columns.take(&rows), columns.take(&[]), notes);
    let count = whole.train.len();
    let bound = |part: usize| {
        let at = part * count / ALL;
        let time = whole.train.time(at);
        (0..at).rev().take_while(|row| whole.train.time(*row) == time).last().unwrap_or(at)
    };
    let block = |part: usize| {
        let (from, to) = (bound(part), if part + 1 == ALL { count } else { bound(part + 1) });
        let take = |rows: std::ops::Range<usize>| whole.train.take(&rows.collect::<Vec<_>>());
        let asked = Asked::RowByRow { known_min: POSITIVES_MIN };
        let split = Split { train: take(0..from), test: take(from..to), asked, ..whole.clone() };
        Block { name: format!("from {} %", part * 100 / ALL), split: Arc::new(split.with_note_of_repeats()) }
    };
    let blocks: Vec<Block> =
        (FIRST..ALL).map(block).filter(|block| !super::question::questions(&block.split).is_empty()).collect();
    if blocks.is_empty() {
        let most = super::segments::counts(whole.users.len(), &whole.train.users).into_iter().max();
        return Err(ProtocolError::TooFew { protocol: "p3", most: most.unwrap_or_default() });
    }
    Ok(Exam { protocol: "p3".to_owned(), blocks })
}
