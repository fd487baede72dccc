//! Reading a file of events.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use greenroom_model::{Digest, ID_BYTES_MAX};

use crate::error::{Mistake, Mistakes, Place, ReadError, shown};
use crate::layout::{self, Layout};
use crate::source::Source;
use crate::{Columns, Events, Ids, Order};

const EXPECTED: &str = "lines of user, item, rating, timestamp (the last two may be absent)";

/// Timestamps above this are milliseconds: as seconds it is the year 5138, as milliseconds March 1973.
const SECONDS_MAX: i64 = 100_000_000_000;

/// The end of the year 9999 in milliseconds; above it a timestamp counts something finer.
const MILLISECONDS_MAX: i64 = 253_402_300_799_999;

/// How a file is to be understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Without timestamps, the rows of the file are in order.
    pub ordered: bool,
}

/// A file of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFile {
    /// What is in it.
    pub events: Events,
    /// What shape it has.
    pub layout: Layout,
    /// Of the file's bytes.
    pub digest: Digest,
}

/// Reads a file of events: CSV or TSV, see [`Layout`]. Timestamps are whole seconds since 1970, or milliseconds where above
/// 100,000,000,000. Space around fields does not count, empty lines neither. A row that occurs twice is kept twice.
///
/// # Errors
/// When the file can't be read, has no rows, or any row does not say what it should; the first 20 such are told.
pub fn read(path: &Path, options: &ReadOptions) -> Result<EventFile, ReadError> {
    let file = File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    read_from(file, path, options)
}

/// Reads what would be in a file of events. `path` is what messages call it.
///
/// # Errors
/// As for [`read`].
pub fn read_from(file: impl Read, path: &Path, options: &ReadOptions) -> Result<EventFile, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let mut mistakes = Mistakes::new(path.to_owned());
    let mut source = Source::new(file).map_err(io)?;
    let layout = match Layout::detect(&source.sample) {
        Ok(layout) => layout,
        Err(wrong) if wrong.is_empty() => return Err(ReadError::Empty { path: path.to_owned(), expected: EXPECTED }),
        Err(wrong) => {
            wrong.into_iter().for_each(|mistake| mistakes.push(mistake));
            return Err(ReadError::Mistakes(mistakes));
        }
    };
    let mut rows = Rows::new(layout);
    let mut reader = layout::reader(source.lines(), layout.delimiter as u8);
    let mut record = csv::ByteRecord::new();
    let mut header = layout.header;
    while reader.read_byte_record(&mut record).map_err(|error| io(error.into()))? {
        if std::mem::take(&mut header) {
            continue;
        }
        if let Err(wrong) = rows.push(&record) {
            let line = layout::line_of(&reader, &record);
            wrong.into_iter().for_each(|wrong| mistakes.push(wrong.at(line, &layout)));
        }
    }
    drop(reader);
    mistakes.into_result()?;
    if rows.columns.is_empty() {
        return Err(ReadError::HeaderOnly { path: path.to_owned(), expected: EXPECTED });
    }
    Ok(EventFile { events: rows.into_events(options), layout, digest: source.digest() })
}

/// What is wrong with a row.
struct Wrong {
    place: Option<usize>,
    found: String,
    expected: String,
}

impl Wrong {
    fn at(self, line: u64, layout: &Layout) -> Mistake {
        let place = self.place.map(|place| Place { column: place + 1, name: layout.name(place).to_owned() });
        Mistake { line, place, found: self.found, expected: self.expected }
    }
}

struct Rows {
    layout: Layout,
    users: Ids,
    items: Ids,
    columns: Columns,
}

impl Rows {
    fn new(layout: Layout) -> Self {
        let ratings = layout.rating.map(|_| Vec::new());
        let times = layout.time.map(|_| Vec::new());
        Self {
            layout,
            users: Ids::default(),
            items: Ids::default(),
            columns: Columns { users: Vec::new(), items: Vec::new(), ratings, times },
        }
    }

    fn push(&mut self, record: &csv::ByteRecord) -> Result<(), Vec<Wrong>> {
        let layout = self.layout;
        if record.len() != layout.columns {
            let found = match record.len() {
                1 => format!("one column, {}", shown(record.get(0).unwrap_or_default().trim_ascii())),
                count => format!("{count} columns"),
            };
            let expected = format!("{}: {}{}", layout.columns, layout.names(), quote_hint(record));
            return Err(vec![Wrong { place: None, found, expected }]);
        }
        let mut wrong = Vec::new();
        let mut field = |place: usize, parse: fn(&[u8]) -> Result<Value<'_>, String>| {
            let bytes = record.get(place).unwrap_or_default().trim_ascii();
            parse(bytes)
                .map_err(|expected| wrong.push(Wrong { place: Some(place), found: shown(bytes), expected }))
                .ok()
        };
        let user = field(layout.user, id);
        let item = field(layout.item, id);
        let rating = layout.rating.map(|place| field(place, rating));
        let time = layout.time.map(|place| field(place, time));
        let (Some(Value::Id(user)), Some(Value::Id(item))) = (user, item) else { return Err(wrong) };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.columns.users.push(self.users.number(user));
        self.columns.items.push(self.items.number(item));
        if let (Some(ratings), Some(Some(Value::Rating(rating)))) = (&mut self.columns.ratings, rating) {
            ratings.push(rating);
        }
        if let (Some(times), Some(Some(Value::Time(time)))) = (&mut self.columns.times, time) {
            times.push(time);
        }
        Ok(())
    }

    fn into_events(self, options: &ReadOptions) -> Events {
        let order = match (&self.columns.times, options.ordered) {
            (Some(_), _) => Order::Times,
            (None, true) => Order::Rows,
            (None, false) => Order::Unknown,
        };
        Events { users: self.users.into_ids(), items: self.items.into_ids(), columns: self.columns, order }
    }
}

enum Value<'a> {
    Id(&'a str),
    Rating(f32),
    Time(i64),
}

/// An external id, or what it should have been.
pub(crate) fn check_id(bytes: &[u8]) -> Result<&str, String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err("UTF-8 text".to_owned()) };
    if text.is_empty() {
        return Err("an id".to_owned());
    }
    if text.len() > ID_BYTES_MAX {
        return Err(format!("an id of at most {ID_BYTES_MAX} bytes, this one has {}{}", text.len(), hint(text)));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("an id without control characters{}", hint(text)));
    }
    Ok(text)
}

fn id(bytes: &[u8]) -> Result<Value<'_>, String> {
    check_id(bytes).map(Value::Id)
}

fn rating(bytes: &[u8]) -> Result<Value<'_>, String> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<f32>().ok())
        .filter(|rating| rating.is_finite())
        .map(Value::Rating)
        .ok_or_else(|| "a finite number".to_owned())
}

fn time(bytes: &[u8]) -> Result<Value<'_>, String> {
    let time = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok());
    match time {
        Some(seconds @ 0..=SECONDS_MAX) => Ok(Value::Time(seconds * 1000)),
        Some(milliseconds @ 0..=MILLISECONDS_MAX) => Ok(Value::Time(milliseconds)),
        _ => Err("whole seconds or milliseconds since 1970".to_owned()),
    }
}

fn quote_hint(record: &csv::ByteRecord) -> &'static str {
    if record.as_slice().contains(&b'\n') { UNCLOSED } else { "" }
}

fn hint(text: &str) -> &'static str {
    if text.contains('\n') { UNCLOSED } else { "" }
}

const UNCLOSED: &str = " (is a quote opened here and not closed?)";
