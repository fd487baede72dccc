//! Protocol P2: pooled folds. Every subject is judged in its fold, by arms that were chosen without it.

use std::sync::Arc;

use greenroom_model::Digest;

use super::protocol::{POSITIVES_MIN, Positives};
use super::{Block, Exam, ProtocolError, Split};
use crate::events::{Columns, Events};

/// How many folds there are.
pub const FOLDS: u64 = 5;
/// Where a subject's positives are cut, in tenths of them. The last block goes to the end.
const CUTS: [usize; 5] = [5, 6, 7, 8, 9];
/// The fewest positives that are known of a subject.
const KNOWN_MIN: usize = 2;

/// The fold of a subject: the first 8 bytes of the SHA-256 of `p2:` and its id, big-endian, modulo 5. With a salt, which makes
/// other folds, it stands between the two and ends with another colon.
#[must_use]
pub fn fold(user: &str, salt: &str) -> u64 {
    let salt = if salt.is_empty() { String::new() } else { format!("{salt}:") };
    Digest::of(format!("p2:{salt}{user}").as_bytes()).head() % FOLDS
}

/// The positives of all subjects with five or more, in five folds of subjects.
#[derive(Debug, Clone)]
pub struct Folds {
    /// All rows are in its train part, by subject, time and item.
    whole: Split,
    /// The rows of each subject.
    rows: Vec<std::ops::Range<usize>>,
    /// By subject.
    folds: Vec<u64>,
}

impl Folds {
    /// Deals the subjects of events out. A rating of 4 or more is a positive, as in [`p1`](super::p1).
    ///
    /// # Errors
    /// When the order is unknown or nobody has enough positives.
    pub fn of(events: &Events, salt: &str) -> Result<Self, ProtocolError> {
        let Positives { columns, rows, notes } = Positives::of(events, "p2", |place| place.subject)?;
        let subjects = || rows.chunk_by(|a, b| columns.users.get(*a) == columns.users.get(*b));
        let kept: Vec<usize> = subjects().filter(|s| s.len() >= POSITIVES_MIN).flatten().copied().collect();
        if kept.is_empty() {
            let most = subjects().map(<[usize]>::len).max().unwrap_or_default();
            return Err(ProtocolError::TooFew { protocol: "p2", most });
        }
        let whole = Split::over_used_ids(events, columns.take(&kept), columns.take(&[]), notes);
        let mut rows = vec![0..0; whole.users.len()];
        let mut at = 0;
        for subject in whole.train.users.chunk_by(|a, b| a == b) {
            let range = at..at + subject.len();
            at = range.end;
            if let Some(place) = subject.first().and_then(|user| rows.get_mut(*user as usize)) {
                *place = range;
            }
        }
        let folds = whole.users.iter().map(|user| fold(user, salt)).collect();
        Ok(Self { whole, rows, folds })
    }

    /// The blocks of one fold: arms learn from all positives of the others and from the first ones of its own subjects, and
    /// foretell the next ones of these. The blocks follow each other in each subject's time.
    #[must_use]
    pub fn proof(&self, fold: u64) -> Vec<Block> {
        let block = |cut| {
            let split = self.split(cut, |of| if of == fold { Part::Asked } else { Part::Whole });
            Block { name: format!("fold {fold}, cut .{cut}"), split: Arc::new(split) }
        };
        CUTS.into_iter().map(block).collect()
    }

    /// What a search may see that is to be judged on a fold: the other folds' subjects, each cut at some of the cuts (tenths,
    /// 5 to 9). Without a fold, all subjects.
    #[must_use]
    pub fn search(&self, fold: Option<u64>, cuts: &[usize]) -> Exam {
        let name = fold.map_or_else(|| "all folds".to_owned(), |fold| format!("without fold {fold}"));
        let block = |cut: &usize| {
            let split = self.split(*cut, |of| if Some(of) == fold { Part::Unseen } else { Part::Asked });
            Block { name: format!("{name}, cut .{cut}"), split: Arc::new(split) }
        };
        Exam { protocol: "p2".to_owned(), blocks: cuts.iter().map(block).collect() }
    }

    fn split(&self, cut: usize, part: impl Fn(u64) -> Part) -> Split {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (rows, fold) in self.rows.iter().zip(&self.folds) {
            let count = rows.len();
            match part(*fold) {
                Part::Unseen => {}
                Part::Whole => train.extend(rows.clone()),
                Part::Asked => {
                    let low = (cut * count / 10).max(KNOWN_MIN).min(count);
                    let last = CUTS.last() == Some(&cut);
                    let high = if last { count } else { ((cut + 1) * count / 10).max(low + 1).min(count) };
                    train.extend(rows.start..rows.start + low);
                    test.extend(rows.start + low..rows.start + high);
                }
            }
        }
        let take = |rows: &[usize]| -> Columns { self.whole.train.take(rows) };
        let split = Split { train: take(&train), test: take(&test), ..self.whole.clone() };
        split.with_note_of_repeats()
    }
}

/// What becomes of a subject's positives.
enum Part {
    Unseen,
    Whole,
    /// The first of them are learned from, the next are to be foretold.
    Asked,
}

/// Protocol P2: of each fold, all of its blocks.
///
/// # Errors
/// See [`Folds::of`].
pub fn p2(events: &Events, salt: &str) -> Result<Exam, ProtocolError> {
    let folds = Folds::of(events, salt)?;
    let blocks = (0..FOLDS).flat_map(|fold| folds.proof(fold)).filter(|block| !block.split.test.is_empty());
    Ok(Exam { protocol: "p2".to_owned(), blocks: blocks.collect() })
}
