//! The MovieLens example under protocol P1, on which recommenders are compared.
//!
//! A rating of 4 or more is a positive. Users with at least 5 positives are kept. Per user, positives are ordered by time
//! and item id; the last max(1, floor(0.2 n)) are test, the rest are train. Candidates are all items that occur in the
//! split, as rows in ascending numeric item id; a user's train items are masked. NDCG has binary gains and the discount
//! 1/log2(rank + 1), over users with test items.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A positive rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// The user's id.
    pub user: u32,
    /// The item's id.
    pub item: u32,
    /// Stars.
    pub stars: f32,
    /// Seconds since 1970.
    pub seconds: i64,
}

/// Both parts, each ordered by user, time and item.
#[derive(Debug, Clone)]
pub struct Split {
    /// Ids of all items, ascending: an item's place is its row.
    pub items: Vec<u32>,
    /// Ids of all users, ascending: a user's place is its number.
    pub users: Vec<u32>,
    /// What may be learned from.
    pub train: Vec<Rating>,
    /// What is to be found.
    pub test: Vec<Rating>,
}

/// A user to recommend to.
#[derive(Debug, Clone)]
pub struct Case {
    /// The user's number.
    pub user: u32,
    /// Rows of the train part with their times in milliseconds, oldest first.
    pub history: Vec<(u32, i64)>,
    /// Rows of the test part, ascending.
    pub wanted: Vec<u32>,
}

/// What a recommender reached.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "names of metrics")]
pub struct Figures {
    pub ndcg_at_10: f64,
    pub recall_at_20: f64,
    pub coverage_at_10: f64,
    pub users: usize,
}

/// Where the example's files are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens")
}

impl Split {
    /// The example's ratings under the protocol.
    ///
    /// # Errors
    /// When the file is not there or is no such file.
    pub fn p1() -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_path(folder().join("ratings.csv"))?;
        let mut liked = Vec::new();
        for record in reader.records() {
            let record = record?;
            let field = |i: usize| record.get(i).ok_or_else(|| format!("no column {i} in {record:?}"));
            let (user, item, seconds) = (field(0)?.parse()?, field(1)?.parse()?, field(3)?.parse()?);
            liked.push(Rating { user, item, stars: field(2)?.parse()?, seconds });
        }
        liked.retain(|r| r.stars >= 4.0);
        liked.sort_by_key(|r| (r.user, r.seconds, r.item));
        Ok(Self::cut(&liked, 5))
    }

    /// The train part cut once more in the same way, to choose parameters on without a look at the test part. Rows and
    /// numbers stay.
    #[must_use]
    pub fn validation(&self) -> Self {
        Self { items: self.items.clone(), users: self.users.clone(), ..Self::cut(&self.train, 2) }
    }

    fn cut(ordered: &[Rating], at_least: usize) -> Self {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for of_user in ordered.chunk_by(|a, b| a.user == b.user).filter(|of_user| of_user.len() >= at_least) {
            let (early, late) = of_user.split_at(of_user.len() - (of_user.len() / 5).max(1));
            train.extend_from_slice(early);
            test.extend_from_slice(late);
        }
        let all = || train.iter().chain(&test);
        Self { items: distinct(all().map(|r| r.item)), users: distinct(all().map(|r| r.user)), train, test }
    }

    /// The row of an item of the split.
    #[must_use]
    pub fn row(&self, item: u32) -> u32 {
        place(&self.items, item)
    }

    /// The train part as (user, row, milliseconds), in order of time.
    #[must_use]
    pub fn events(&self) -> Vec<(u32, u32, i64)> {
        let event = |r: &Rating| (place(&self.users, r.user), self.row(r.item), r.seconds * 1000);
        let mut events: Vec<_> = self.train.iter().map(event).collect();
        events.sort_by_key(|event| event.2);
        events
    }

    /// All users with test items.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let mut train = self.train.chunk_by(|a, b| a.user == b.user).peekable();
        let case = |test: &[Rating]| {
            let user = test.first()?.user;
            let mut history = Vec::new();
            while let Some(early) = train.next_if(|early| early.first().is_some_and(|r| r.user <= user)) {
                if early.first().is_some_and(|r| r.user == user) {
                    history = early.iter().map(|r| (self.row(r.item), r.seconds * 1000)).collect();
                }
            }
            let wanted = distinct(test.iter().map(|r| self.row(r.item)));
            Some(Case { user: place(&self.users, user), history, wanted })
        };
        self.test.chunk_by(|a, b| a.user == b.user).filter_map(case).collect()
    }

    /// What the rows that `recommend` answers for each case reach. They are taken in the order given.
    pub fn evaluate(&self, mut recommend: impl FnMut(&Case) -> Vec<u32>) -> Figures {
        let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
        let (mut ndcg, mut recall, mut shown) = (0.0, 0.0, Vec::new());
        let cases = self.cases();
        for case in &cases {
            let rows = recommend(case);
            let is_hit = |row: &u32| case.wanted.binary_search(row).is_ok();
            let gain: f64 = (0..10).zip(&rows).filter(|(_, row)| is_hit(row)).map(|(rank, _)| discount(rank)).sum();
            let ideal: f64 = (0..case.wanted.len().min(10)).map(discount).sum();
            ndcg += gain / ideal;
            recall += rows.iter().take(20).filter(|row| is_hit(row)).count() as f64 / case.wanted.len() as f64;
            shown.extend(rows.iter().take(10).copied());
        }
        let users = cases.len().max(1) as f64;
        Figures {
            ndcg_at_10: ndcg / users,
            recall_at_20: recall / users,
            coverage_at_10: distinct(shown.into_iter()).len() as f64 / self.items.len().max(1) as f64,
            users: cases.len(),
        }
    }
}

/// The SHA-256 of ratings as tab-separated lines of user, item, stars with one decimal and seconds.
#[must_use]
pub fn sha256(ratings: &[Rating]) -> String {
    let mut lines = String::new();
    for r in ratings {
        let _ = writeln!(lines, "{}\t{}\t{:.1}\t{}", r.user, r.item, r.stars, r.seconds);
    }
    Sha256::digest(lines.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn distinct(numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[expect(clippy::cast_possible_truncation, reason = "thousands of them")]
fn place(ids: &[u32], id: u32) -> u32 {
    ids.partition_point(|&x| x < id) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_that_of_the_peers() {
        let split = Split::p1().unwrap();
        assert_eq!((split.users.len(), split.items.len()), (659, 6169));
        assert_eq!((split.train.len(), split.test.len()), (41_487, 10_048));
        assert_eq!(sha256(&split.train), "d2343fe0211c976f201f7920858fa6bef79bb42a0f3366e3ea365e0f39495b9f");
        assert_eq!(sha256(&split.test), "05cf6de4be26cb84500fe4d412b40e186114303d440efe9841de0b5de6bc0caf");
    }

    #[test]
    fn the_validation_cut_lies_inside_train() {
        let split = Split::p1().unwrap();
        let inner = split.validation();
        assert_eq!(inner.train.len() + inner.test.len(), split.train.len());
        assert!(inner.test.iter().all(|r| split.train.contains(r)));
        assert_eq!(inner.items, split.items);
    }

    #[test]
    fn a_case_has_its_own_history_and_wants_what_came_after_it() {
        let split = Split::p1().unwrap();
        let cases = split.cases();
        assert_eq!(cases.len(), 659);
        assert_eq!(cases.iter().map(|c| c.history.len()).sum::<usize>(), split.train.len());
        for case in cases {
            assert!(case.history.iter().all(|(row, _)| case.wanted.binary_search(row).is_err()));
            assert!(case.history.is_sorted_by_key(|event| event.1));
        }
    }

    #[test]
    fn an_oracle_reaches_everything() {
        let found = Split::p1().unwrap().evaluate(|case| case.wanted.clone());
        assert!((found.ndcg_at_10 - 1.0).abs() < 1e-9, "{found:?}");
    }
}
