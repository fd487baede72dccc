//! What counts as a positive event, in one place, so that what is learned and what is decided on are the same thing.

use crate::{Fault, Feedback, History, NONE, StateReader, StateWriter};

/// Whether an event speaks for its item. A rating does from 4 on; a click, a like and a purchase do; what has no kind
/// does when its value is above 0; a view, a dislike and a dismissal do not.
#[must_use]
pub fn is_positive(kind: u8, value: f32) -> bool {
    match kind {
        1 => value >= 4.0,
        3 | 4 | 6 => true,
        2 | 5 | 7 => false,
        _ => value > 0.0,
    }
}

impl History {
    /// The rows that the subject liked with the time at which it last did, oldest first, each row once.
    #[must_use]
    pub fn positives(&self) -> Vec<(u32, i64)> {
        let events = self.rows.iter().zip(&self.times).zip(&self.kinds).zip(&self.values);
        let liked = events.filter(|&(((_, _), &kind), &value)| is_positive(kind, value));
        let mut all: Vec<(u32, i64)> = liked.map(|(((&row, &time), _), _)| (row, time)).collect();
        // Row and place in one number, so that the last of each run is where its row was liked last.
        let mut keys: Vec<u64> =
            (0..).zip(&all).map(|(place, event): (u64, _)| u64::from(event.0) << 32 | place).collect();
        keys.sort_unstable();
        let mut latest = vec![false; all.len()];
        for of_one in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            let place = of_one.last().and_then(|key| usize::try_from(key & u64::from(u32::MAX)).ok());
            if let Some(latest) = place.and_then(|place| latest.get_mut(place)) {
                *latest = true;
            }
        }
        let mut latest = latest.into_iter();
        all.retain(|_| latest.next() == Some(true));
        all
    }

    /// The rows that the subject liked, oldest first, each with a weight: 1 for the latest, and half as much for every
    /// `half_life` events further back; 1 for all of them when `half_life` is 0, or when all are of one time: then
    /// nobody knows their order.
    #[must_use]
    pub fn weighted(&self, half_life: f64) -> Vec<(u32, f32)> {
        let positives = self.positives();
        let ordered = positives.first().map(|first| first.1) != positives.last().map(|last| last.1);
        let fading = if half_life > 0.0 && ordered { 0.5_f64.powf(1.0 / half_life) } else { 1.0 };
        let mut weight = 1.0;
        let mut liked: Vec<(u32, f32)> = positives.into_iter().map(|(row, _)| (row, 0.0)).collect();
        for event in liked.iter_mut().rev() {
            #[expect(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
            {
                event.1 = weight as f32;
            }
            weight *= fading;
        }
        liked
    }
}

/// A subject that liked a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Positive {
    /// The subject's number, or [`NONE`] for an anonymous one.
    pub subject: u32,
    /// When it last did, in milliseconds.
    pub time: i64,
    /// The row.
    pub row: u32,
}

/// Feedback as it arrives, for agents that learn from who liked what. The latest word on an event holds: what was taken
/// back, or turned out to be no positive, is left out.
///
/// An agent that writes them into its state goes on from there: what it learns then is the same as if it had never been
/// interrupted.
#[derive(Debug, Default, Clone)]
pub struct Interactions {
    events: Vec<Event>,
    // How many events had no id.
    unnamed: u64,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    id: u64,
    positive: bool,
    what: Positive,
}

impl Interactions {
    /// Takes a batch. A row is positive when its outer reward is above 0, or when the batch knows no rewards.
    ///
    /// # Errors
    /// `InvalidFeedback` when a column is neither as long as `rows` nor empty.
    pub fn learn(&mut self, batch: &Feedback) -> Result<(), Fault> {
        let n = batch.rows.len();
        let columns = [
            ("events", batch.events.len()),
            ("subjects", batch.subjects.len()),
            ("event-times", batch.event_times.len()),
            ("statuses", batch.statuses.len()),
            ("outer-rewards", batch.outer_rewards.len()),
        ];
        let wrong: Vec<String> = columns
            .iter()
            .filter(|(_, len)| *len != 0 && *len != n)
            .map(|(name, len)| format!("`{name}` has {len} values"))
            .collect();
        if !wrong.is_empty() {
            return Err(Fault::invalid_feedback(format!("the batch has {n} rows, but {}", wrong.join(", "))));
        }
        const RETRACTED: u8 = 2;
        for (i, &row) in batch.rows.iter().enumerate() {
            // Without ids every event stands for itself; these lie above those that a log counts up to.
            let id = batch.events.get(i).copied().unwrap_or_else(|| {
                self.unnamed += 1;
                u64::MAX - self.unnamed
            });
            let kept = batch.statuses.get(i) != Some(&RETRACTED);
            let rewarded = batch.outer_rewards.get(i).is_none_or(|&reward| reward > 0.0);
            let subject = batch.subjects.get(i).copied().unwrap_or(NONE);
            let time = batch.event_times.get(i).copied().unwrap_or(0);
            self.events.push(Event { id, positive: kept && rewarded, what: Positive { subject, time, row } });
        }
        Ok(())
    }

    /// Who liked what, ordered by subject, time and row. Each row of a subject is there once, at its latest time;
    /// anonymous subjects come last, with all that they did.
    #[must_use]
    pub fn positives(&self) -> Vec<Positive> {
        let mut last_words: Vec<Positive> = self.last_words().iter().map(|event| event.what).collect();
        last_words.sort_unstable_by_key(|p| (p.subject, p.row, std::cmp::Reverse(p.time)));
        last_words
            .dedup_by(|later, first| first.subject != NONE && (first.subject, first.row) == (later.subject, later.row));
        last_words.sort_unstable();
        last_words
    }

    /// The last word on each event that is a positive, by id: all that counts when more is learned.
    fn last_words(&self) -> Vec<Event> {
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.id);
        let mut said = events.iter().map(|event| event.id).skip(1).collect::<Vec<_>>().into_iter();
        events.retain(|event| said.next() != Some(event.id) && event.positive);
        events
    }

    /// Writes all that counts when more is learned: the same bytes, however often it was written and read between.
    pub fn write(&self, writer: &mut StateWriter) {
        let events = self.last_words();
        let column = |of: fn(&Event) -> i64| -> Vec<i64> { events.iter().map(of).collect() };
        let short = |of: fn(&Event) -> u32| -> Vec<u32> { events.iter().map(of).collect() };
        writer.s64s(&[self.unnamed.cast_signed()]);
        writer.s64s(&column(|event| event.id.cast_signed()));
        writer.u32s(&short(|event| event.what.subject));
        writer.s64s(&column(|event| event.what.time));
        writer.u32s(&short(|event| event.what.row));
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// `InvalidState` when the bytes are not that.
    pub fn read(reader: &mut StateReader<'_>) -> Result<Self, Fault> {
        let (unnamed, ids) = (reader.s64s()?, reader.s64s()?);
        let (subjects, times, rows) = (reader.u32s()?, reader.s64s()?, reader.u32s()?);
        let events: Vec<Event> = ids
            .iter()
            .zip(&subjects)
            .zip(times.iter().zip(&rows))
            .map(|((id, subject), (time, row))| Event {
                id: id.cast_unsigned(),
                positive: true,
                what: Positive { subject: *subject, time: *time, row: *row },
            })
            .collect();
        let lengths = [subjects.len(), times.len(), rows.len()];
        let whole = lengths == [ids.len(); 3] && events.is_sorted_by(|a, b| a.id < b.id);
        match unnamed.as_slice() {
            [unnamed] if whole => Ok(Self { events, unnamed: unnamed.cast_unsigned() }),
            _ => Err(reader.broken("events that do not fit each other")),
        }
    }
}

/// How often each row was liked: the most popular first, ties by ascending row.
#[must_use]
pub fn by_popularity(positives: &[Positive]) -> Vec<(u32, u32)> {
    let mut rows: Vec<u32> = positives.iter().map(|p| p.row).collect();
    rows.sort_unstable();
    let mut counts: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match counts.last_mut() {
            Some((last, count)) if *last == row => *count += 1,
            _ => counts.push((row, 1)),
        }
    }
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native;

    #[test]
    fn a_history_keeps_each_liked_row_once_at_its_latest_time() {
        let mut seen = native::observe(10, &[(7, 1), (3, 2), (7, 3), (9, 4)]).history;
        assert_eq!(seen.positives(), [(3, 2), (7, 3), (9, 4)]);
        seen.kinds = vec![1, 1, 1, 5];
        seen.values = vec![5.0, 3.5, 4.0, 1.0];
        assert_eq!(seen.positives(), [(7, 3)]);
    }

    #[test]
    fn weights_halve_every_half_life() {
        let seen = native::observe(10, &[(1, 1), (2, 2), (3, 3)]).history;
        assert_eq!(seen.weighted(0.0), [(1, 1.0), (2, 1.0), (3, 1.0)]);
        let weights: Vec<f32> = seen.weighted(2.0).iter().map(|x| x.1).collect();
        assert!((weights[0] - 0.5).abs() < 1e-6 && (weights[1] - 0.5_f32.sqrt()).abs() < 1e-6, "{weights:?}");
        assert_eq!(weights[2], 1.0);
    }

    #[test]
    fn events_of_one_time_weigh_the_same() {
        let seen = native::observe(10, &[(1, 5), (2, 5), (3, 5)]).history;
        assert_eq!(seen.weighted(2.0), [(1, 1.0), (2, 1.0), (3, 1.0)]);
    }

    #[test]
    fn the_last_word_on_an_event_holds() {
        let mut all = Interactions::default();
        all.learn(&native::organic(&[(1, 10, 5), (1, 11, 6), (2, 10, 7)])).unwrap();
        let mut taken_back = native::organic(&[(1, 11, 6)]);
        taken_back.events = vec![1];
        taken_back.statuses = vec![2];
        all.learn(&taken_back).unwrap();
        let left: Vec<(u32, u32)> = all.positives().iter().map(|p| (p.subject, p.row)).collect();
        assert_eq!(left, [(1, 10), (2, 10)]);
    }

    #[test]
    fn what_earned_nothing_is_no_positive() {
        let mut all = Interactions::default();
        let mut batch = native::organic(&[(1, 10, 5), (1, 11, 6)]);
        batch.outer_rewards = vec![0.0, 1.0];
        all.learn(&batch).unwrap();
        assert_eq!(all.positives(), [Positive { subject: 1, time: 6, row: 11 }]);
    }

    #[test]
    fn a_row_liked_twice_counts_once_for_a_subject_and_twice_for_strangers() {
        let mut all = Interactions::default();
        all.learn(&native::organic(&[(1, 10, 5), (1, 10, 9), (NONE, 10, 6), (NONE, 10, 6)])).unwrap();
        assert_eq!(by_popularity(&all.positives()), [(10, 3)]);
        assert_eq!(all.positives()[0].time, 9);
    }

    fn written(all: &Interactions) -> crate::State {
        let mut writer = StateWriter::default();
        all.write(&mut writer);
        writer.finish("interactions")
    }

    fn read(state: &crate::State) -> Result<Interactions, Fault> {
        let mut reader = StateReader::new(state);
        let all = Interactions::read(&mut reader)?;
        reader.finish(true)?;
        Ok(all)
    }

    #[test]
    fn what_is_learned_after_reading_is_as_if_nothing_had_been_between() {
        let first = native::organic(&[(1, 10, 5), (1, 11, 6), (NONE, 10, 7), (2, 12, 8)]);
        let mut unnamed = native::organic(&[(3, 10, 9), (3, 13, 9)]);
        unnamed.events.clear();
        // Takes one back, learns of another one that it was none, and likes a third one again.
        let mut second = native::organic(&[(1, 10, 5), (2, 12, 8), (1, 11, 20)]);
        second.events = vec![0, 3, 9];
        second.statuses = vec![2, 1, 1];
        second.outer_rewards = vec![1.0, 0.0, 1.0];
        let (mut at_once, mut before) = (Interactions::default(), Interactions::default());
        for batch in [&first, &unnamed, &second, &unnamed] {
            at_once.learn(batch).unwrap();
        }
        for batch in [&first, &unnamed] {
            before.learn(batch).unwrap();
        }
        let mut after = read(&written(&before)).unwrap();
        for batch in [&second, &unnamed] {
            after.learn(batch).unwrap();
        }
        assert_eq!(written(&after), written(&at_once));
        assert_eq!(after.positives(), at_once.positives());
        assert_eq!(at_once.positives().len(), 4, "strangers' and unnamed ones among them: {:?}", at_once.positives());
    }

    #[test]
    fn events_that_do_not_fit_each_other_are_refused() {
        let mut all = Interactions::default();
        all.learn(&native::organic(&[(1, 10, 5), (1, 11, 6)])).unwrap();
        let whole = written(&all);
        assert!(read(&whole).is_ok());
        for cut in 0..whole.bytes.len() {
            let cut = crate::State { schema: whole.schema.clone(), bytes: whole.bytes[..cut].to_vec() };
            assert!(read(&cut).is_err());
        }
        let ids = |ids: &[i64]| {
            let mut writer = StateWriter::default();
            writer.s64s(&[0]);
            writer.s64s(ids);
            writer.u32s(&[1, 1]);
            writer.s64s(&[5, 6]);
            writer.u32s(&[10, 11]);
            read(&writer.finish("interactions"))
        };
        assert!(ids(&[3, 4]).is_ok() && ids(&[3, 3]).is_err() && ids(&[4, 3]).is_err() && ids(&[3]).is_err());
    }

    #[test]
    fn a_short_column_is_refused_by_name() {
        let mut batch = native::organic(&[(1, 10, 5), (1, 11, 6)]);
        batch.subjects.pop();
        let fault = Interactions::default().learn(&batch).unwrap_err();
        assert!(fault.message.contains("`subjects` has 1 values"), "{}", fault.message);
    }
}
