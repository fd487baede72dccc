//! What is wrong with a file, precisely enough that a person finds the place and knows what belongs there.

use std::fmt;
use std::io;
use std::path::PathBuf;

use greenroom_model::text;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{} is empty: expected {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        expected: &'static str,
    },
    /// There is a header and nothing else.
    #[error("{} has a header and no rows: expected {expected}", path.display())]
    HeaderOnly {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        expected: &'static str,
    },
    /// Places that do not say what they should.
    #[error("{0}")]
    Mistakes(Mistakes),
}

/// Where in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The column, from 1.
    pub column: usize,
    /// What the column holds, such as `rating`.
    pub name: String,
}

/// One place that does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: u64,
    /// Absent when it is the line as a whole.
    pub place: Option<Place>,
    /// What is there.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(place) = &self.place {
            write!(f, ", column {} ({})", place.column, place.name)?;
        }
        write!(f, ": found {}, expected {}", self.found, self.expected)
    }
}

/// The mistakes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// The file.
    pub path: PathBuf,
    /// The first of them.
    pub first: Vec<Mistake>,
    /// How many more there are.
    pub more: u64,
}

impl Mistakes {
    /// So many mistakes are told in full.
    pub const TOLD_MAX: usize = 20;

    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, first: Vec::new(), more: 0 }
    }

    pub(crate) fn push(&mut self, mistake: Mistake) {
        if self.first.len() < Self::TOLD_MAX {
            self.first.push(mistake);
        } else {
            self.more += 1;
        }
    }

    /// Nothing when there are none; else what there is, in the order of lines.
    pub(crate) fn into_result(mut self) -> Result<(), ReadError> {
        self.first.sort_by_key(|mistake| mistake.line);
        if self.first.is_empty() { Ok(()) } else { Err(ReadError::Mistakes(self)) }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.first.len() as u64 + self.more;
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "{} has {count} {noun} and was not read:", self.path.display())?;
        for mistake in &self.first {
            write!(f, "\n  {mistake}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// Some text of a file as it is shown to a person: short, and without control characters.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const CHARACTERS_MAX: usize = 40;
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    format!("`{}`", text::shortened(&String::from_utf8_lossy(bytes), CHARACTERS_MAX))
}
