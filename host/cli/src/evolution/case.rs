//! What an evolution is run on: the part that it searches on, the part that chooses among what it found, and the part that is
//! read once.

use std::path::{Path, PathBuf};

use greenroom_evolve::study::Data;
use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Exam, FOLDS, Folds, p1, within};
use greenroom_runtime::events::{ItemFile, ReadOptions, read, read_items};

use crate::exit::Failure;

/// Where the parts of a subject's learned events begin and end, as shares of them.
const SEARCHED: (f64, f64) = (0.6, 0.8);
const VALIDATED: (f64, f64) = (0.8, 1.0);
/// The cuts of protocol P2 that are searched and validated on, in tenths.
const CUTS_SEARCHED: [usize; 2] = [6, 7];
const CUTS_VALIDATED: [usize; 2] = [8, 9];

/// Where events and items come from, and how they are split.
#[derive(Debug, clap::Args)]
pub(crate) struct DataFlags {
    /// CSV or TSV of user, item, rating, timestamp.
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// CSV of what is known of items: id, title, year, genres.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Events without timestamps are in order.
    #[arg(long)]
    ordered: bool,
    /// p1 searches within what it learns from and proves on the latest fifth of each subject's positives; p2 searches on four
    /// fifths of the subjects and proves on the others.
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Which fifth of the subjects is for the proof under p2.
    #[arg(long, value_name = "0..4", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..FOLDS))]
    fold: u64,
    /// Deals the subjects out into other folds under p2.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    salt: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Protocol {
    #[default]
    P1,
    P2,
}

/// The three parts, and what is known of items.
pub(crate) struct Case {
    pub(crate) search: Exam,
    pub(crate) validation: Exam,
    pub(crate) test: Exam,
    pub(crate) items: Option<ItemFile>,
    /// Of events and items.
    digest: Digest,
    protocol: String,
}

impl DataFlags {
    pub(crate) fn case(&self) -> Result<Case, Failure> {
        let options = ReadOptions { ordered: self.ordered };
        let file = read(&self.events, &options)?;
        let items = self.items.as_ref().map(|path| read_items(path)).transpose()?;
        let unfit = |error| Failure::bad_file(format!("{}: {error}", self.events.display()));
        let of_items = items.as_ref().map_or_else(|| Digest::of(b"no items"), |items| items.digest);
        let digest = Digest::of_parts([file.digest.bytes().as_slice(), of_items.bytes()]);
        let case = match self.protocol {
            Protocol::P1 => {
                let split = p1(&file.events).map_err(unfit)?;
                let part = |(from, to)| Exam::of("p1", within(&split, from, to));
                let (search, validation) = (part(SEARCHED), part(VALIDATED));
                Case { search, validation, test: Exam::of("p1", split), items, digest, protocol: "p1".to_owned() }
            }
            Protocol::P2 => {
                let folds = Folds::of(&file.events, &self.salt).map_err(unfit)?;
                let part = |cuts: &[usize]| folds.search(Some(self.fold), cuts);
                let test = Exam { protocol: "p2".to_owned(), blocks: folds.proof(self.fold) };
                let salt = if self.salt.is_empty() { String::new() } else { format!(", salt {:?}", self.salt) };
                let protocol = format!("p2, fold {}{salt}", self.fold);
                let (search, validation) = (part(&CUTS_SEARCHED), part(&CUTS_VALIDATED));
                Case { search, validation, test, items, digest, protocol }
            }
        };
        case.has_something_to_ask().map_err(|part| {
            Failure::bad_file(format!(
                "{}: under {} there is nobody to {part}: expected subjects with five positives or more there",
                self.events.display(),
                case.protocol
            ))
        })?;
        Ok(case)
    }
}

impl Case {
    /// Said before anything is searched, and not when it comes to the part.
    fn has_something_to_ask(&self) -> Result<(), &'static str> {
        let parts = [(&self.search, "search on"), (&self.validation, "choose on"), (&self.test, "prove on")];
        let asks = |exam: &Exam| exam.blocks.iter().any(|block| !block.split.test.is_empty());
        parts.into_iter().find(|(exam, _)| !asks(exam)).map_or(Ok(()), |(_, what)| Err(what))
    }

    /// What studies on this, of a graph with its catalogue, belong to.
    pub(crate) fn data(&self, graph: Digest, catalogue: Digest) -> Data {
        Data { events: self.digest, protocol: self.protocol.clone(), catalogue, graph }
    }
}

/// Where studies are kept: beside what serves, so that a server need not stop for them.
pub(crate) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(greenroom_runtime::EVOLUTION)
}
