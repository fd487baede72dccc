//! A part of a split as a file, so that another program can judge on the same rows.

use std::io::{self, Write};
use std::sync::Arc;

use crate::events::Columns;

use super::Split;

/// Writes a part of a split: tab-separated user, item, rating (with at least one decimal), timestamp in seconds, without a
/// header. Columns that there are not are left out.
///
/// # Errors
/// When writing fails.
pub fn write_tsv(split: &Split, part: &Columns, out: impl Write) -> io::Result<()> {
    let mut rows = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    let whole_seconds = part.times.iter().flatten().all(|time| time % 1000 == 0);
    for row in 0..part.len() {
        rows.write_field(id(&split.users, part.users.get(row)))?;
        rows.write_field(id(&split.items, part.items.get(row)))?;
        if let Some(rating) = part.rating(row) {
            rows.write_field(format!("{rating:?}"))?;
        }
        if let Some(time) = part.time(row) {
            rows.write_field((if whole_seconds { time / 1000 } else { time }).to_string())?;
        }
        rows.write_record(None::<&[u8]>)?;
    }
    rows.flush()
}

fn id<'a>(ids: &'a [Arc<str>], number: Option<&u32>) -> &'a str {
    number.and_then(|number| ids.get(*number as usize)).map_or("", |id| id)
}
