//! A kill leaves the page cache, so it does not show whether a write was forced to the disk before it was acknowledged.
//! A disk that forgets does: of what was written since the last sync, a power cut keeps any sectors and loses others.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use greenroom_model::{Digest, EventKind, Generation};
use parking_lot::Mutex;
use redb::StorageBackend;

use super::*;
use crate::log::{DecisionRecord, Event};

/// What a disk writes whole, mostly.
const SECTOR: usize = 512;

/// What is torn when it does not.
const PAGE: usize = 4096;

/// Events of a batch.
const BATCH: u32 = 3;

/// Batches of a test.
const ROUNDS: u32 = 8;

/// The store's file among a machine's; the segments of its log of writes come after it.
const STORE: u32 = 0;

#[derive(Debug, Default, Clone)]
struct Platter {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Offsets of sectors written since the last sync, oldest first.
    dirty: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Default)]
struct Power {
    files: BTreeMap<u32, Platter>,
    /// Writes and syncs so far.
    steps: usize,
    /// The power goes before this step.
    cut_at: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Machine(Arc<Mutex<Power>>);

/// A file of a machine.
#[derive(Debug)]
struct Disk(Machine, u32);

/// What of the last write that was not synced a power cut leaves.
#[derive(Debug, Clone, Copy)]
enum Left {
    /// Any sectors, by chance.
    Some(u64),
    /// All but the end of each file's last page, which is torn at any byte. Of the store's file it is as it was before, of the
    /// log of writes it is what nobody wrote.
    Torn(u64),
}

impl Machine {
    fn cut_at(&self, step: usize) {
        self.0.lock().cut_at = Some(step);
    }

    fn steps(&self) -> usize {
        self.0.lock().steps
    }

    fn disk(&self, number: u32) -> Disk {
        self.0.lock().files.entry(number).or_default();
        Disk(self.clone(), number)
    }

    /// With what is there after the cut: all that was synced, and of the rest what is left.
    fn after_cut(&self, left: Left) -> Self {
        let files = self
            .0
            .lock()
            .files
            .iter()
            .map(|(number, platter)| (*number, platter.after_cut(left, *number == STORE)))
            .collect();
        Self(Arc::new(Mutex::new(Power { files, ..Power::default() })))
    }
}

impl Platter {
    fn after_cut(&self, left: Left, store: bool) -> Self {
        let mut image = self.synced.clone();
        image.resize(self.now.len().max(image.len()), 0);
        let last_page = self.dirty.iter().map(|(offset, _)| offset / PAGE).max();
        for (number, (offset, bytes)) in self.dirty.iter().enumerate() {
            let place = &mut image[*offset..*offset + bytes.len()];
            match left {
                Left::Some(seed) if chance(seed, number as u64).is_multiple_of(2) => place.copy_from_slice(bytes),
                Left::Some(_) => {}
                Left::Torn(seed) if Some(offset / PAGE) == last_page => {
                    let torn = chance(seed, *offset as u64 / PAGE as u64) as usize % PAGE;
                    for (at, byte) in place.iter_mut().enumerate() {
                        if (offset + at) % PAGE < torn {
                            *byte = bytes[at];
                        } else if !store {
                            *byte = chance(seed, at as u64) as u8;
                        }
                    }
                }
                Left::Torn(_) => place.copy_from_slice(bytes),
            }
        }
        Self { now: image.clone(), synced: image, dirty: Vec::new() }
    }
}

impl Disk {
    fn step(&self, what: impl FnOnce(&mut Platter)) -> io::Result<()> {
        let mut power = self.0.0.lock();
        if power.cut_at.is_some_and(|cut| power.steps >= cut) {
            return Err(io::Error::other("the power is gone"));
        }
        power.steps += 1;
        what(power.files.entry(self.1).or_default());
        Ok(())
    }
}

fn chance(seed: u64, number: u64) -> u64 {
    Digest::of_parts([&seed.to_le_bytes()[..], &number.to_le_bytes()]).head()
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.0.lock().files[&self.1].now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = offset as usize;
        out.copy_from_slice(&self.0.0.lock().files[&self.1].now[offset..offset + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(|platter| platter.now.resize(len as usize, 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.step(|platter| {
            platter.synced = platter.now.clone();
            platter.dirty.clear();
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step(|platter| {
            let offset = offset as usize;
            platter.now[offset..offset + data.len()].copy_from_slice(data);
            let mut at = 0;
            while at < data.len() {
                // Up to the end of the sector that it stands in.
                let end = data.len().min(at + SECTOR - (offset + at) % SECTOR);
                platter.dirty.push((offset + at, data[at..end].to_vec()));
                at = end;
            }
        })
    }
}

impl Segments for Machine {
    fn list(&self) -> io::Result<Vec<u32>> {
        Ok(self.0.lock().files.keys().filter(|number| **number != STORE).map(|number| number - 1).collect())
    }

    fn open(&self, number: u32) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.disk(number + 1)))
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        self.0.lock().files.remove(&(number + 1));
        Ok(())
    }
}

fn opened(machine: &Machine) -> Result<Store, OpenError> {
    let path = PathBuf::from("disk");
    let database = Database::builder()
        .set_cache_size(1 << 20)
        .create_with_backend(machine.disk(STORE))
        .map_err(|error| OpenError::Storage { path: path.clone(), source: Box::new(error.into()) })?;
    let settings = Settings::default();
    let engine = Store::engine_over(database, &path, &settings, Some(Box::new(machine.clone())))?;
    Store::built(engine, path, &settings)
}

fn event(name: u32, row: u32) -> Event {
    Event {
        id: format!("{name}/{row}"),
        request_id: None,
        subject: Some(row),
        row,
        kind: EventKind::Click,
        value: 1.0,
        event_time_ms: 0,
        receive_time_ms: 0,
        retracts: false,
    }
}

/// Writes until something is refused. Returns how many rounds were acknowledged.
fn write_until_refused(store: &Store) -> u32 {
    for round in 0..ROUNDS {
        let put = store.kv().put("profile", &round.to_string(), &[7; 3000]);
        let appended = store.log().append_events((0..BATCH).map(|row| event(round, row)).collect());
        if put.wait().is_err() || appended.wait().is_err() {
            return round;
        }
    }
    ROUNDS
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_any_step() {
    let whole = Machine::default();
    let store = opened(&whole).unwrap();
    let first = whole.steps();
    assert_eq!(write_until_refused(&store), ROUNDS);
    drop(store);
    // What is done on closing too.
    let last = whole.steps();
    let mut refused = 0;
    for cut in first..last {
        let machine = Machine::default();
        let store = opened(&machine).unwrap();
        machine.cut_at(cut);
        let acknowledged = write_until_refused(&store);
        refused += u32::from(acknowledged < ROUNDS);
        drop(store);
        for left in [Left::Some(0), Left::Some(1), Left::Torn(2), Left::Torn(3)] {
            let after = machine.after_cut(left);
            check(&opened(&after).unwrap(), acknowledged);
            // And a cut of whatever opening and closing did.
            check(&opened(&after.after_cut(Left::Some(3))).unwrap(), acknowledged);
        }
    }
    assert!(refused > 10, "the power went in the middle {refused} times");
}

#[test]
fn a_write_that_could_not_be_made_durable_is_not_acknowledged() {
    let machine = Machine::default();
    let store = opened(&machine).unwrap();
    machine.cut_at(0);
    store.log().append_decision(decision()).unwrap();
    assert!(store.log().flush().wait().is_err(), "a decision that was lost shows in the next flush");
    assert!(store.items().assign(&["a"]).wait().is_err());
    assert!(store.items().is_empty() && store.log().history(0, None, 1).is_empty(), "nothing of it is published");
    assert!(store.log().decision("r").unwrap().is_none(), "nor can it be read");
}

fn decision() -> DecisionRecord {
    DecisionRecord {
        request_id: "r".to_owned(),
        subject: None,
        surface: String::new(),
        time_ms: 0,
        generation: Generation(1),
        plan: Digest::of(b"plan"),
        limit: 0,
        rows: Vec::new(),
        scores: Vec::new(),
        nodes: Vec::new(),
        origins: Vec::new(),
        propensities: None,
        versions: Vec::new(),
        degraded: Vec::new(),
        traces: BTreeMap::new(),
    }
}

#[track_caller]
fn check(store: &Store, acknowledged: u32) {
    assert_eq!(store.check().unwrap().faults, Vec::<String>::new());
    let events = store.log().events(None, usize::MAX).unwrap();
    assert_eq!(events.len() % BATCH as usize, 0, "a batch is there in part");
    assert!(events.len() >= (acknowledged * BATCH) as usize, "events are lost");
    for round in 0..acknowledged {
        assert_eq!(store.kv().get("profile", &round.to_string()).unwrap().unwrap().value, [7; 3000]);
    }
}
