//! How an entry lies in its row: a version, how many labels, each with its length before it, the dimension, the numbers, and
//! the payload to the end. Little-endian.

use crate::change::{Excess, within};

/// Labels of an entry, and of each list of a filter.
pub const LABELS_MAX: usize = 16;

/// Bytes of a label, UTF-8.
pub const LABEL_BYTES_MAX: usize = 64;

/// Bytes of an entry's payload.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 10;

const VERSION: u8 = 1;

/// What a row holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The numbers, as they were put.
    pub(crate) vector: Vec<f32>,
    /// In byte order, each once.
    pub(crate) labels: Vec<String>,
    /// Whatever goes with it.
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn check_labels(labels: &[String]) -> Result<(), Excess> {
    within("labels", labels.len(), LABELS_MAX)?;
    labels.iter().try_for_each(|label| within("bytes of a label", label.len(), LABEL_BYTES_MAX))
}

/// The row; `labels` are within their bounds.
pub(crate) fn encode(vector: &[f32], labels: &[String], payload: &[u8]) -> Result<Vec<u8>, Excess> {
    check_labels(labels)?;
    within("bytes of a payload", payload.len(), PAYLOAD_BYTES_MAX)?;
    let mut labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    labels.sort_unstable();
    labels.dedup();
    let small = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    let mut row = vec![VERSION, small(labels.len())];
    for label in labels {
        row.push(small(label.len()));
        row.extend_from_slice(label.as_bytes());
    }
    row.extend_from_slice(&u16::try_from(vector.len()).unwrap_or(u16::MAX).to_le_bytes());
    vector.iter().for_each(|number| row.extend_from_slice(&number.to_le_bytes()));
    row.extend_from_slice(payload);
    Ok(row)
}

/// None when it is no row of this kind.
pub(crate) fn decode(row: &[u8]) -> Option<Row> {
    let ([VERSION, count], mut rest) = row.split_first_chunk()? else { return None };
    let mut labels = Vec::new();
    for _ in 0..*count {
        let (bytes, after) = rest.split_first()?;
        let (label, after) = after.split_at_checked(usize::from(*bytes))?;
        labels.push(std::str::from_utf8(label).ok()?.to_owned());
        rest = after;
    }
    let (dimension, rest) = rest.split_first_chunk()?;
    let (numbers, payload) = rest.split_at_checked(4 * usize::from(u16::from_le_bytes(*dimension)))?;
    let (numbers, _) = numbers.as_chunks();
    let vector = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    Some(Row { vector, labels, payload: payload.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_as_it_was_written_and_its_pieces_do_not() {
        let labels = ["b", "a", "b", "é"].map(str::to_owned);
        let row = encode(&[1.5, -0.0, 3e30], &labels, b"payload").unwrap();
        let entry = decode(&row).unwrap();
        assert_eq!(
            (entry.vector.as_slice(), entry.payload.as_slice()),
            ([1.5, -0.0, 3e30].as_slice(), &b"payload"[..])
        );
        assert_eq!(entry.labels, ["a", "b", "é"]);
        for end in 0..row.len() - 7 {
            assert_eq!(decode(&row[..end]), None);
        }
    }
}
