//! What shape a file of events has, found out from its first lines.

use crate::error::{Mistake, Place, shown};

/// The delimiters that are known, the likelier first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// From here on a third column without a name is a time: no scale of ratings reaches it, and as seconds it is March 1973.
const TIME_MIN: f64 = 1e8;

/// What a first line has to say to be a header.
const HEADER: &str = "the names user, item, rating, timestamp (the last two may be absent), or no header";

const USER_NAMES: [&str; 6] = ["user", "userid", "uid", "subject", "subjectid", "customerid"];
const ITEM_NAMES: [&str; 7] = ["item", "itemid", "iid", "movie", "movieid", "product", "productid"];
const RATING_NAMES: [&str; 6] = ["rating", "value", "score", "stars", "weight", "preference"];
const TIME_NAMES: [&str; 5] = ["timestamp", "time", "ts", "unixtime", "timestampms"];

/// Where the columns of a file of events are.
///
/// With a header the columns may stand in any order. Without one they are user, item, rating, timestamp; of three, the
/// third is a timestamp when every one of the first lines has a whole number of 100,000,000 or more there, else a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Between columns.
    pub delimiter: char,
    /// Whether the first line names the columns.
    pub header: bool,
    /// How many columns there are.
    pub columns: usize,
    /// The place of the subject's id, from 0, as the others.
    pub user: usize,
    /// Of the item's id.
    pub item: usize,
    /// Of the rating.
    pub rating: Option<usize>,
    /// Of the timestamp.
    pub time: Option<usize>,
}

impl Layout {
    /// Learns it from the first lines, or says what is wrong with the very first.
    pub(crate) fn detect(sample: &[u8]) -> Result<Self, Vec<Mistake>> {
        let delimiter = delimiter(sample);
        let records = records(sample, delimiter);
        let Some((line, first)) = records.first() else { return Err(Vec::new()) };
        let roles: Vec<Option<Role>> = first.iter().map(|field| Role::of(field)).collect();
        let named = |role| roles.iter().position(|r| *r == Some(role));
        if !first.iter().any(|field| number(field).is_some())
            && (named(Role::User).is_some() || named(Role::Item).is_some())
        {
            return Self::from_header(*line, delimiter, first, &roles);
        }
        if reads_like_a_header(&records) {
            let (found, expected) = (format!("what looks like a header, {}", shown(&first.join(&b", "[..]))), HEADER);
            return Err(vec![Mistake { line: *line, place: None, found, expected: expected.to_owned() }]);
        }
        let columns = first.len();
        let (rating, time) = match columns {
            2 => (None, None),
            3 if third_is_time(&records) => (None, Some(2)),
            3 => (Some(2), None),
            4 => (Some(2), Some(3)),
            _ => return Err(vec![wrong_width(*line, first, delimiter)]),
        };
        Ok(Self { delimiter: char::from(delimiter), header: false, columns, user: 0, item: 1, rating, time })
    }

    fn from_header(line: u64, delimiter: u8, fields: &[Vec<u8>], roles: &[Option<Role>]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        for (index, (field, role)) in fields.iter().zip(roles).enumerate() {
            let wrong = match role {
                None => Some("a name among user, item, rating, timestamp; remove columns that are something else"),
                Some(role) if roles.iter().take(index).any(|earlier| earlier == &Some(*role)) => {
                    Some("each column once; an earlier one has the same meaning")
                }
                Some(_) => None,
            };
            if let Some(expected) = wrong {
                let place = Some(Place { column: index + 1, name: "header".to_owned() });
                mistakes.push(Mistake { line, place, found: shown(field), expected: expected.to_owned() });
            }
        }
        let at = |role| roles.iter().position(|r| *r == Some(role));
        let (user, item) = (at(Role::User), at(Role::Item));
        for (place, name) in [(user, "user"), (item, "item")] {
            if place.is_none() {
                let found = format!("a header without the column `{name}`");
                let expected = "user and item, with or without rating and timestamp".to_owned();
                mistakes.push(Mistake { line, place: None, found, expected });
            }
        }
        match (user, item) {
            (Some(user), Some(item)) if mistakes.is_empty() => Ok(Self {
                delimiter: char::from(delimiter),
                header: true,
                columns: fields.len(),
                user,
                item,
                rating: at(Role::Rating),
                time: at(Role::Time),
            }),
            _ => Err(mistakes),
        }
    }

    /// What the column at a place, from 0, holds.
    pub(crate) fn name(&self, place: usize) -> &'static str {
        if place == self.user {
            "user"
        } else if place == self.item {
            "item"
        } else if Some(place) == self.rating {
            "rating"
        } else {
            "timestamp"
        }
    }

    /// The columns in the order of the file, for a person.
    pub(crate) fn names(&self) -> String {
        (0..self.columns).map(|place| self.name(place)).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Item,
    Rating,
    Time,
}

impl Role {
    fn of(field: &[u8]) -> Option<Self> {
        let name: String = String::from_utf8_lossy(field)
            .chars()
            .filter(|c| !matches!(c, '_' | '-' | ' '))
            .flat_map(char::to_lowercase)
            .collect();
        let name = name.as_str();
        match () {
            () if USER_NAMES.contains(&name) => Some(Self::User),
            () if ITEM_NAMES.contains(&name) => Some(Self::Item),
            () if RATING_NAMES.contains(&name) => Some(Self::Rating),
            () if TIME_NAMES.contains(&name) => Some(Self::Time),
            () => None,
        }
    }
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn third_is_time(records: &[(u64, Vec<Vec<u8>>)]) -> bool {
    records.iter().filter(|(_, fields)| fields.len() == 3).all(|(_, fields)| {
        fields.get(2).and_then(|field| number(field)).is_some_and(|n| n >= TIME_MIN && n.fract() == 0.0)
    })
}

/// Whether the first line has no number where all others of the sample have two ids that are numbers: read as data, it would
/// be a subject and an item that nobody knows.
fn reads_like_a_header(records: &[(u64, Vec<Vec<u8>>)]) -> bool {
    let Some(((_, first), rest)) = records.split_first() else { return false };
    let ids = |fields: &[Vec<u8>]| fields.len() > 1 && fields.iter().take(2).all(|field| number(field).is_some());
    !first.iter().any(|field| number(field).is_some()) && !rest.is_empty() && rest.iter().all(|(_, fields)| ids(fields))
}

fn wrong_width(line: u64, fields: &[Vec<u8>], delimiter: u8) -> Mistake {
    let expected = "user, item, rating, timestamp (the last two may be absent) with `,`, tab, `;` or `|` between";
    let found = match fields {
        [only] => format!("one column, {}", shown(only)),
        _ => format!("{} columns split at {}", fields.len(), shown_delimiter(delimiter)),
    };
    Mistake { line, place: None, found, expected: expected.to_owned() }
}

fn shown_delimiter(delimiter: u8) -> String {
    if delimiter == b'\t' { "tabs".to_owned() } else { format!("`{}`", char::from(delimiter)) }
}

/// The delimiter of a file: of those in its first line the one that most of the next lines have as often; of equals the
/// one that splits more, then the likelier one.
pub(crate) fn delimiter(sample: &[u8]) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let mut counts = sample.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(|l| count(l, delimiter));
        let Some(first) = counts.next().filter(|count| *count > 0) else { continue };
        let like_it = counts.filter(|count| *count == first).count();
        if (like_it, first) > (best.0, best.1) {
            best = (like_it, first, delimiter);
        }
    }
    best.2
}

/// How often a delimiter stands outside quotes.
fn count(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    line.iter()
        .filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == delimiter
        })
        .count()
}

/// A reader of records of any width.
pub(crate) fn reader<R: std::io::Read>(lines: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(lines)
}

/// The line that the record just read starts at: lines end in `\n` and nothing else, the last one too. A record that ends
/// in one inside a field is taken to be a quote that never closes, which takes the end of the last line in.
pub(crate) fn line_of<R: std::io::Read>(reader: &csv::Reader<R>, record: &csv::ByteRecord) -> u64 {
    let bytes = record.as_slice();
    let inside = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let after = u64::from(bytes.last() != Some(&b'\n'));
    reader.position().line().saturating_sub(inside + after).max(1)
}

fn records(sample: &[u8], delimiter: u8) -> Vec<(u64, Vec<Vec<u8>>)> {
    let mut reader = reader(sample, delimiter);
    let mut record = csv::ByteRecord::new();
    let mut records = Vec::new();
    while let Ok(true) = reader.read_byte_record(&mut record) {
        records.push((line_of(&reader, &record), record.iter().map(|field| field.trim_ascii().to_vec()).collect()));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sample: &str, delimiter: char, header: bool, names: &str) {
        let layout = Layout::detect(sample.as_bytes()).unwrap();
        assert_eq!(
            (layout.delimiter, layout.header, layout.names().as_str()),
            (delimiter, header, names),
            "{sample:?}"
        );
    }

    #[test]
    fn columns_without_names_stand_in_the_usual_order() {
        check("1,2\n", ',', false, "user, item");
        check("1\t2\t4.5\n", '\t', false, "user, item, rating");
        check("1;2;1260759144\n", ';', false, "user, item, timestamp");
        check("1|2|4|1260759144\n", '|', false, "user, item, rating, timestamp");
    }

    #[test]
    fn a_third_column_is_a_time_only_where_every_line_has_one() {
        check("a,b,1260759144\nc,d,4\n", ',', false, "user, item, rating");
        check("a,b,100000000\nc,d,100000000000000\n", ',', false, "user, item, timestamp");
        check("a,b,99999999\n", ',', false, "user, item, rating");
    }

    #[test]
    fn a_header_names_columns_in_any_order() {
        check("userId,movieId,rating,timestamp\n1,2,3,4\n", ',', true, "user, item, rating, timestamp");
        check("ts\tITEM_ID\tuser id\n", '\t', true, "timestamp, item, user");
        check("\"item\",\"user\"\n", ',', true, "item, user");
    }

    #[test]
    fn the_delimiter_is_the_one_that_splits_lines_alike() {
        check("1\t2\t4,5\n1\t3\t4,0\n", '\t', false, "user, item, rating");
        check("u|1,a\nu|2,b\nw,c\n", ',', false, "user, item");
        check("\"a,b\";c\n\"d\";e\n", ';', false, "user, item");
    }
}
