//! What is asked of an arm, once for each list that is judged.

use std::collections::BTreeMap;

use super::segments::counts;
use super::{Asked, Split};

/// A request that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The subject, as in the split.
    pub user: u32,
    /// How many rows of the subject's test part are known already: the earliest ones, by time and item.
    pub earlier: usize,
    /// What is to be foretold, ascending, each once.
    pub positives: Vec<u32>,
    /// How many rows are known, those of train among them.
    pub known: usize,
}

/// What is asked on a split: by subject, and where each knows what came before it, in the order of time. Whoever is asked
/// about one subject sees what it did until then, and must not know of it when it is asked of another one at an earlier time.
pub(super) fn questions(split: &Split) -> Vec<Question> {
    let test = &split.test;
    let mut by_user: BTreeMap<u32, Vec<(i64, u32)>> = BTreeMap::new();
    for (row, (user, item)) in test.users.iter().zip(&test.items).enumerate() {
        by_user.entry(*user).or_default().push((test.time(row).unwrap_or_default(), *item));
    }
    let known = counts(split.users.len(), &split.train.users);
    let (mut questions, mut times) = (Vec::new(), Vec::new());
    for (user, mut rows) in by_user {
        let known = known.get(user as usize).copied().unwrap_or_default();
        match split.asked {
            Asked::AtOnce => {
                let mut positives: Vec<u32> = rows.iter().map(|(_, item)| *item).collect();
                positives.sort_unstable();
                positives.dedup();
                questions.push(Question { user, earlier: 0, positives, known });
            }
            Asked::RowByRow { known_min } => {
                rows.sort_unstable();
                let asked = rows.iter().enumerate().filter(|(earlier, _)| known + earlier >= known_min);
                for (earlier, (time, item)) in asked {
                    times.push(*time);
                    questions.push(Question { user, earlier, positives: vec![*item], known: known + earlier });
                }
            }
        }
    }
    if split.asked == Asked::AtOnce {
        return questions;
    }
    let mut in_time: Vec<(i64, Question)> = times.into_iter().zip(questions).collect();
    in_time.sort_by_key(|(time, question)| (*time, question.user, question.earlier));
    in_time.into_iter().map(|(_, question)| question).collect()
}
