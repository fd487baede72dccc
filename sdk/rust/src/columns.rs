//! Learned state as raw columns: for states that are mostly long lists of numbers, and are read at every start.
//!
//! Each column is its length as a little-endian `u64` and then its values in little-endian order.

use crate::{Fault, State};

/// Writes columns one after the other.
#[derive(Debug, Default)]
pub struct StateWriter {
    bytes: Vec<u8>,
}

impl StateWriter {
    /// Nothing yet, with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    fn column<const N: usize>(&mut self, len: usize, values: impl Iterator<Item = [u8; N]>) {
        self.bytes.extend_from_slice(&(len as u64).to_le_bytes());
        self.bytes.reserve(len * N);
        values.for_each(|value| self.bytes.extend_from_slice(&value));
    }

    /// Appends a column.
    pub fn u32s(&mut self, values: &[u32]) {
        self.column(values.len(), values.iter().map(|v| v.to_le_bytes()));
    }

    /// Appends a column.
    pub fn s64s(&mut self, values: &[i64]) {
        self.column(values.len(), values.iter().map(|v| v.to_le_bytes()));
    }

    /// Appends a column.
    pub fn f32s(&mut self, values: &[f32]) {
        self.column(values.len(), values.iter().map(|v| v.to_le_bytes()));
    }

    /// Appends a column of bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.reserve(8 + bytes.len());
        self.bytes.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    /// What was written, as a state.
    #[must_use]
    pub fn finish(self, schema: &str) -> State {
        State { schema: schema.to_owned(), bytes: self.bytes }
    }
}

/// Reads columns in the order in which they were written.
#[derive(Debug)]
pub struct StateReader<'a> {
    state: &'a State,
    rest: &'a [u8],
}

impl<'a> StateReader<'a> {
    /// At the first column.
    #[must_use]
    pub fn new(state: &'a State) -> Self {
        Self { state, rest: &state.bytes }
    }

    pub(crate) fn broken(&self, what: &str) -> Fault {
        Fault::invalid_state(format!(
            "the state of schema \"{}\" is broken: {what} at byte {} of {}; train again, or bring the whole file",
            self.state.schema,
            self.state.bytes.len() - self.rest.len(),
            self.state.bytes.len()
        ))
    }

    /// The bytes of a column with values of `size` bytes, where they stand.
    ///
    /// # Errors
    /// `InvalidState` when the bytes end before the column does.
    pub fn raw(&mut self, size: usize) -> Result<&'a [u8], Fault> {
        let (len, rest) = self.rest.split_first_chunk().ok_or_else(|| self.broken("no further column"))?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok().and_then(|len| len.checked_mul(size));
        let (column, rest) = len
            .and_then(|len| rest.split_at_checked(len))
            .ok_or_else(|| self.broken("a column longer than what is left"))?;
        self.rest = rest;
        Ok(column)
    }

    /// A column.
    ///
    /// # Errors
    /// `InvalidState` when there is no such column.
    pub fn u32s(&mut self) -> Result<Vec<u32>, Fault> {
        Ok(self.raw(4)?.as_chunks().0.iter().map(|&v| u32::from_le_bytes(v)).collect())
    }

    /// A column.
    ///
    /// # Errors
    /// `InvalidState` when there is no such column.
    pub fn s64s(&mut self) -> Result<Vec<i64>, Fault> {
        Ok(self.raw(8)?.as_chunks().0.iter().map(|&v| i64::from_le_bytes(v)).collect())
    }

    /// A column.
    ///
    /// # Errors
    /// `InvalidState` when there is no such column.
    pub fn f32s(&mut self) -> Result<Vec<f32>, Fault> {
        Ok(self.raw(4)?.as_chunks().0.iter().map(|&v| f32::from_le_bytes(v)).collect())
    }

    /// Ends reading.
    ///
    /// # Errors
    /// `InvalidState` when something is left, or when `fits` is not true: columns that do not fit each other.
    pub fn finish(self, fits: bool) -> Result<(), Fault> {
        match (fits, self.rest) {
            (true, []) => Ok(()),
            (true, _) => Err(self.broken("something after the last column")),
            (false, _) => Err(self.broken("columns that do not fit each other")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> State {
        let mut writer = StateWriter::default();
        writer.u32s(&[1, u32::MAX]);
        writer.f32s(&[0.5]);
        writer.s64s(&[-7]);
        writer.finish("columns/1")
    }

    #[test]
    fn columns_come_back_as_they_went() {
        let state = written();
        let mut reader = StateReader::new(&state);
        assert_eq!(reader.u32s().unwrap(), [1, u32::MAX]);
        assert_eq!(reader.f32s().unwrap(), [0.5]);
        assert_eq!(reader.s64s().unwrap(), [-7]);
        reader.finish(true).unwrap();
    }

    #[test]
    fn every_truncation_is_an_invalid_state() {
        let whole = written();
        for cut in 0..whole.bytes.len() {
            let state = State { schema: whole.schema.clone(), bytes: whole.bytes[..cut].to_vec() };
            let mut reader = StateReader::new(&state);
            let read = reader.u32s().is_ok() && reader.f32s().is_ok() && reader.s64s().is_ok();
            assert!(!read, "{cut} bytes were read as the whole");
        }
    }

    #[test]
    fn a_length_beyond_all_bounds_is_an_invalid_state() {
        let state = State { schema: "columns/1".into(), bytes: u64::MAX.to_le_bytes().to_vec() };
        assert!(StateReader::new(&state).u32s().is_err());
    }
}
