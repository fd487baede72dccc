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

/// What a disk writes whole.
const SECTOR: usize = 512;

/// Events of a batch.
const BATCH: u32 = 3;

#[derive(Debug, Default)]
struct Platter {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Offsets of sectors written since the last sync, oldest first.
    dirty: Vec<(usize, Vec<u8>)>,
    /// Writes and syncs so far.
    steps: usize,
    /// The power goes before this step.
    cut_at: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platter>>);

impl Disk {
    fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Platter { now: image.clone(), synced: image, ..Platter::default() })))
    }

    /// What is there after the cut: all that was synced, and of the rest whatever chance kept.
    fn after_cut(&self, seed: u64) -> Vec<u8> {
        let platter = self.0.lock();
        let mut image = platter.synced.clone();
        image.resize(platter.now.len().max(image.len()), 0);
        for (number, (offset, bytes)) in platter.dirty.iter().enumerate() {
            if chance(seed, number as u64).is_multiple_of(2) {
                image[*offset..*offset + bytes.len()].copy_from_slice(bytes);
            }
        }
        image
    }

    fn step(&self, what: impl FnOnce(&mut Platter)) -> io::Result<()> {
        let mut platter = self.0.lock();
        if platter.cut_at.is_some_and(|cut| platter.steps >= cut) {
            return Err(io::Error::other("the power is gone"));
        }
        platter.steps += 1;
        what(&mut platter);
        Ok(())
    }
}

fn chance(seed: u64, number: u64) -> u64 {
    Digest::of_parts([&seed.to_le_bytes()[..], &number.to_le_bytes()]).head()
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = offset as usize;
        out.copy_from_slice(&self.0.lock().now[offset..offset + out.len()]);
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

fn opened(disk: &Disk) -> Result<Store, OpenError> {
    let path = PathBuf::from("disk");
    let database = Database::builder()
        .set_cache_size(1 << 20)
        .create_with_backend(disk.clone())
        .map_err(|error| OpenError::Storage { path: path.clone(), source: Box::new(error.into()) })?;
    Store::build(database, path, &Settings::default(), true)
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
    for round in 0..8 {
        let put = store.kv().put("profile", &round.to_string(), &[7; 3000]);
        let appended = store.log().append_events((0..BATCH).map(|row| event(round, row)).collect());
        if put.wait().is_err() || appended.wait().is_err() {
            return round;
        }
    }
    8
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_at_any_step() {
    let whole = Disk::default();
    let store = opened(&whole).unwrap();
    let first = whole.0.lock().steps;
    assert_eq!(write_until_refused(&store), 8);
    let last = whole.0.lock().steps;
    drop(store);
    let mut refused = 0;
    for cut in (first..last).step_by(3) {
        let disk = Disk::default();
        let store = opened(&disk).unwrap();
        disk.0.lock().cut_at = Some(cut);
        let acknowledged = write_until_refused(&store);
        refused += u32::from(acknowledged < 8);
        drop(store);
        for seed in 0..4 {
            let store = opened(&Disk::holding(disk.after_cut(seed))).unwrap();
            check(&store, acknowledged);
        }
    }
    assert!(refused > 10, "the power went in the middle {refused} times");
}

#[test]
fn a_write_that_could_not_be_made_durable_is_not_acknowledged() {
    let disk = Disk::default();
    let store = opened(&disk).unwrap();
    disk.0.lock().cut_at = Some(0);
    store.log().append_decision(decision()).unwrap();
    assert!(store.log().flush().wait().is_err(), "a decision that was lost shows in the next flush");
    assert!(store.items().assign(&["a"]).wait().is_err());
    assert!(store.items().is_empty() && store.log().history(0, None, 1).is_empty(), "nothing of it is published");
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
    let events = store.log().events(None, usize::MAX).unwrap();
    assert_eq!(events.len() % BATCH as usize, 0, "a batch is there in part");
    assert!(events.len() >= (acknowledged * BATCH) as usize, "events are lost");
    for round in 0..acknowledged {
        assert_eq!(store.kv().get("profile", &round.to_string()).unwrap().unwrap().value, [7; 3000]);
    }
}
