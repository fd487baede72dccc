//! Reading a file of items.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use greenroom_model::ID_BYTES_MAX;

use crate::error::{Mistake, Mistakes, Place, ReadError, shown};
use crate::layout;
use crate::log::check_id;
use crate::source::Source;
use crate::{Fact, FactValues, ItemFile};

const EXPECTED: &str = "a header such as id,title,year,genres and a line for each item";

/// As many labels fit into the bits of a number, which is how agents get them.
const LABELS_MAX: usize = 64;

/// How MovieLens writes that a movie has no genre.
const NO_LABELS: &str = "(no genres listed)";

const ID_NAMES: [&str; 6] = ["item", "itemid", "movie", "movieid", "id", "productid"];

/// Reads a file of items. The header is required: a column named `id`, `item` or `movieId`, or else the first, has ids;
/// `title` is text, `year` a number, `genres` labels with `|` between, `delisted` 1 or true for items that may no longer be
/// answered. Any other column is numbers when all its values are, else labels when there are at most 64, else text.
///
/// # Errors
/// When the file can't be read, has no items, or any line does not say what it should; the first 20 such are told.
pub fn read_items(path: &Path) -> Result<ItemFile, ReadError> {
    let file = File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    read_items_from(file, path)
}

/// Reads what would be in a file of items. `path` is what messages call it.
///
/// # Errors
/// As for [`read_items`].
pub fn read_items_from(file: impl Read, path: &Path) -> Result<ItemFile, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let mut source = Source::new(file).map_err(io)?;
    let delimiter = layout::delimiter(&source.sample);
    let mut reader = layout::reader(source.lines(), delimiter);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(|error| io(error.into()))? {
        return Err(ReadError::Empty { path: path.to_owned(), expected: EXPECTED });
    }
    let mut table = Table::from_header(path, layout::line_of(&reader, &record), &record)?;
    while reader.read_byte_record(&mut record).map_err(|error| io(error.into()))? {
        table.push(layout::line_of(&reader, &record), &record);
    }
    drop(reader);
    let (ids, facts, delisted) = table.into_facts(path)?;
    Ok(ItemFile { ids, facts, delisted, digest: source.digest() })
}

/// The lines of a file before its columns are understood.
struct Table {
    names: Vec<String>,
    id: usize,
    ids: Vec<Arc<str>>,
    lines: Vec<u64>,
    seen: HashMap<Arc<str>, u64>,
    cells: Vec<Vec<Box<str>>>,
    mistakes: Mistakes,
}

type Facts = (Vec<Arc<str>>, Vec<Fact>, Vec<bool>);

impl Table {
    fn from_header(path: &Path, line: u64, record: &csv::ByteRecord) -> Result<Self, ReadError> {
        let mut mistakes = Mistakes::new(path.to_owned());
        let mut names: Vec<String> = Vec::new();
        for (index, field) in record.iter().map(<[u8]>::trim_ascii).enumerate() {
            let name = std::str::from_utf8(field).unwrap_or_default().to_owned();
            let expected = if std::str::from_utf8(field).is_err() {
                Some("UTF-8 text")
            } else if name.is_empty() || name.chars().any(char::is_control) || name.len() > ID_BYTES_MAX {
                Some("a column name")
            } else if name.parse::<f64>().is_ok() {
                Some("a column name: the first line names the columns, such as id,title,year,genres")
            } else if names.contains(&name) {
                Some("each column name once")
            } else {
                None
            };
            if let Some(expected) = expected {
                let place = Some(Place { column: index + 1, name: "header".to_owned() });
                mistakes.push(Mistake { line, place, found: shown(field), expected: expected.to_owned() });
            }
            names.push(name);
        }
        mistakes.clone().into_result()?;
        let plain = |name: &String| name.to_lowercase().replace(['_', '-', ' '], "");
        let id = names.iter().position(|name| ID_NAMES.contains(&plain(name).as_str())).unwrap_or(0);
        let cells = vec![Vec::new(); names.len()];
        Ok(Self { names, id, ids: Vec::new(), lines: Vec::new(), seen: HashMap::new(), cells, mistakes })
    }

    fn mistake(&mut self, line: u64, column: Option<usize>, found: String, expected: String) {
        let name = |column: usize| self.names.get(column).cloned().unwrap_or_default();
        let place = column.map(|column| Place { column: column + 1, name: name(column) });
        self.mistakes.push(Mistake { line, place, found, expected });
    }

    fn push(&mut self, line: u64, record: &csv::ByteRecord) {
        if record.len() != self.names.len() {
            let hint = match record.len() > self.names.len() {
                true => "; text with a delimiter inside needs quotes",
                false => "",
            };
            let expected = format!("{}: {}{hint}", self.names.len(), self.names.join(", "));
            return self.mistake(line, None, format!("{} columns", record.len()), expected);
        }
        let mut good = true;
        for (column, bytes) in record.iter().map(<[u8]>::trim_ascii).enumerate() {
            let checked = if column == self.id {
                check_id(bytes).map(drop)
            } else {
                std::str::from_utf8(bytes).map(drop).map_err(|_| "UTF-8 text".to_owned())
            };
            if let Err(expected) = checked {
                good = false;
                self.mistake(line, Some(column), shown(bytes), expected);
            }
        }
        if !good {
            return;
        }
        let id: Arc<str> = text(record.get(self.id).unwrap_or_default()).into();
        if let Some(first) = self.seen.get(&id) {
            let expected = format!("each item once; it is on line {first} too");
            return self.mistake(line, Some(self.id), shown(id.as_bytes()), expected);
        }
        self.seen.insert(Arc::clone(&id), line);
        self.ids.push(id);
        self.lines.push(line);
        for (cells, bytes) in self.cells.iter_mut().zip(record) {
            cells.push(text(bytes).into());
        }
    }

    fn into_facts(mut self, path: &Path) -> Result<Facts, ReadError> {
        let mut facts = Vec::new();
        let mut delisted = vec![false; self.ids.len()];
        for (column, cells) in std::mem::take(&mut self.cells).into_iter().enumerate() {
            if column == self.id {
                continue;
            }
            let name = self.names.get(column).cloned().unwrap_or_default();
            let values = match name.to_lowercase().as_str() {
                "delisted" => {
                    delisted = self.parsed(column, &cells, "1, true, 0, false or nothing", switch);
                    continue;
                }
                "title" => texts(&cells),
                "year" => FactValues::Numbers(self.parsed(column, &cells, "a number or nothing", optional_number)),
                "genres" => labels(&cells),
                _ => guessed(&cells),
            };
            facts.push(Fact { name, values });
        }
        self.mistakes.into_result()?;
        if self.ids.is_empty() {
            return Err(ReadError::HeaderOnly { path: path.to_owned(), expected: EXPECTED });
        }
        Ok((self.ids, facts, delisted))
    }

    fn parsed<T: Default>(
        &mut self,
        column: usize,
        cells: &[Box<str>],
        expected: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let mut values = Vec::with_capacity(cells.len());
        for (index, cell) in cells.iter().enumerate() {
            let value = parse(cell);
            if value.is_none() {
                let line = self.lines.get(index).copied().unwrap_or_default();
                self.mistake(line, Some(column), shown(cell.as_bytes()), expected.to_owned());
            }
            values.push(value.unwrap_or_default());
        }
        values
    }
}

/// A field that was found to be UTF-8.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes.trim_ascii()).unwrap_or_default()
}

fn switch(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "true" => Some(true),
        "" | "0" | "false" => Some(false),
        _ => None,
    }
}

#[expect(clippy::option_option, reason = "nothing is a right answer, and so is no answer")]
fn optional_number(cell: &str) -> Option<Option<f64>> {
    if cell.is_empty() {
        return Some(None);
    }
    cell.parse().ok().filter(|number: &f64| number.is_finite()).map(Some)
}

fn guessed(cells: &[Box<str>]) -> FactValues {
    let numbers: Option<Vec<_>> = cells.iter().map(|cell| optional_number(cell)).collect();
    if let Some(numbers) = numbers.filter(|numbers| numbers.iter().any(Option::is_some)) {
        return FactValues::Numbers(numbers);
    }
    let mut names = BTreeSet::new();
    for name in cells.iter().flat_map(|cell| split(cell)) {
        names.insert(name);
        if names.len() > LABELS_MAX {
            return texts(cells);
        }
    }
    if names.is_empty() { texts(cells) } else { labels(cells) }
}

fn texts(cells: &[Box<str>]) -> FactValues {
    FactValues::Texts(cells.iter().map(|cell| (!cell.is_empty()).then(|| (**cell).into())).collect())
}

fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').map(str::trim).filter(|name| !name.is_empty() && *name != NO_LABELS)
}

fn labels(cells: &[Box<str>]) -> FactValues {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for name in cells.iter().flat_map(|cell| split(cell)) {
        *uses.entry(name).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = uses.into_iter().collect();
    names.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
    let numbers: HashMap<&str, u32> = names.iter().map(|(name, _)| *name).zip(0..).collect();
    let labels = cells
        .iter()
        .map(|cell| {
            let numbers: BTreeSet<u32> = split(cell).filter_map(|name| numbers.get(name).copied()).collect();
            numbers.into_iter().collect()
        })
        .collect();
    FactValues::Labels { names: names.into_iter().map(|(name, _)| name.into()).collect(), labels }
}
