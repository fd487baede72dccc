//! Events in columns: ids once, as strings, and a number for each of their uses, so that millions of rows fit.

use std::collections::HashMap;
use std::sync::Arc;

use greenroom_model::Digest;

/// What is known of the order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Every event has a time.
    Times,
    /// Without times; the rows are in order.
    Rows,
    /// Nothing.
    Unknown,
}

/// Events in columns of one length. Subjects and items are numbers into lists of ids that are kept beside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Who.
    pub users: Vec<u32>,
    /// What.
    pub items: Vec<u32>,
    /// How much; `None` when every row is a positive.
    pub ratings: Option<Vec<f32>>,
    /// When, in milliseconds since 1970.
    pub times: Option<Vec<i64>>,
}

impl Columns {
    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The rating of a row, if rows have one.
    #[must_use]
    pub fn rating(&self, row: usize) -> Option<f32> {
        self.ratings.as_ref()?.get(row).copied()
    }

    /// The time of a row, if rows have one, in milliseconds since 1970.
    #[must_use]
    pub fn time(&self, row: usize) -> Option<i64> {
        self.times.as_ref()?.get(row).copied()
    }

    /// Some rows, in the order given; a number that is no row is left out.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            users: pick(&self.users, rows),
            items: pick(&self.items, rows),
            ratings: self.ratings.as_ref().map(|ratings| pick(ratings, rows)),
            times: self.times.as_ref().map(|times| pick(times, rows)),
        }
    }

    /// The content address of the events under these ids: the same for the same events however their file was written.
    #[must_use]
    pub fn digest(&self, users: &[Arc<str>], items: &[Arc<str>]) -> Digest {
        let ids = |ids: &[Arc<str>]| {
            let mut bytes = Vec::new();
            for id in ids {
                bytes.extend_from_slice(&(id.len() as u64).to_le_bytes());
                bytes.extend_from_slice(id.as_bytes());
            }
            bytes
        };
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let ratings = self.ratings.iter().flatten().flat_map(|r| r.to_le_bytes()).collect::<Vec<u8>>();
        let times = self.times.iter().flatten().flat_map(|t| t.to_le_bytes()).collect::<Vec<u8>>();
        Digest::of_parts([
            ids(users).as_slice(),
            &ids(items),
            &numbers(&self.users),
            &numbers(&self.items),
            &ratings,
            &times,
        ])
    }
}

fn pick<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row).copied()).collect()
}

/// Events with the ids that their numbers stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// Ids of subjects, by number, in order of their first row.
    pub users: Vec<Arc<str>>,
    /// Ids of items, by number, in order of their first row.
    pub items: Vec<Arc<str>>,
    /// The events, in the order of the file.
    pub columns: Columns,
    /// What is known of their order.
    pub order: Order,
}

/// Gives each id a number, once.
#[derive(Debug, Default)]
pub struct Ids {
    numbers: HashMap<Arc<str>, u32>,
    ids: Vec<Arc<str>>,
}

impl Ids {
    /// The number of an id, a new one when it was not seen before.
    pub fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let id: Arc<str> = id.into();
        self.ids.push(Arc::clone(&id));
        self.numbers.insert(id, number);
        number
    }

    /// The ids by number.
    #[must_use]
    pub fn into_ids(self) -> Vec<Arc<str>> {
        self.ids
    }
}
