//! What is known of items, read once.

use greenroom_sdk::{Fault, StateReader, StateWriter, Values, memory};

// A batch that the host takes, and that leaves room for the answer.
const BATCH: u32 = 8192;
// Anything else in a field called "year" is not one.
const YEARS: std::ops::RangeInclusive<f32> = 1000.0..=2999.0;

/// Genres and years of all rows. Few of the many possible sets of genres occur, so items refer to theirs by number.
#[derive(Debug, Default, Clone)]
pub(crate) struct Facts {
    // Distinct sets of genres as bits, ascending, and the number of each item's.
    sets: Vec<i64>,
    set_of: Vec<u32>,
    // 0 where unknown.
    years: Vec<u32>,
}

/// What is known of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    /// The number of its set of genres.
    pub(crate) set: usize,
    /// Its year, if known.
    pub(crate) year: Option<u32>,
}

impl Facts {
    /// Reads all that there is, and says what there is not.
    pub(crate) fn gather() -> (Self, Vec<String>) {
        let mut missing = Vec::new();
        let mut read = |field: &str| column(field).map_err(|why| missing.push(format!("`{field}`: {why}"))).ok();
        let bits = read("genres").map(|batches| batches.into_iter().flat_map(bits_of).collect::<Vec<i64>>());
        let years = read("year").map(|batches| batches.into_iter().flat_map(years_of).collect::<Vec<u32>>());
        let n = memory::row_count() as usize;
        let bits = bits.filter(|b| b.len() == n).unwrap_or_else(|| vec![0; n]);
        let years = years.filter(|y| y.len() == n).unwrap_or_else(|| vec![0; n]);
        if bits.iter().all(|&b| b == 0) && years.iter().all(|&y| y == 0) {
            let why = if missing.is_empty() { "no item has a value".to_owned() } else { missing.join("; ") };
            let note = format!("recommends nothing: neither `genres` nor `year` is known of any item ({why})");
            return (Self::default(), vec![note]);
        }
        let notes = missing.into_iter().map(|what| format!("works without the field {what}")).collect();
        (Self::of(&bits, years), notes)
    }

    fn of(bits: &[i64], years: Vec<u32>) -> Self {
        let mut sets = bits.to_vec();
        sets.sort_unstable();
        sets.dedup();
        let number = |b: &i64| sets.binary_search(b).ok().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let set_of = bits.iter().map(number).collect();
        Self { sets, set_of, years }
    }

    pub(crate) fn len(&self) -> usize {
        self.set_of.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set_of.is_empty()
    }

    /// The distinct sets of genres as bits.
    pub(crate) fn sets(&self) -> &[i64] {
        &self.sets
    }

    /// All items by row.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item> {
        self.set_of
            .iter()
            .zip(&self.years)
            .map(|(&set, &year)| Item { set: set as usize, year: if year == 0 { None } else { Some(year) } })
    }

    /// The number of each item's set of genres, and its year, 0 where unknown.
    pub(crate) fn columns(&self) -> (&[u32], &[u32]) {
        (&self.set_of, &self.years)
    }

    pub(crate) fn item(&self, row: u32) -> Option<Item> {
        let (&set, &year) = (self.set_of.get(row as usize)?, self.years.get(row as usize)?);
        Some(Item { set: set as usize, year: if year == 0 { None } else { Some(year) } })
    }

    pub(crate) fn write(&self, writer: &mut StateWriter) {
        writer.s64s(&self.sets);
        writer.u32s(&self.set_of);
        writer.u32s(&self.years);
    }

    pub(crate) fn read(reader: &mut StateReader<'_>) -> Result<Self, Fault> {
        Ok(Self { sets: reader.s64s()?, set_of: reader.u32s()?, years: reader.u32s()? })
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.set_of.len() == self.years.len()
            && self.set_of.iter().all(|&set| (set as usize) < self.sets.len())
            && self.years.iter().all(|&year| year == 0 || is_year(year))
    }
}

fn is_year(year: u32) -> bool {
    (1000..=2999).contains(&year)
}

// All rows of a field, in batches.
fn column(field: &str) -> Result<Vec<Values>, String> {
    let fields = [field.to_owned()];
    let n = memory::row_count();
    let mut batches = Vec::new();
    for from in (0..n).step_by(BATCH as usize) {
        let rows: Vec<u32> = (from..n.min(from.saturating_add(BATCH))).collect();
        let columns = memory::gather(&rows, &fields).map_err(|error| reason(&error))?;
        batches.extend(columns.into_iter().map(|column| column.values));
    }
    Ok(batches)
}

fn reason(error: &memory::Error) -> String {
    match error {
        memory::Error::Denied(what) => format!("{what} is not granted"),
        memory::Error::NotFound(what)
        | memory::Error::TooLarge(what)
        | memory::Error::Quota(what)
        | memory::Error::Unavailable(what) => what.clone(),
        memory::Error::Conflict(_) => "another revision was found".to_owned(),
    }
}

fn bits_of(values: Values) -> Vec<i64> {
    match values {
        Values::S64s(bits) => bits,
        _ => Vec::new(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a year")]
fn years_of(values: Values) -> Vec<u32> {
    match values {
        Values::F32s(years) => years.into_iter().map(|y| if YEARS.contains(&y) { y as u32 } else { 0 }).collect(),
        _ => Vec::new(),
    }
}
