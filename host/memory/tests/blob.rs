//! Blobs, on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use greenroom_memory::{
    BLOB_READ_BYTES_MAX, BlobError, BlobInfo, Blobs, Clock, Declared, KeyValue, Namespaces, Overlay, ReadError,
    Settings, Space, Store, Swept, WriteError,
};
use greenroom_model::{Digest, NamespaceKind};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const SPACE: &str = "files";
const CHUNK: usize = 256 << 10;
/// Of a row of a header: its key, the time and a flag.
const HEADER_BYTES: u64 = 34 + 9;
/// Of a manifest's row.
const MANIFEST_BYTES: u64 = 66 + 29;
/// Of a chunk's key.
const CHUNK_KEY_BYTES: u64 = 43;

struct Time(Arc<AtomicI64>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_000_000_000)))
    }

    fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.0);
        Clock::of(move || now_ms.load(Ordering::SeqCst))
    }

    fn settings(&self) -> Settings {
        Settings { clock: self.clock(), ..Settings::default() }
    }

    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

fn memory(time: &Time) -> Arc<dyn KeyValue> {
    Store::in_memory_with(&time.settings()).unwrap().kv()
}

/// Each backend gets every promise, each on a store of its own.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod file { $( #[test] fn $promise() {
            let (dir, time) = (tempfile::tempdir().unwrap(), super::Time::new());
            super::$promise(&super::Store::open_with(dir.path(), &time.settings()).unwrap().kv(), &time);
        } )+ }
        mod memory { $( #[test] fn $promise() {
            let time = super::Time::new();
            super::$promise(&super::memory(&time), &time);
        } )+ }
        mod overlay { $( #[test] fn $promise() {
            let time = super::Time::new();
            let kv: super::Arc<dyn super::KeyValue> = super::Arc::new(super::Overlay::over(super::memory(&time)));
            super::$promise(&kv, &time);
        } )+ }
        mod jetstream { $( #[test] fn $promise() {
            let time = super::Time::new();
            let kv: super::Arc<dyn super::KeyValue> = super::Arc::new(super::nats::fresh(time.clock()));
            super::$promise(&kv, &time);
        } )+ }
    };
}

promises!(
    what_was_uploaded_in_pieces_is_read_in_ranges,
    a_content_is_there_once,
    of_uploads_at_once_one_copy_stays,
    a_dropped_upload_leaves_nothing,
    a_forgotten_upload_is_swept,
    an_upload_that_was_swept_is_not_finished,
    a_blob_expires_and_lives_as_long_as_the_longest_said,
    reads_that_race_with_removals_are_right_or_not_found,
    what_is_damaged_is_told,
    what_was_finished_stays_whatever_is_swept_meanwhile,
    a_removal_that_was_cut_short_is_swept,
    it_does_what_a_map_does,
);

/// Bytes that differ from each other wherever they are.
fn content(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(bytes).collect()
}

fn upload(blobs: &Blobs, content: &[u8], ttl_ms: Option<u64>) -> BlobInfo {
    let mut upload = blobs.create(SPACE, ttl_ms).unwrap();
    upload.write(content).unwrap();
    upload.finish().unwrap()
}

fn whole(blobs: &Blobs, digest: &Digest) -> Result<Vec<u8>, BlobError> {
    let mut all = Vec::new();
    loop {
        let part = blobs.read(SPACE, digest, all.len() as u64, BLOB_READ_BYTES_MAX)?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend(part);
    }
}

fn keys(kv: &dyn KeyValue, prefix: &str) -> Vec<String> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = kv.scan(SPACE, prefix, after.as_deref(), 1000).unwrap();
        keys.extend(page.entries.into_iter().map(|entry| entry.key));
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

fn room(contents: &[&[u8]]) -> u64 {
    let one = |content: &&[u8]| {
        let chunks = content.len().div_ceil(CHUNK) as u64;
        HEADER_BYTES + MANIFEST_BYTES + chunks * CHUNK_KEY_BYTES + content.len() as u64
    };
    contents.iter().map(one).sum()
}

fn what_was_uploaded_in_pieces_is_read_in_ranges(kv: &Arc<dyn KeyValue>, _: &Time) {
    let blobs = Blobs::new(Arc::clone(kv));
    let size = prop_oneof![0..10_usize, CHUNK - 2..CHUNK + 3, 0..5 * CHUNK];
    let cases =
        (size, any::<u64>(), prop::collection::vec(1..400_000_usize, 1..5), any::<u64>(), 0..=BLOB_READ_BYTES_MAX);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    let check = |(size, seed, pieces, from, most): (usize, u64, Vec<usize>, u64, usize)| {
        let content = content(seed, size);
        let mut upload = blobs.create(SPACE, None).unwrap();
        let (mut rest, mut pieces) = (content.as_slice(), pieces.iter().cycle());
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
            upload.write(piece).unwrap();
            rest = left;
        }
        let info = upload.finish().unwrap();
        prop_assert_eq!((info.digest, info.bytes), (Digest::of(&content), size as u64));
        let from = from % (size as u64 + 2);
        let read = blobs.read(SPACE, &info.digest, from, most).unwrap();
        let begin = content.len().min(from as usize);
        prop_assert_eq!(read, &content[begin..content.len().min(begin + most)]);
        prop_assert_eq!(whole(&blobs, &info.digest).unwrap(), content);
        prop_assert_eq!(blobs.verify(SPACE, &info.digest).unwrap(), size as u64);
        Ok(())
    };
    runner.run(&cases, check).unwrap();
    let more = blobs.read(SPACE, &Digest::of(b""), 0, BLOB_READ_BYTES_MAX + 1);
    assert!(matches!(more, Err(BlobError::Read(ReadError::TooLarge { max: BLOB_READ_BYTES_MAX, .. }))), "{more:?}");
    assert!(matches!(blobs.read(SPACE, &Digest::of(b"?"), 0, 1), Err(BlobError::NotFound { .. })));
}

fn a_content_is_there_once(kv: &Arc<dyn KeyValue>, _: &Time) {
    let (blobs, bytes) = (Blobs::new(Arc::clone(kv)), content(1, 3 * CHUNK + 5));
    let first = upload(&blobs, &bytes, None);
    assert!(!first.existed);
    assert_eq!(kv.usage(SPACE).unwrap(), Space { entries: 6, bytes: room(&[&bytes]) });
    let second = upload(&blobs, &bytes, None);
    assert_eq!(second, BlobInfo { existed: true, ..first });
    assert_eq!(kv.usage(SPACE).unwrap(), Space { entries: 6, bytes: room(&[&bytes]) });
    let page = blobs.list(SPACE, None, 10).unwrap();
    assert_eq!((page.blobs.len(), page.blobs[0].bytes, page.next), (1, bytes.len() as u64, None));
    assert!(blobs.delete(SPACE, &first.digest).unwrap());
    assert!(!blobs.delete(SPACE, &first.digest).unwrap());
    assert_eq!((keys(&**kv, "u/").len(), keys(&**kv, "h/").len()), (0, 0));
    assert_eq!(blobs.stat(SPACE, &first.digest).unwrap(), None);
    assert!(!upload(&blobs, &bytes, None).existed, "what was removed may come again at once");
}

fn of_uploads_at_once_one_copy_stays(kv: &Arc<dyn KeyValue>, _: &Time) {
    let (blobs, bytes) = (Blobs::new(Arc::clone(kv)), content(2, 2 * CHUNK + 1));
    for _ in 0..30 {
        let new = std::thread::scope(|scope| {
            let uploads: Vec<_> = (0..4).map(|_| scope.spawn(|| upload(&blobs, &bytes, None))).collect();
            uploads.into_iter().map(|done| done.join().unwrap()).filter(|info| !info.existed).count()
        });
        assert_eq!(new, 1);
        assert_eq!((keys(&**kv, "u/").len(), keys(&**kv, "h/").len(), keys(&**kv, "b/").len()), (3, 1, 1));
        assert_eq!(whole(&blobs, &Digest::of(&bytes)).unwrap(), bytes);
        blobs.delete(SPACE, &Digest::of(&bytes)).unwrap();
    }
}

fn a_dropped_upload_leaves_nothing(kv: &Arc<dyn KeyValue>, _: &Time) {
    let blobs = Blobs::new(Arc::clone(kv));
    let mut upload = blobs.create(SPACE, None).unwrap();
    upload.write(&content(3, 10 * CHUNK + 1)).unwrap();
    assert!(kv.usage(SPACE).unwrap().entries > 5);
    drop(upload);
    assert_eq!(kv.usage(SPACE).unwrap(), Space::default());
}

fn a_forgotten_upload_is_swept(kv: &Arc<dyn KeyValue>, time: &Time) {
    let (blobs, kept) = (Blobs::new(Arc::clone(kv)), content(4, CHUNK + 1));
    upload(&blobs, &kept, None);
    let mut killed = blobs.create(SPACE, None).unwrap();
    killed.write(&content(5, 4 * CHUNK)).unwrap();
    std::mem::forget(killed);
    assert_eq!(blobs.sweep(SPACE, 1_000).unwrap(), Swept::default(), "it is young");
    time.pass(1_000);
    let swept = blobs.sweep(SPACE, 1_000).unwrap();
    assert_eq!(swept.uploads, 1);
    assert!(swept.chunks >= 2, "{swept:?}");
    assert_eq!(kv.usage(SPACE).unwrap(), Space { entries: 4, bytes: room(&[&kept]) });
    assert_eq!(blobs.sweep(SPACE, 0).unwrap(), Swept::default());
    assert_eq!(whole(&blobs, &Digest::of(&kept)).unwrap(), kept);
}

fn an_upload_that_was_swept_is_not_finished(kv: &Arc<dyn KeyValue>, time: &Time) {
    let blobs = Blobs::new(Arc::clone(kv));
    let mut slow = blobs.create(SPACE, None).unwrap();
    slow.write(&content(6, 2 * CHUNK)).unwrap();
    time.pass(1_000);
    assert_eq!(blobs.sweep(SPACE, 1_000).unwrap().uploads, 1);
    slow.write(b"more").unwrap();
    assert!(matches!(slow.finish(), Err(BlobError::Swept)));
    assert_eq!(kv.usage(SPACE).unwrap(), Space::default());
}

fn a_blob_expires_and_lives_as_long_as_the_longest_said(kv: &Arc<dyn KeyValue>, time: &Time) {
    let (blobs, bytes) = (Blobs::new(Arc::clone(kv)), content(7, CHUNK + 1));
    let digest = upload(&blobs, &bytes, Some(10_000)).digest;
    let now = kv.now_ms();
    assert_eq!(blobs.stat(SPACE, &digest).unwrap().unwrap().expires_ms, Some(now + 10_000));
    assert!(upload(&blobs, &bytes, Some(5_000)).existed);
    assert_eq!(blobs.stat(SPACE, &digest).unwrap().unwrap().expires_ms, Some(now + 10_000), "not earlier");
    assert!(upload(&blobs, &bytes, Some(20_000)).existed);
    assert_eq!((keys(&**kv, "u/").len(), keys(&**kv, "h/").len()), (2, 1), "once all the same");
    time.pass(19_999);
    assert_eq!(whole(&blobs, &digest).unwrap(), bytes);
    time.pass(1);
    assert!(matches!(whole(&blobs, &digest), Err(BlobError::NotFound { .. })));
    assert_eq!(keys(&**kv, "u/").len(), 2, "who has read the manifest can read on");
    time.pass(2_500);
    assert_eq!(keys(&**kv, "").len(), 0);
    upload(&blobs, &bytes, Some(1_000));
    upload(&blobs, &bytes, None);
    upload(&blobs, &bytes, Some(1_000));
    time.pass(1_000_000);
    assert_eq!(whole(&blobs, &digest).unwrap(), bytes);
    let mut slow = blobs.create(SPACE, Some(1_000)).unwrap();
    slow.write(b"x").unwrap();
    time.pass(1_000);
    assert!(matches!(slow.finish(), Err(BlobError::Swept)));
}

fn reads_that_race_with_removals_are_right_or_not_found(kv: &Arc<dyn KeyValue>, _: &Time) {
    let (blobs, bytes) = (Blobs::new(Arc::clone(kv)), content(8, 3 * CHUNK + 1));
    let (digest, done) = (upload(&blobs, &bytes, None).digest, AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for offset in [0, CHUNK - 1, 2 * CHUNK + 1] {
                        match blobs.read(SPACE, &digest, offset as u64, CHUNK) {
                            Ok(read) => assert!(read == bytes[offset..offset + CHUNK], "wrong bytes"),
                            Err(BlobError::NotFound { .. }) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
        for round in 0..60 {
            // Each lives longer than the last, so that it takes its place.
            upload(&blobs, &bytes, Some(100_000 + round));
            if round % 3 == 0 {
                blobs.delete(SPACE, &digest).unwrap();
            }
            if round % 5 == 0 {
                blobs.sweep(SPACE, 1_000_000).unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// As if all uploads had taken too long.
fn what_was_finished_stays_whatever_is_swept_meanwhile(kv: &Arc<dyn KeyValue>, _: &Time) {
    let (blobs, done) = (Blobs::new(Arc::clone(kv)), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let uploads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut finished = 0;
                    for round in 0..60 {
                        // The three of a round are the same content.
                        let bytes = content(round, CHUNK + 1);
                        let mut upload = blobs.create(SPACE, None).unwrap();
                        upload.write(&bytes).unwrap();
                        match upload.finish() {
                            Ok(info) => {
                                finished += 1;
                                assert!(whole(&blobs, &info.digest).unwrap() == bytes);
                            }
                            Err(BlobError::Swept) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                    finished
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    blobs.sweep(SPACE, 0).unwrap();
                }
            });
        }
        let finished: usize = uploads.into_iter().map(|upload| upload.join().unwrap()).sum();
        done.store(true, Ordering::Relaxed);
        assert!(finished > 0);
    });
    blobs.sweep(SPACE, 0).unwrap();
    let listed = blobs.list(SPACE, None, 100).unwrap().blobs;
    for blob in &listed {
        blobs.verify(SPACE, &blob.digest).unwrap();
    }
    assert_eq!((keys(&**kv, "u/").len(), keys(&**kv, "h/").len()), (2 * listed.len(), listed.len()));
}

fn what_is_damaged_is_told(kv: &Arc<dyn KeyValue>, _: &Time) {
    let (blobs, bytes) = (Blobs::new(Arc::clone(kv)), content(9, CHUNK + 10));
    let digest = upload(&blobs, &bytes, None).digest;
    let chunks = keys(&**kv, "u/");
    kv.put(SPACE, &chunks[1], b"0123456789").wait().unwrap();
    let told = |result: Result<u64, BlobError>| match result {
        Err(BlobError::Damaged { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert!(told(blobs.verify(SPACE, &digest)).contains("digest"));
    kv.put(SPACE, &chunks[1], b"short").wait().unwrap();
    assert_eq!(told(blobs.verify(SPACE, &digest)), "chunk 1 has 5 bytes, expected 10");
    kv.delete(SPACE, &chunks[1]).wait().unwrap();
    assert_eq!(told(blobs.verify(SPACE, &digest)), "chunk 1 is not there");
    assert_eq!(blobs.read(SPACE, &digest, 0, 100).unwrap(), bytes[..100], "the rest is read");
    kv.put(SPACE, &format!("b/{}", digest.hex()), b"?").wait().unwrap();
    assert_eq!(told(blobs.verify(SPACE, &digest)), "its manifest can't be read");
    assert!(blobs.delete(SPACE, &digest).unwrap(), "what can't be read can be removed");
    blobs.sweep(SPACE, 0).unwrap();
    assert_eq!(keys(&**kv, "u/").len() + keys(&**kv, "h/").len(), 0);
}

fn a_removal_that_was_cut_short_is_swept(kv: &Arc<dyn KeyValue>, _: &Time) {
    let blobs = Blobs::new(Arc::clone(kv));
    let digest = upload(&blobs, &content(10, 2 * CHUNK), None).digest;
    // As far as it came.
    kv.delete(SPACE, &format!("b/{}", digest.hex())).wait().unwrap();
    kv.delete(SPACE, &keys(&**kv, "u/")[0]).wait().unwrap();
    assert_eq!(blobs.sweep(SPACE, 0).unwrap(), Swept { uploads: 1, chunks: 1 });
    assert_eq!(kv.usage(SPACE).unwrap(), Space::default());
}

#[derive(Debug, Clone)]
enum Step {
    Upload(u64, Option<u64>),
    Forget(u64),
    Drop(u64),
    Delete(u64),
    Pass(i64),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_u64, prop::option::of(1_000..9_000_u64)).prop_map(|(seed, ttl)| Step::Upload(seed, ttl)),
        1 => (0..4_u64).prop_map(Step::Forget),
        1 => (0..4_u64).prop_map(Step::Drop),
        2 => (0..4_u64).prop_map(Step::Delete),
        2 => (1..6_000_i64).prop_map(Step::Pass),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 1..20)
}

/// A digest's content and when it is gone.
type Model = BTreeMap<Digest, (Vec<u8>, i64)>;

fn it_does_what_a_map_does(kv: &Arc<dyn KeyValue>, time: &Time) {
    let blobs = Blobs::new(Arc::clone(kv));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() });
    let of = |seed: u64| content(seed, [0, 100, CHUNK, CHUNK + 3][seed as usize % 4]);
    let check = |steps: Vec<Step>| {
        for blob in blobs.list(SPACE, None, 100).unwrap().blobs {
            blobs.delete(SPACE, &blob.digest).unwrap();
        }
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Upload(seed, ttl_ms) => {
                    let (content, now) = (of(seed), kv.now_ms());
                    let info = upload(&blobs, &content, ttl_ms);
                    let until = ttl_ms.map_or(i64::MAX, |ttl| now + ttl.cast_signed());
                    let there = model.get(&info.digest).map(|(_, at)| *at);
                    prop_assert_eq!(info.existed, there.is_some());
                    model.insert(info.digest, (content, until.max(there.unwrap_or(0))));
                }
                Step::Forget(seed) => {
                    let mut upload = blobs.create(SPACE, None).unwrap();
                    upload.write(&of(seed)).unwrap();
                    std::mem::forget(upload);
                }
                Step::Drop(seed) => blobs.create(SPACE, None).unwrap().write(&of(seed)).unwrap(),
                Step::Delete(seed) => {
                    let digest = Digest::of(&of(seed));
                    prop_assert_eq!(blobs.delete(SPACE, &digest).unwrap(), model.remove(&digest).is_some());
                }
                Step::Pass(ms) => time.pass(ms),
                Step::Sweep => {
                    blobs.sweep(SPACE, 0).unwrap();
                }
            }
            model.retain(|_, (_, at)| *at > kv.now_ms());
            let listed: Vec<Digest> = blobs.list(SPACE, None, 100).unwrap().blobs.iter().map(|b| b.digest).collect();
            prop_assert_eq!(listed, model.keys().copied().collect::<Vec<_>>());
            for (digest, (content, at)) in &model {
                prop_assert_eq!(&whole(&blobs, digest).unwrap(), content);
                let expires_ms = Some(*at).filter(|at| *at < i64::MAX);
                prop_assert_eq!(blobs.stat(SPACE, digest).unwrap().unwrap().expires_ms, expires_ms);
            }
        }
        time.pass(10);
        blobs.sweep(SPACE, 0).unwrap();
        // Chunks of what has expired live a little longer.
        time.pass(2_000);
        let live: BTreeMap<_, _> = model.iter().filter(|(_, (_, at))| *at > kv.now_ms() - 2_010).collect();
        let chunks: usize = live.values().map(|(content, _)| content.len().div_ceil(CHUNK)).sum();
        prop_assert!(keys(&**kv, "u/").len() <= chunks);
        Ok(())
    };
    runner.run(&steps(), check).unwrap();
}

fn declared(quota: Option<u64>, retention_ms: Option<u64>) -> BTreeMap<String, Declared> {
    [(SPACE.to_owned(), Declared { kind: NamespaceKind::Blob, bytes_max: quota, retention_ms, ..Declared::default() })]
        .into()
}

#[test]
fn an_upload_beyond_its_quota_fails_and_leaves_nothing() {
    let kv: Arc<dyn KeyValue> =
        Arc::new(Namespaces::new(memory(&Time::new()), declared(Some(1_000_000), None)).rows_of(NamespaceKind::Blob));
    let blobs = Blobs::new(Arc::clone(&kv));
    let quota = |result: Result<(), BlobError>| {
        assert!(matches!(result, Err(BlobError::Write(WriteError::Quota { max: 1_000_000, .. }))), "{result:?}");
    };
    let mut large = blobs.create(SPACE, None).unwrap();
    quota(large.write(&content(1, 10 * CHUNK)));
    assert_eq!(kv.usage(SPACE).unwrap(), Space::default(), "also before it is dropped");
    assert!(matches!(large.write(b"x"), Err(BlobError::Failed)));
    assert!(matches!(large.finish(), Err(BlobError::Failed)));
    let mut larger = blobs.create(SPACE, None).unwrap();
    larger.write(&content(1, 3 * CHUNK)).unwrap();
    larger.write(&content(2, 220_000)).unwrap();
    quota(larger.finish().map(drop));
    assert_eq!(kv.usage(SPACE).unwrap(), Space::default());
    upload(&blobs, &content(1, 900_000), None);
    let mut again = blobs.create(SPACE, None).unwrap();
    quota(again.write(&content(1, 900_000)).and_then(|()| again.finish().map(drop)));
    assert_eq!(whole(&blobs, &Digest::of(&content(1, 900_000))).unwrap().len(), 900_000);
}

#[test]
fn where_rows_stay_for_a_time_a_blob_goes_before_its_chunks() {
    let time = Time::new();
    let rows = Namespaces::new(memory(&time), declared(None, Some(8_000))).rows_of(NamespaceKind::Blob);
    let blobs = Blobs::new(Arc::new(rows));
    let bytes = content(1, 2 * CHUNK);
    for (ttl_ms, life) in [(None, 7_000), (Some(100_000), 7_000), (Some(4_000), 4_000), (Some(7_900), 7_000)] {
        let mut slow = blobs.create(SPACE, ttl_ms).unwrap();
        slow.write(&bytes).unwrap();
        time.pass(1_000);
        let digest = slow.finish().unwrap().digest;
        time.pass(life - 1_001);
        assert_eq!(whole(&blobs, &digest).unwrap(), bytes);
        time.pass(1);
        assert!(matches!(whole(&blobs, &digest), Err(BlobError::NotFound { .. })), "{ttl_ms:?}");
    }
}

#[test]
fn blobs_and_what_uploads_have_left_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = content(1, 5 * CHUNK + 1);
    let digest = {
        let blobs = Blobs::new(Store::open(dir.path()).unwrap().kv());
        let digest = upload(&blobs, &bytes, None).digest;
        let mut killed = blobs.create(SPACE, None).unwrap();
        killed.write(&content(2, 5 * CHUNK)).unwrap();
        // Its rows, as a killed host leaves them.
        let copy = dir.path().join("copy");
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap().flatten().filter(|file| file.path().is_file()) {
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        drop(killed);
        digest
    };
    let store = Store::open(&dir.path().join("copy")).unwrap();
    let blobs = Blobs::new(store.kv());
    assert_eq!(blobs.verify(SPACE, &digest).unwrap(), bytes.len() as u64);
    assert_eq!(blobs.sweep(SPACE, 0).unwrap().uploads, 1);
    assert_eq!(store.kv().usage(SPACE).unwrap(), Space { entries: 8, bytes: room(&[&bytes]) });
    let reopened = Blobs::new(Store::open(dir.path()).unwrap().kv());
    assert_eq!(whole(&reopened, &digest).unwrap(), bytes);
}
