//! Who liked what, as an agent is told, and as it goes on from there.

use crate::packed;
use crate::{Fault, Feedback, NONE, Positive, StateReader, StateWriter};

/// Feedback as it arrives, for agents that learn from who liked what. The latest word on an event holds: what was taken
/// back, or turned out to be no positive, is left out.
///
/// An agent that writes them into its state goes on from there: what it learns then is the same as if it had never been
/// interrupted.
#[derive(Debug, Default, Clone)]
pub struct Interactions {
    // What was read, as it was written.
    restored: Vec<u8>,
    // What was told since.
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
        let restored = packed::read(&self.restored).flatten().map(|(id, what)| Event { id, positive: true, what });
        let mut events: Vec<Event> = restored.chain(self.events.iter().copied()).collect();
        events.sort_by_key(|event| event.id);
        let mut said = events.iter().map(|event| event.id).skip(1).collect::<Vec<_>>().into_iter();
        events.retain(|event| said.next() != Some(event.id) && event.positive);
        events
    }

    /// Writes all that counts when more is learned: the same bytes, however often it was written and read between.
    pub fn write(&self, writer: &mut StateWriter) {
        writer.s64s(&[self.unnamed.cast_signed()]);
        match self.events.as_slice() {
            [] => writer.bytes(&self.restored),
            _ => writer.bytes(&packed::write(self.last_words().iter().map(|event| (event.id, event.what)))),
        }
    }

    /// Reads what was written. It stays packed until more is learned, about ten bytes an event: who just decides does not
    /// need it.
    ///
    /// # Errors
    /// `InvalidState` when the bytes are not that.
    pub fn read(reader: &mut StateReader<'_>) -> Result<Self, Fault> {
        let (unnamed, restored) = (reader.s64s()?, reader.raw(1)?);
        match unnamed.as_slice() {
            [unnamed] if packed::read(restored).all(|one| one.is_some()) => {
                Ok(Self { restored: restored.to_vec(), events: Vec::new(), unnamed: unnamed.cast_unsigned() })
            }
            _ => Err(reader.broken("events that are not in order")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native;

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
    fn any_log_cut_anywhere_comes_to_the_same() {
        // Knuth's generator: the same logs each time.
        let mut seed = 1_u64;
        let mut any = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let batches: Vec<Feedback> = (0..6)
                .map(|_| {
                    let rows = any(12);
                    let mut batch = Feedback {
                        subjects: (0..rows).map(|_| any(4) as u32).map(|s| if s == 0 { NONE } else { s }).collect(),
                        rows: (0..rows).map(|_| any(5) as u32).collect(),
                        event_times: (0..rows).map(|_| any(9).cast_signed() - 4).collect(),
                        statuses: (0..rows).map(|_| any(3) as u8).collect(),
                        outer_rewards: (0..rows).map(|_| any(4).min(1) as f32).collect(),
                        ..native::organic(&[])
                    };
                    if any(4) > 0 {
                        batch.events = (0..rows).map(|_| any(20)).collect();
                    }
                    batch
                })
                .collect();
            let mut at_once = Interactions::default();
            let mut in_parts = Interactions::default();
            for batch in &batches {
                at_once.learn(batch).unwrap();
                in_parts.learn(batch).unwrap();
                if any(2) == 0 {
                    in_parts = read(&written(&in_parts)).unwrap();
                }
            }
            assert_eq!(written(&in_parts), written(&at_once), "{batches:?}");
            assert_eq!(in_parts.positives(), at_once.positives(), "{batches:?}");
        }
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
        let bytes = |bytes: &[u8]| {
            let mut writer = StateWriter::default();
            writer.s64s(&[0]);
            writer.bytes(bytes);
            read(&writer.finish("interactions"))
        };
        assert!(bytes(&[3, 1, 10, 10, 1, 1, 10, 10]).is_ok());
        for (wrong, why) in [
            (&[3, 1, 10, 10, 0, 1, 10, 10][..], "an id twice"),
            (&[3, 1, 10], "no row"),
            (&[0x80, 0, 1, 10, 10], "a number longer than it has to be"),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 10, 10], "an id of 65 bits"),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 10, 10, 1, 1, 10, 10],
                "an id past the last",
            ),
            (&[3, 1, 10, 0xff, 0xff, 0xff, 0xff, 0x10], "a row of 33 bits"),
        ] {
            assert!(bytes(wrong).is_err(), "{why}");
        }
    }

    #[test]
    fn events_of_any_size_come_back_as_they_went() {
        let times = [0, -1, i64::MIN, i64::MAX, 1_700_000_000_000, i64::MIN];
        let subjects = [0, 1, NONE, NONE - 1, 127, 128];
        let events: Vec<(u32, u32, i64)> =
            times.iter().zip(subjects).map(|(time, subject)| (subject, u32::MAX - subject, *time)).collect();
        let mut batch = native::organic(&events);
        batch.events = vec![0, 1, 128, 1 << 40, u64::MAX - 1, u64::MAX];
        let mut all = Interactions::default();
        all.learn(&batch).unwrap();
        let state = written(&all);
        let back = read(&state).unwrap();
        assert_eq!(back.positives(), all.positives());
        assert_eq!(back.positives().len(), 6);
        assert_eq!(written(&back), state);
    }

    #[test]
    fn a_short_column_is_refused_by_name() {
        let mut batch = native::organic(&[(1, 10, 5), (1, 11, 6)]);
        batch.subjects.pop();
        let fault = Interactions::default().learn(&batch).unwrap_err();
        assert!(fault.message.contains("`subjects` has 1 values"), "{}", fault.message);
    }
}
