//! A hash of whatever crosses the border: FNV-1a over its parts in the order of the contract, little endian.

use greenroom_sdk::{Candidates, Column, Feedback, History, Observation, Payload, Values};

/// A running hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

/// As sixteen digits.
pub(crate) fn hex(value: u64) -> String {
    format!("{value:016x}")
}

impl Hash {
    pub(crate) fn of(value: u64) -> Self {
        Self(value)
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    fn raw(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    fn f32(&mut self, value: f32) {
        self.u32(if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() });
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.u64(if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() });
    }

    #[expect(clippy::cast_possible_truncation, reason = "lists of a 32-bit guest")]
    pub(crate) fn len(&mut self, len: usize) {
        self.u32(len as u32);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn texts(&mut self, texts: &[String]) {
        self.len(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    pub(crate) fn u32s(&mut self, values: &[u32]) {
        self.len(values.len());
        values.iter().for_each(|value| self.u32(*value));
    }

    fn u64s(&mut self, values: &[u64]) {
        self.len(values.len());
        values.iter().for_each(|value| self.u64(*value));
    }

    fn s64s(&mut self, values: &[i64]) {
        self.len(values.len());
        values.iter().for_each(|value| self.u64(value.cast_unsigned()));
    }

    fn f32s(&mut self, values: &[f32]) {
        self.len(values.len());
        values.iter().for_each(|value| self.f32(*value));
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, of: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            of(self, value);
        }
    }

    pub(crate) fn columns(&mut self, columns: &[Column]) {
        self.len(columns.len());
        for column in columns {
            self.text(&column.name);
            match &column.values {
                Values::F32s(values) => {
                    self.u8(0);
                    self.f32s(values);
                }
                Values::S64s(values) => {
                    self.u8(1);
                    self.s64s(values);
                }
                Values::U32s(values) => {
                    self.u8(2);
                    self.u32s(values);
                }
            }
        }
    }

    fn candidates(&mut self, all: &Candidates) {
        self.u32s(&all.rows);
        self.f32s(&all.scores);
        self.u64s(&all.sources);
        self.columns(&all.columns);
    }

    fn payload(&mut self, payload: &Payload) {
        match payload {
            Payload::Candidates(all) => {
                self.u8(0);
                self.candidates(all);
            }
            Payload::Route(route) => {
                self.u8(1);
                self.len(route.branches.len());
                for branch in &route.branches {
                    self.text(&branch.name);
                    self.f32(branch.probability);
                }
            }
            Payload::Settings(settings) => {
                self.u8(2);
                self.text(&settings.scope);
                self.bytes(&settings.patch);
            }
            Payload::Document(document) => {
                self.u8(3);
                self.bytes(document);
            }
        }
    }

    fn history(&mut self, history: &History) {
        self.u32s(&history.rows);
        self.s64s(&history.times);
        self.bytes(&history.kinds);
        self.f32s(&history.values);
    }

    pub(crate) fn observation(&mut self, seen: &Observation) {
        self.text(&seen.request_id);
        self.option(seen.subject.as_ref(), |hash, subject| {
            hash.text(&subject.key);
            hash.u32(subject.number);
        });
        self.u64(seen.now.cast_unsigned());
        self.u64(seen.seed);
        self.u32(seen.limit);
        self.text(&seen.surface);
        self.option(seen.session_id.as_ref(), |hash, session| hash.text(session));
        self.texts(&seen.segments);
        self.u32s(&seen.excluded);
        self.option(seen.allowed.as_ref(), |hash, allowed| hash.u32s(allowed));
        self.bytes(&seen.context);
        self.history(&seen.history);
        self.len(seen.inputs.len());
        for input in &seen.inputs {
            self.text(&input.port);
            self.text(&input.node);
            self.payload(&input.payload);
        }
    }

    pub(crate) fn feedback(&mut self, batch: &Feedback) {
        self.u64s(&batch.events);
        self.u64s(&batch.cursors);
        self.u32s(&batch.requests);
        self.texts(&batch.request_ids);
        self.u32s(&batch.versions);
        self.texts(&batch.version_ids);
        self.u32s(&batch.subjects);
        self.u32s(&batch.rows);
        self.u32s(&batch.positions);
        self.bytes(&batch.exposed);
        self.bytes(&batch.kinds);
        self.f32s(&batch.values);
        self.s64s(&batch.event_times);
        self.s64s(&batch.receive_times);
        self.bytes(&batch.statuses);
        self.f32s(&batch.inner_rewards);
        self.f32s(&batch.outer_rewards);
        self.f32s(&batch.credits);
        self.f32s(&batch.propensities);
        self.columns(&batch.decided);
        self.columns(&batch.inputs);
    }
}
