//! Who liked what, in which order: what sequences and popularity are computed from.
//!
//! Kept as it happened rather than as a matrix of transitions: it is smaller by far, one more event is one more number, and
//! learning on while serving needs no other form.

use std::collections::BTreeMap;

use greenroom_sdk::{Fault, Feedback, Lists, NONE, StateReader, StateWriter, scatter};

/// The events of all subjects.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Past {
    // Rows and times, oldest first, each row once.
    subjects: BTreeMap<u32, Vec<(u32, i64)>>,
    // How often subjects without a name liked a row.
    anonymous: BTreeMap<u32, u32>,
    events: usize,
}

impl Past {
    pub(crate) fn len(&self) -> usize {
        self.events
    }

    /// What a subject liked, oldest first.
    pub(crate) fn of(&self, subject: u32) -> &[(u32, i64)] {
        self.subjects.get(&subject).map_or(&[], Vec::as_slice)
    }

    /// Takes an organic event of a batch. The last word on a row holds.
    pub(crate) fn learn(&mut self, batch: &Feedback, event: usize) {
        let Some(&row) = batch.rows.get(event) else { return };
        let subject = batch.subjects.get(event).copied().unwrap_or(NONE);
        let time = batch.event_times.get(event).copied().unwrap_or(0);
        let liked = batch.is_rewarded(event);
        if subject == NONE {
            let count = self.anonymous.entry(row).or_default();
            if liked {
                *count += 1;
                self.events += 1;
            } else if batch.is_retracted(event) && *count > 0 {
                *count -= 1;
                self.events -= 1;
            }
            if *count == 0 {
                self.anonymous.remove(&row);
            }
            return;
        }
        if !liked && !self.subjects.contains_key(&subject) {
            return;
        }
        let events = self.subjects.entry(subject).or_default();
        if let Some(at) = events.iter().rposition(|known| known.0 == row) {
            events.remove(at);
            self.events -= 1;
        }
        if liked {
            // Events come mostly in order; one that is late goes where it belongs.
            let at = events.iter().rposition(|known| known.1 <= time).map_or(0, |before| before + 1);
            events.insert(at, (row, time));
            self.events += 1;
        }
    }

    pub(crate) fn write(&self, writer: &mut StateWriter) {
        let (mut names, mut lengths, mut rows, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (&subject, events) in &self.subjects {
            names.push(subject);
            lengths.push(length(events.len()));
            rows.extend(events.iter().map(|event| event.0));
            times.extend(events.iter().map(|event| event.1));
        }
        writer.u32s(&names);
        writer.u32s(&lengths);
        writer.u32s(&rows);
        writer.s64s(&times);
        writer.u32s(&self.anonymous.keys().copied().collect::<Vec<_>>());
        writer.u32s(&self.anonymous.values().copied().collect::<Vec<_>>());
    }

    /// The events, or none when the columns don't fit each other.
    pub(crate) fn read(reader: &mut StateReader<'_>) -> Result<Option<Self>, Fault> {
        let (names, lengths) = (reader.u32s()?, reader.u32s()?);
        let (rows, times) = (reader.u32s()?, reader.s64s()?);
        let (strange, counts) = (reader.u32s()?, reader.u32s()?);
        let total = lengths.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n as usize));
        let fits = names.len() == lengths.len()
            && total == Some(rows.len())
            && rows.len() == times.len()
            && strange.len() == counts.len()
            && names.is_sorted_by(|a, b| a < b)
            && rows.iter().chain(&strange).all(|&row| row < ROWS_MAX);
        if !fits {
            return Ok(None);
        }
        let mut events = rows.into_iter().zip(times);
        let subjects = names
            .into_iter()
            .zip(lengths)
            .map(|(name, n)| (name, events.by_ref().take(n as usize).collect::<Vec<_>>()))
            .collect();
        let anonymous: BTreeMap<u32, u32> = strange.into_iter().zip(counts).collect();
        let strangers: usize = anonymous.values().map(|&n| n as usize).sum();
        let mut past = Self { subjects, anonymous, events: 0 };
        past.events = strangers + past.subjects.values().map(Vec::len).sum::<usize>();
        Ok(Some(past))
    }

    /// The same, laid out for reading.
    pub(crate) fn tape(&self) -> Tape {
        let rows = || self.subjects.values().flatten().map(|event| event.0);
        let known = rows().chain(self.anonymous.keys().copied()).max().map_or(0, |row| row as usize + 1);
        let mut tape = Tape { rows: Vec::with_capacity(self.events), ..Tape::default() };
        tape.counts.resize(known, 0);
        let mut places = Lists::new();
        for events in self.subjects.values() {
            let near = |rows: usize| u8::try_from(rows).unwrap_or(u8::MAX);
            for (place, &(row, _)) in events.iter().enumerate() {
                tape.rows.push(row);
                tape.around.push([near(place), near(events.len() - 1 - place)]);
                places.push([row]);
            }
        }
        for (row, n) in rows().map(|row| (row, 1)).chain(self.anonymous.iter().map(|(&row, &n)| (row, n))) {
            if let Some(count) = tape.counts.get_mut(row as usize) {
                *count += n;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        tape.popularities.extend(tape.counts.iter().map(|&count| (count as f32).ln_1p()));
        tape.places = places.transposed(known);
        tape
    }
}

// A broken state must not make an array of 16 GB.
const ROWS_MAX: u32 = 1 << 27;

#[expect(clippy::cast_possible_truncation, reason = "4 billion events do not fit the memory of a guest")]
fn length(n: usize) -> u32 {
    n as u32
}

/// How what follows what is weighed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fading {
    // What a row weighs that stands so many places after one in the history, from 1.
    after: Vec<f32>,
    // The same for rows before it, the furthest first.
    before: Vec<f32>,
    // Subjects added to every count, so that chance meetings of rare rows weigh little.
    shrinkage: f32,
}

impl Fading {
    /// By how many places after a row another stands, from 1; what one before it weighs beside one after it; subjects
    /// added to every count.
    pub(crate) fn new(by_distance: Vec<f32>, backward: f32, shrinkage: f32) -> Self {
        let before = by_distance.iter().rev().map(|weight| weight * backward).collect();
        Self { after: by_distance, before, shrinkage }
    }
}

/// All sequences end to end.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    // Each subject's rows, oldest first.
    rows: Vec<u32>,
    // How many rows of the same subject stand before and after each of them, as far as any window goes.
    around: Vec<[u8; 2]>,
    // Where on the tape each row stands.
    places: Lists,
    counts: Vec<u32>,
    // The logarithm of one more than each count.
    popularities: Vec<f32>,
    near: Vec<f32>,
}

// An item that stands in more places is sampled: the walk of a request stays below a million steps however large the past.
const PLACES_MAX: usize = 256;

impl Tape {
    /// How many subjects liked each row.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    pub(crate) fn count(&self, row: u32) -> u32 {
        self.counts.get(row as usize).copied().unwrap_or(0)
    }

    /// How popular a row is, as a logarithm.
    pub(crate) fn popularity(&self, row: u32) -> f32 {
        self.popularities.get(row as usize).copied().unwrap_or(0.0)
    }

    /// How much each of `rows` stood near the rows of `history` in what others liked. From 0.
    pub(crate) fn affinities(&mut self, history: &[(u32, f32)], rows: &[u32], fading: &Fading) -> Vec<f32> {
        self.near.clear();
        self.near.resize(self.counts.len(), 0.0);
        for &(row, weight) in history {
            let places = self.places.get(row as usize);
            let stride = places.len().div_ceil(PLACES_MAX).max(1);
            #[expect(clippy::cast_precision_loss, reason = "a stride is small")]
            let unit = weight * stride as f32 / root(self.count(row), fading.shrinkage);
            for &place in places.iter().step_by(stride) {
                let place = place as usize;
                let Some(&[before, after]) = self.around.get(place) else { continue };
                let after = self.rows.get(place + 1..=place + usize::from(after)).unwrap_or_default();
                // The nearest, as many as weigh anything.
                let n = usize::from(before).min(fading.before.len());
                let before = self.rows.get(place - n..place).unwrap_or_default();
                let weights = fading.before.get(fading.before.len() - n..).unwrap_or_default();
                scatter(&mut self.near, after, &fading.after, unit);
                scatter(&mut self.near, before, weights, unit);
            }
        }
        let near = |row: u32| self.near.get(row as usize).copied().unwrap_or(0.0);
        rows.iter().map(|&row| near(row) / root(self.count(row), fading.shrinkage)).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn root(count: u32, shrinkage: f32) -> f32 {
    (count as f32 + shrinkage).max(1.0).sqrt()
}

#[cfg(test)]
mod tests {
    use greenroom_sdk::{State, native};

    use super::*;

    fn past(events: &[(u32, u32, i64)]) -> Past {
        let mut past = Past::default();
        let batch = native::organic(events);
        (0..batch.rows.len()).for_each(|event| past.learn(&batch, event));
        past
    }

    fn fading() -> Fading {
        Fading::new(vec![1.0, 0.5], 0.25, 0.0)
    }

    #[test]
    fn what_others_liked_next_is_nearer_than_what_they_liked_before() {
        let mut tape = past(&[(1, 10, 0), (1, 11, 1), (1, 12, 2), (1, 13, 3), (1, 14, 4)]).tape();
        assert_eq!(tape.affinities(&[(12, 1.0)], &[10, 11, 13, 14], &fading()), [0.125, 0.25, 1.0, 0.5]);
    }

    #[test]
    fn one_subject_ends_where_the_next_begins() {
        let mut tape = past(&[(1, 10, 0), (2, 11, 0)]).tape();
        assert_eq!(tape.affinities(&[(10, 1.0)], &[11], &fading()), [0.0]);
    }

    #[test]
    fn popular_rows_are_near_to_everything_and_count_less_for_it() {
        let mut tape = past(&[(1, 1, 0), (1, 2, 1), (2, 3, 0), (2, 2, 1), (3, 1, 0), (3, 4, 1), (4, 2, 0)]).tape();
        let near = tape.affinities(&[(1, 1.0)], &[2, 4], &fading());
        assert!(near[1] > near[0], "{near:?}");
    }

    #[test]
    fn a_late_event_goes_where_it_belongs_and_a_repeated_one_moves() {
        let rows = |p: &Past| p.of(1).iter().map(|e| e.0).collect::<Vec<_>>();
        assert_eq!(rows(&past(&[(1, 10, 5), (1, 11, 9), (1, 12, 7)])), [10, 12, 11]);
        assert_eq!(rows(&past(&[(1, 10, 5), (1, 11, 6), (1, 10, 7)])), [11, 10]);
    }

    #[test]
    fn what_is_taken_back_is_as_if_it_had_not_been() {
        let mut all = past(&[(1, 10, 0), (1, 11, 1), (NONE, 11, 1)]);
        let mut back = native::organic(&[(1, 11, 1), (NONE, 11, 1)]);
        back.statuses = vec![2, 2];
        (0..2).for_each(|event| all.learn(&back, event));
        assert_eq!(all, past(&[(1, 10, 0)]));
    }

    #[test]
    fn a_past_is_written_and_read_whole_or_not_at_all() {
        let all = past(&[(1, 10, 5), (1, 11, 6), (7, 10, 7), (NONE, 3, 1)]);
        let mut writer = StateWriter::default();
        all.write(&mut writer);
        let state = writer.finish("past");
        assert_eq!(Past::read(&mut StateReader::new(&state)).unwrap(), Some(all));
        for cut in 0..state.bytes.len() {
            let cut = State { schema: "past".into(), bytes: state.bytes[..cut].to_vec() };
            assert!(Past::read(&mut StateReader::new(&cut)).is_err());
        }
    }
}
