//! The log of writes: a batch is durable once it stands here, long before it is in the file.
//!
//! Records stand one after another in segments, each from the start of a page of its own, so that a page that was torn
//! while it was written holds nothing that was acknowledged. A record has the number of its batch, one more than the record before,
//! and a digest that nobody outside can make: it covers the store's salt, so that no value that an agent wrote
//! passes for a record. Reading ends at the first record that is not whole. A whole one behind that means that something in
//! the middle was lost.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_model::Digest;
use redb::StorageBackend;
use redb::backends::FileBackend;

use super::memtable::{Cell, Row};

/// Where a record begins.
const PAGE: usize = 4096;

/// "GRWL".
const MAGIC: u32 = u32::from_le_bytes(*b"GRWL");

/// Magic, bytes of the rows, batch, digest.
const HEAD: usize = 4 + 4 + 8 + 8;

/// The length that stands for no value.
const GONE: u32 = u32::MAX;

/// A segment grows by as much as it has, within these.
const GROWTH: std::ops::RangeInclusive<u64> = 64 << 10..=4 << 20;

/// A segment of this length is not kept when it is empty.
const KEPT_BYTES_MAX: u64 = 128 << 20;

/// Empty segments that are kept, so that their room on the disk need not be found anew.
const KEPT: usize = 2;

/// Where segments are.
pub(crate) trait Segments: Send {
    /// The numbers of all.
    fn list(&self) -> io::Result<Vec<u32>>;

    /// Opens one, or makes it.
    fn open(&self, number: u32) -> io::Result<Box<dyn StorageBackend>>;

    /// Removes one.
    fn remove(&self, number: u32) -> io::Result<()>;
}

/// Segments in a folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn path(&self, number: u32) -> PathBuf {
        self.0.join(format!("greenroom.{number}.wal"))
    }
}

/// The number of a segment's file; none for other files.
pub(crate) fn segment_number(name: &str) -> Option<u32> {
    name.strip_prefix("greenroom.")?.strip_suffix(".wal")?.parse().ok()
}

impl Segments for Folder {
    fn list(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            numbers.extend(entry?.file_name().to_str().and_then(segment_number));
        }
        Ok(numbers)
    }

    fn open(&self, number: u32) -> io::Result<Box<dyn StorageBackend>> {
        let path = self.path(number);
        let new = !path.exists();
        let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if new {
            // A new file is there after a power cut only if its folder says so.
            std::fs::File::open(&self.0)?.sync_all()?;
        }
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        std::fs::remove_file(self.path(number))
    }
}

/// A part of the log.
pub(crate) struct Segment {
    number: u32,
    file: Box<dyn StorageBackend>,
    len: u64,
}

/// Table, key and value of a row that was read.
pub(crate) type Read = (u8, Arc<[u8]>, Cell);

/// A batch that was read.
pub(crate) struct Record {
    pub(crate) batch: u64,
    /// In the order of the writes.
    pub(crate) rows: Vec<Read>,
}

/// What a log holds.
pub(crate) struct Found {
    pub(crate) records: Vec<Record>,
    /// They stay until the records are in the file.
    pub(crate) segments: Vec<Segment>,
}

/// The log.
pub(crate) struct Wal {
    segments: Box<dyn Segments>,
    salt: u64,
    /// The segment that is written to and where.
    current: Option<(Segment, u64)>,
    free: Vec<Segment>,
    /// The number of the next new segment.
    next: u32,
    /// Whether a sync failed.
    broken: bool,
    buffer: Vec<u8>,
}

impl Wal {
    /// Opens a log, and reads what it holds of batches after `settled`. The error says what is damaged.
    pub(crate) fn open(
        segments: Box<dyn Segments>,
        salt: u64,
        settled: u64,
    ) -> io::Result<Result<(Self, Found), String>> {
        let (mut all, mut chains, mut strays, mut next) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for number in segments.list()? {
            let file = segments.open(number)?;
            let len = file.len()?;
            let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
            file.read(0, &mut bytes)?;
            let (chain, rest) = chain(&bytes, salt);
            strays.extend(rest);
            chains.push(chain);
            all.push(Segment { number, file, len });
            next = next.max(number + 1);
        }
        chains.sort_by_key(|chain| chain.first().map(|record| record.batch));
        let records: Vec<Record> = chains.into_iter().flatten().filter(|record| record.batch > settled).collect();
        let mut last = settled;
        for record in &records {
            if record.batch != last + 1 {
                let missing = format!("its log of writes has batch {}, but not {}", record.batch, last + 1);
                return Ok(Err(missing));
            }
            last = record.batch;
        }
        if let Some(stray) = strays.into_iter().find(|batch| *batch > last) {
            return Ok(Err(format!("its log of writes has batch {stray}, but {} can't be read", last + 1)));
        }
        let mut wal = Self { segments, salt, current: None, free: Vec::new(), next, broken: false, buffer: Vec::new() };
        let mut found = Found { records, segments: Vec::new() };
        if found.records.is_empty() {
            wal.reuse(all)
        } else {
            found.segments = all
        }
        Ok(Ok((wal, found)))
    }

    /// Whether nobody knows what the disk holds, so that nothing may be appended.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes a batch, durable when this returns. After an error nothing of it is kept, unless the log is broken.
    pub(crate) fn append(&mut self, batch: u64, rows: &[Row]) -> io::Result<()> {
        self.encode(batch, rows)?;
        if self.current.is_none() {
            let segment = match self.free.pop() {
                Some(segment) => segment,
                None => {
                    let file = self.segments.open(self.next)?;
                    self.next += 1;
                    Segment { number: self.next - 1, len: file.len()?, file }
                }
            };
            self.current = Some((segment, 0));
        }
        let Some((segment, at)) = &mut self.current else { return Ok(()) };
        let end = *at + self.buffer.len() as u64;
        if end > segment.len {
            // Room that is found once is there for as long as the segment is used.
            let more = segment.len.clamp(*GROWTH.start(), *GROWTH.end()).max(end - segment.len);
            segment.file.set_len(segment.len + more)?;
            let zeros = vec![0; usize::try_from(more).map_err(io::Error::other)?];
            segment.file.write(segment.len, &zeros)?;
            segment.len += more;
        }
        segment.file.write(*at, &self.buffer)?;
        self.broken = true;
        segment.file.sync_data()?;
        self.broken = false;
        *at = end;
        Ok(())
    }

    /// Bytes of the segment that is written to.
    pub(crate) fn written(&self) -> u64 {
        self.current.as_ref().map_or(0, |(_, at)| *at)
    }

    /// Ends the segment that is written to. It is to be given back when what it holds is in the file.
    pub(crate) fn rotate(&mut self) -> Vec<Segment> {
        self.current.take().map(|(segment, _)| segment).into_iter().collect()
    }

    /// Takes segments back whose records are in the file.
    pub(crate) fn reuse(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            if self.free.len() < KEPT && segment.len <= KEPT_BYTES_MAX {
                self.free.push(segment);
            } else {
                self.remove(segment);
            }
        }
    }

    /// Removes all segments: everything is in the file.
    pub(crate) fn end(mut self) {
        for segment in std::mem::take(&mut self.free) {
            self.remove(segment);
        }
    }

    fn remove(&self, segment: Segment) {
        let number = segment.number;
        drop(segment);
        if let Err(error) = self.segments.remove(number) {
            tracing::warn!(%error, number, "a segment of the log of writes that is no longer needed was not removed");
        }
    }

    fn encode(&mut self, batch: u64, rows: &[Row]) -> io::Result<()> {
        let buffer = &mut self.buffer;
        buffer.clear();
        buffer.resize(HEAD, 0);
        let length = |bytes: usize| {
            let length = u32::try_from(bytes).ok().filter(|length| *length != GONE);
            length.ok_or_else(|| io::Error::other("a batch of writes is larger than 4 GiB"))
        };
        for row in rows {
            let value = row.value.as_deref();
            buffer.push(row.table);
            buffer.extend(length(row.key.len())?.to_le_bytes());
            buffer.extend(value.map_or(Ok(GONE), |value| length(value.len()))?.to_le_bytes());
            buffer.extend(&*row.key);
            buffer.extend(value.unwrap_or_default());
        }
        let (head, body) = buffer.split_at_mut(HEAD);
        let fields = [
            &MAGIC.to_le_bytes()[..],
            &length(body.len())?.to_le_bytes(),
            &batch.to_le_bytes(),
            &digest(self.salt, batch, body).to_le_bytes(),
        ];
        head.copy_from_slice(&fields.concat());
        buffer.resize(buffer.len().next_multiple_of(PAGE), 0);
        Ok(())
    }
}

fn digest(salt: u64, batch: u64, body: &[u8]) -> u64 {
    Digest::of_parts([&salt.to_le_bytes()[..], &batch.to_le_bytes(), body]).head()
}

/// The batch and the rows of the record at the start of some bytes, if it is whole.
fn record(bytes: &[u8], salt: u64) -> Option<(u64, &[u8])> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (batch, rest) = rest.split_first_chunk::<8>()?;
    let (told, rest) = rest.split_first_chunk::<8>()?;
    if u32::from_le_bytes(*magic) != MAGIC {
        return None;
    }
    let body = rest.get(..u32::from_le_bytes(*len) as usize)?;
    let batch = u64::from_le_bytes(*batch);
    (digest(salt, batch, body) == u64::from_le_bytes(*told)).then_some((batch, body))
}

/// The records of a segment from its start, and the batches of all that stand behind their end.
fn chain(bytes: &[u8], salt: u64) -> (Vec<Record>, Vec<u64>) {
    let mut records: Vec<Record> = Vec::new();
    let mut at = 0;
    while let Some((batch, body)) = record(bytes.get(at..).unwrap_or_default(), salt) {
        let follows = records.last().is_none_or(|last| batch == last.batch + 1);
        let Some(rows) = rows(body).filter(|_| follows) else { break };
        records.push(Record { batch, rows });
        at += (HEAD + body.len()).next_multiple_of(PAGE);
    }
    let rest = bytes.get(at..).unwrap_or_default().chunks(PAGE).enumerate();
    let strays = rest.filter_map(|(page, _)| record(bytes.get(at + page * PAGE..)?, salt)).map(|(batch, _)| batch);
    (records, strays.collect())
}

fn rows(mut body: &[u8]) -> Option<Vec<Read>> {
    let mut rows = Vec::new();
    while let Some((table, rest)) = body.split_first() {
        let (key, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key) as usize)?;
        let (value, rest) = match u32::from_le_bytes(*value) {
            GONE => (None, rest),
            len => rest.split_at_checked(len as usize).map(|(value, rest)| (Some(value.into()), rest))?,
        };
        rows.push((*table, key.into(), value));
        body = rest;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use redb::Key as _;

    use super::*;

    const SALT: u64 = 7;

    fn row(key: &str, value: Option<&[u8]>) -> Row {
        let compare = <&str>::compare;
        Row { table: 3, compare, key: key.as_bytes().into(), value: value.map(Into::into) }
    }

    fn opened(dir: &Path, salt: u64, settled: u64) -> Result<(Wal, Found), String> {
        Wal::open(Box::new(Folder::new(dir)), salt, settled).unwrap()
    }

    fn batches(found: &Found) -> Vec<u64> {
        found.records.iter().map(|record| record.batch).collect()
    }

    fn written(dir: &Path, batches: std::ops::RangeInclusive<u64>) -> Wal {
        let (mut wal, _) = opened(dir, SALT, *batches.start() - 1).unwrap();
        for batch in batches {
            wal.append(batch, &[row("k", Some(&[7; 5000])), row("gone", None)]).unwrap();
        }
        wal
    }

    #[test]
    fn what_was_appended_is_read_in_its_order_over_segments() {
        let dir = tempfile::tempdir().unwrap();
        let mut wal = written(dir.path(), 1..=3);
        let first = wal.rotate();
        wal.append(4, &[row("", Some(b""))]).unwrap();
        drop((wal, first));
        let (_, found) = opened(dir.path(), SALT, 1).unwrap();
        assert_eq!(batches(&found), [2, 3, 4]);
        assert_eq!(found.records[0].rows[0], (3, (*b"k").into(), Some([7; 5000].into())));
        assert_eq!(found.records[0].rows[1], (3, (*b"gone").into(), None));
        assert_eq!(found.records[2].rows, [(3, (*b"").into(), Some((*b"").into()))]);
        assert_eq!(found.segments.len(), 2);
        let (_, found) = opened(dir.path(), SALT, 4).unwrap();
        assert!(found.records.is_empty() && found.segments.is_empty());
    }

    #[test]
    fn a_segment_that_is_used_again_shows_nothing_of_what_it_held() {
        let dir = tempfile::tempdir().unwrap();
        let mut wal = written(dir.path(), 1..=5);
        let settled = wal.rotate();
        wal.reuse(settled);
        wal.append(6, &[row("k", None)]).unwrap();
        drop(wal);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(batches(&opened(dir.path(), SALT, 5).unwrap().1), [6]);
    }

    #[test]
    fn reading_ends_at_a_record_that_is_torn_and_damage_before_others_is_told() {
        let dir = tempfile::tempdir().unwrap();
        drop(written(dir.path(), 1..=3));
        let path = dir.path().join("greenroom.0.wal");
        let whole = std::fs::read(&path).unwrap();
        let with = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            opened(dir.path(), SALT, 0).map(|(_, found)| batches(&found))
        };
        // Each record takes two pages.
        assert_eq!(with(5 * PAGE + 10), Ok(vec![1, 2]));
        assert_eq!(with(4 * PAGE), Ok(vec![1, 2]));
        assert_eq!(with(2 * PAGE + 30), Err("its log of writes has batch 3, but 2 can't be read".to_owned()));
        assert_eq!(with(5 * PAGE + 4000), Ok(vec![1, 2, 3]), "nothing stands there");
        std::fs::write(&path, whole.get(..3 * PAGE).unwrap()).unwrap();
        assert_eq!(opened(dir.path(), SALT, 0).map(|(_, found)| batches(&found)), Ok(vec![1]));
        std::fs::write(&path, &whole).unwrap();
        assert!(opened(dir.path(), SALT, 7).unwrap().1.records.is_empty());
        drop(written(dir.path(), 5..=5));
    }

    #[test]
    fn nothing_passes_for_a_record_without_the_salt() {
        let dir = tempfile::tempdir().unwrap();
        drop(written(dir.path(), 1..=2));
        assert!(opened(dir.path(), SALT + 1, 0).unwrap().1.records.is_empty());
    }

    #[test]
    fn a_batch_that_is_missing_is_told() {
        let dir = tempfile::tempdir().unwrap();
        drop(written(dir.path(), 3..=4));
        let missing = opened(dir.path(), SALT, 1).err();
        assert_eq!(missing, Some("its log of writes has batch 3, but not 2".to_owned()));
    }
}
