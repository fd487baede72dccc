//! Tables for people: columns as wide as their widest cell.

use std::io::IsTerminal as _;

use time::OffsetDateTime;

/// What is taken for the width when the output is no terminal.
pub(crate) const WIDTH_DEFAULT: usize = 100;

/// Lines of one title and several rows.
pub(crate) struct Table {
    titles: Vec<&'static str>,
    /// Whether a column stands to the right.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Of these columns; a title that ends in `>` stands to the right, as numbers do.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self {
            right: titles.iter().map(|title| title.ends_with('>')).collect(),
            titles: titles.iter().map(|title| title.trim_end_matches('>')).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Columns in which no row has anything are left out.
    pub(crate) fn render(&self) -> String {
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..self.titles.len())
            .map(|column| self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0))
            .zip(&self.titles)
            .map(|(widest, title)| if widest == 0 { 0 } else { widest.max(title.chars().count()) })
            .collect();
        let titles: Vec<String> = self.titles.iter().map(ToString::to_string).collect();
        let mut text = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let mut line = String::new();
            for ((column, width), right) in widths.iter().copied().enumerate().zip(&self.right) {
                if width > 0 {
                    let cell = cell(row, column);
                    let padded = if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
                    line.push_str(&padded);
                    line.push_str("  ");
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// How many characters a line of the standard output has.
pub(crate) fn width() -> usize {
    terminal_width().unwrap_or(WIDTH_DEFAULT)
}

/// The same; none when it is no terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    terminal.map(|(width, _)| usize::from(width.0))
}

/// A large number in the unit that leaves one to three digits before the point.
pub(crate) fn large(number: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| number >= *size);
    unit.map_or_else(|| format!("{number:.0}"), |(size, name)| format!("{:.1}{name}", number / size))
}

/// Bytes in the unit that leaves one to four digits before the point.
pub(crate) fn bytes(count: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(size, _)| count >= *size);
    unit.map_or_else(|| format!("{count} B"), |(size, name)| format!("{:.1} {name}", count as f64 / size as f64))
}

/// A time in milliseconds since 1970, to the second, in UTC.
pub(crate) fn time(ms: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1_000)) else { return String::new() };
    let (date, (hour, minute, second)) = (at.date(), at.time().as_hms());
    format!("{date} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_empty_ones_are_left_out() {
        let mut table = Table::new(&["name", "note", "size>"]);
        table.row(["a".to_owned(), String::new(), "12".to_owned()]);
        table.row(["longer".to_owned(), String::new(), "7".to_owned()]);
        assert_eq!(table.render(), "name    size\na         12\nlonger     7\n");
    }

    #[test]
    fn numbers_have_the_unit_that_reads_best() {
        assert_eq!([large(950.0), large(1_500.0), large(2.5e9)], ["950", "1.5k", "2.5G"]);
        assert_eq!([bytes(12), bytes(2_048), bytes(3 << 20)], ["12 B", "2.0 KiB", "3.0 MiB"]);
    }
}
