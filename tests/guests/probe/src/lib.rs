//! A guest that misbehaves as its `mode` parameter says. For tests of the host.

use greenroom_sdk::memory::{blob, changes, counter, kv, log, vector};
use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Observation, Params, Policy,
    Role, State, choice, describe, float, integer, memory,
};

const MODES: &[&str] = &[
    "honest",
    "echo",
    "trap",
    "panic",
    "spin",
    "spin-configure",
    "grow",
    "nan",
    "repeat",
    "unknown",
    "too-many",
    "fault",
    "memory",
    "write",
    "huge",
    "count",
    "kinds",
    "moment",
    "contents",
    "held-uploads",
];

fn failed(error: memory::Error) -> Fault {
    Fault::unavailable(format!("{error:?}"))
}

/// Counts in its namespace. What was there before.
fn counted(key: &str) -> Result<u8, Fault> {
    let space = memory::open("probe").map_err(failed)?;
    let before = space.get(key).map_err(failed)?.and_then(|entry| entry.value.first().copied()).unwrap_or(0);
    space.put(key, &[before.wrapping_add(1)]).map_err(failed)?;
    Ok(before)
}

fn told(error: kv::Error) -> Fault {
    Fault::unavailable(format!("{error:?}"))
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Fault> {
    let at = std::panic::Location::caller().line();
    if found == expected { Ok(()) } else { Err(Fault::internal(format!("line {at}: {found:?}, not {expected:?}"))) }
}

/// What is to be read of the kinds, by who may write all of them and the keys of `open` that begin with `ada`. What a request
/// writes it reads.
#[expect(clippy::indexing_slicing, reason = "a panic would be a test that fails")]
fn kinds() -> Result<(), Fault> {
    let before = changes::now().map_err(told)?;
    let open = kv::Namespace::open("probe").map_err(told)?;
    let first = open.put("ada", b"1", Some(3_600_000)).map_err(told)?;
    let entry = open.get("ada").map_err(told)?;
    same(entry, Some(kv::Entry { value: b"1".to_vec(), revision: first }))?;
    let many = open.put_many(&[("b".into(), b"2".to_vec()), ("x".repeat(600), Vec::new())], None);
    same((many.len(), many[0].is_ok()), (2, true))?;
    same(matches!(many[1], Err(kv::Error::TooLarge(_))), true)?;
    same(open.compare_and_swap("ada", None, b"3", None), Err(kv::Error::Conflict(Some(first))))?;
    open.compare_and_swap("ada", Some(first), b"3", Some(1)).map_err(told)?;
    let found = open.get_many(&["b".into(), "none".into()]).map_err(told)?;
    same(found.iter().map(Option::is_some).collect::<Vec<_>>(), vec![true, false])?;
    same(open.scan("b", None, 10).map_err(told)?.entries.len(), 1)?;
    same(open.delete("b").map_err(told)?, true)?;

    let counts = counter::Namespace::open("counts").map_err(told)?;
    counts.add("shown", 2).map_err(told)?;
    same(counts.add_many(&[("shown".into(), -5), ("clicked".into(), 1)]), vec![Ok(()), Ok(())])?;
    same(counts.get("shown").map_err(told)?, -3)?;
    same(counts.get_many(&["clicked".into(), "none".into()]).map_err(told)?, vec![1, 0])?;
    let page = counts.scan("", None, 1).map_err(told)?;
    same((page.numbers, page.next), (vec![("clicked".to_owned(), 1)], Some("clicked".to_owned())))?;
    same(counts.delete("clicked").map_err(told)?, true)?;

    let notes = log::Namespace::open("notes").map_err(told)?;
    let one = notes.append("ada/", b"one").map_err(told)?;
    same(notes.append_many("ada/", &[b"two".to_vec(), b"three".to_vec()]).iter().all(Result::is_ok), true)?;
    notes.append("ad", b"of another").map_err(told)?;
    let page = notes.read("ada/", &log::Start::Oldest, 2).map_err(told)?;
    same(page.entries.iter().map(|entry| entry.value.clone()).collect(), vec![b"one".to_vec(), b"two".to_vec()])?;
    let rest = notes.read("ada/", &log::Start::After(page.next.unwrap_or_default()), 2).map_err(told)?;
    same((rest.entries.len(), rest.entries[0].value.as_slice(), rest.next), (1, b"three".as_slice(), None))?;
    let since = notes.read("ada/", &log::Start::Since(page.entries[0].time), 10).map_err(told)?;
    same((since.entries.len(), since.entries[0].key.as_str()), (3, one.as_str()))?;
    same(notes.read("ad", &log::Start::Oldest, 10).map_err(told)?.entries.len(), 1)?;
    same(notes.delete(&one).map_err(told)?, true)?;

    same(matches!(kv::Namespace::open("notes"), Err(kv::Error::NotFound(_))), true)?;
    same(matches!(counter::Namespace::open("probe"), Err(kv::Error::NotFound(_))), true)?;
    same(matches!(kv::Namespace::open("secret"), Err(kv::Error::Denied(_))), true)?;
    same(matches!(memory::open("notes"), Err(memory::Error::NotFound(_))), true)?;

    let page = changes::read("counts", Some(&before), 1_000).map_err(told)?;
    let told_of: Vec<(&str, bool)> = page.changes.iter().map(|change| (change.key.as_str(), change.removed)).collect();
    same(told_of, vec![("shown", false), ("shown", false), ("clicked", false), ("clicked", true)])?;
    same(changes::read("counts", Some(&page.cursor), 1_000).map_err(told)?.changes.len(), 0)?;
    same(matches!(changes::read("counts", Some("nonsense"), 1), Err(kv::Error::Invalid(_))), true)
}

/// What is to be read of blobs and vectors, by who may write `models`, append to `tastes` and write those keys of it that begin
/// with `ada`.
#[expect(clippy::indexing_slicing, reason = "a panic would be a test that fails")]
fn contents() -> Result<(), Fault> {
    let models = blob::Namespace::open("models").map_err(told)?;
    let small = models.put(b"small", None).map_err(told)?;
    same((small.bytes, small.existed), (5, false))?;
    same(models.put(b"small", None).map_err(told)?.existed, true)?;
    let upload = models.upload(Some(3_600_000)).map_err(told)?;
    let piece: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    for _ in 0..6 {
        upload.write(&piece).map_err(told)?;
    }
    let large = upload.finish().map_err(told)?;
    same((large.bytes, large.existed), (600_000, false))?;
    same(matches!(upload.write(b"more"), Err(kv::Error::Invalid(_))), true)?;
    drop(upload);
    same(models.stat(&large.digest).map_err(told)?, Some(600_000))?;
    same(models.read(&large.digest, 99_990, 20).map_err(told)?, [&piece[99_990..], &piece[..10]].concat())?;
    same(models.read(&large.digest, 600_000, 20).map_err(told)?, Vec::new())?;
    same(matches!(models.read(&large.digest, 0, 2 << 20), Err(kv::Error::TooLarge(_))), true)?;
    let page = models.scan(None, 10).map_err(told)?;
    let mut digests = vec![small.digest.clone(), large.digest.clone()];
    digests.sort_unstable();
    same((page.blobs.iter().map(|blob| blob.digest.clone()).collect(), page.next), (digests, None))?;
    let told_of = changes::read("models", None, 1_000).map_err(told)?;
    same(told_of.changes.iter().any(|change| change.key == large.digest), true)?;
    same(told_of.changes.iter().all(|change| change.key.starts_with("sha256:")), true)?;
    same(models.delete(&small.digest).map_err(told)?, true)?;
    same(models.stat(&small.digest).map_err(told)?, None)?;
    same(matches!(models.read(&small.digest, 0, 1), Err(kv::Error::NotFound(_))), true)?;
    same(matches!(models.stat("sha256:12"), Err(kv::Error::Invalid(_))), true)?;
    // Left as it is: what it has written is removed.
    models.upload(None).map_err(told)?.write(&piece).map_err(told)?;

    let tastes = vector::Namespace::open("tastes").map_err(told)?;
    let item = |key: &str, vector: [f32; 2], labels: &[&str]| vector::Item {
        key: key.into(),
        vector: vector.to_vec(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        payload: key.into(),
    };
    let first = tastes.put(&item("ada", [1.0, 0.0], &["drama"]), None).map_err(told)?;
    let many = [item("bo", [0.6, 0.8], &[]), item("ada/2", [0.8, 0.6], &["drama", "war"]), item("bo", [0.0, 1.0], &[])];
    let answers = tastes.put_many(&many, None);
    same(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), vec![true, true, false])?;
    same(matches!(answers[2], Err(kv::Error::Conflict(Some(_)))), true)?;
    same(matches!(tastes.put(&item("ada", [0.0, 0.0], &[]), None), Err(kv::Error::Invalid(_))), true)?;
    let keys = |near: Vec<vector::Neighbor>| near.into_iter().map(|near| near.key).collect::<Vec<_>>();
    let drama = vector::Filter { prefix: "ada".into(), all_of: vec!["drama".into()], ..vector::all() };
    let near = tastes.nearest(&[0.6, 0.8], 10, &drama).map_err(told)?;
    same((near[1].distance - 0.4).abs() < 1e-6, true)?;
    same((near[1].revision, near[1].payload.as_slice()), (first, b"ada".as_slice()))?;
    same(keys(near), vec!["ada/2".to_owned(), "ada".to_owned()])?;
    same(matches!(tastes.nearest(&[0.6, 0.8], 10, &vector::all()), Err(kv::Error::Denied(_))), true)?;
    same(matches!(tastes.nearest(&[1.0], 1, &drama), Err(kv::Error::Invalid(_))), true)?;
    let entry = tastes.get("ada").map_err(told)?.ok_or_else(|| Fault::internal("no entry"))?;
    same((entry.vector, entry.labels), (vec![1.0, 0.0], vec!["drama".to_owned()]))?;
    let page = tastes.scan("ada", None, 1).map_err(told)?;
    same((page.entries[0].key.as_str(), page.next.as_deref()), ("ada", Some("ada")))?;
    same(tastes.delete("ada/2").map_err(told)?, true)?;
    same(keys(tastes.nearest(&[0.6, 0.8], 10, &drama).map_err(told)?), vec!["ada".to_owned()])?;
    same(matches!(tastes.delete("bo"), Err(kv::Error::Denied(_))), true)?;

    same(matches!(kv::Namespace::open("models"), Err(kv::Error::NotFound(_))), true)?;
    same(matches!(vector::Namespace::open("models"), Err(kv::Error::NotFound(_))), true)
}

/// Begins uploads until it is told that it has too many.
fn held_uploads() -> Result<usize, Fault> {
    let models = blob::Namespace::open("models").map_err(told)?;
    let mut held = Vec::new();
    loop {
        match models.upload(None) {
            Ok(upload) => {
                upload.write(&[7; 300_000]).map_err(told)?;
                held.push(upload);
            }
            Err(kv::Error::Quota(_)) => break,
            Err(error) => return Err(told(error)),
        }
    }
    let count = held.len();
    std::mem::forget(held);
    Ok(count)
}

/// Reads a number that another host's thread counts up, and says it by the score of the first row; who gets that as an input
/// reads the same.
fn moment(seen: &Observation) -> Result<f32, Fault> {
    let space = kv::Namespace::open("probe").map_err(told)?;
    let found = space.get("moment").map_err(told)?;
    let found = found.and_then(|entry| <[u8; 4]>::try_from(entry.value).ok()).map_or(0, u32::from_le_bytes);
    for input in &seen.inputs {
        same(input.candidates()?.scores.clone(), vec![found as f32])?;
    }
    Ok(found as f32)
}

/// The guest.
#[derive(Default)]
pub struct Probe {
    mode: String,
    size: u32,
    calls: u32,
    learned: u64,
}

impl Probe {
    /// In the mode `write`: counts a call in its namespace, and learns what was there.
    fn note(&mut self, call: &str) -> Result<(), Fault> {
        if self.mode == "write" {
            self.learned += u64::from(counted(call)?);
        }
        Ok(())
    }
}

impl Policy for Probe {
    #[expect(clippy::panic, clippy::infinite_loop, reason = "misbehaving is its purpose")]
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.calls += 1;
        let n = seen.limit.min(self.size);
        let honest = |n: u32| Candidates::new((0..n).collect(), (0..n).map(|i| 1.0 - i as f32 * 1e-3).collect());
        Ok(match self.mode.as_str() {
            "echo" => match seen.inputs.into_iter().next() {
                Some(input) => Decision { payload: input.payload, policy: None },
                None => Candidates::default().into(),
            },
            "kinds" => {
                kinds()?;
                honest(n).into()
            }
            "contents" => {
                contents()?;
                honest(n).into()
            }
            "held-uploads" => Candidates::new(vec![0], vec![held_uploads()? as f32]).into(),
            "moment" => {
                let found = moment(&seen)?;
                Candidates::new(vec![0], vec![found]).into()
            }
            "trap" => std::process::abort(),
            "panic" => panic!("the probe was told to panic"),
            "spin" => loop {
                std::hint::black_box(self.calls);
            },
            "grow" => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                for _ in 0..100_000 {
                    all.push(vec![1; 1 << 20]);
                }
                honest(all.len() as u32).into()
            }
            "nan" => Candidates::new(vec![0], vec![f32::NAN]).into(),
            "repeat" => Candidates::new(vec![0, 0], vec![1.0, 0.5]).into(),
            "unknown" => Candidates::new(vec![4_000_000], vec![1.0]).into(),
            "too-many" => honest(seen.limit + 1).into(),
            "huge" => honest(2_000_000).into(),
            "fault" => return Err(Fault::unavailable("the probe was told to fail")),
            "memory" => {
                let before = counted("calls")?;
                Candidates::new(vec![u32::from(before)], vec![1.0]).into()
            }
            "write" => {
                counted("decide")?;
                honest(n).into()
            }
            "count" => Candidates::new(vec![self.calls - 1], vec![1.0]).into(),
            _ => honest(n).into(),
        })
    }
}

impl Lifecycle for Probe {
    fn describe() -> Descriptor {
        describe("probe", "0.1.0", Role::Recall, "misbehaves as told")
            .takes("*", true, &[])
            .metric("recall@20", greenroom_sdk::RewardLevel::Inner)
            .state("probe/1")
            .parameter(choice("mode", MODES, "honest", "what to do").shapes_state())
            .parameter(integer("size", 0, 100_000, 10, "rows to return"))
            .parameter(float("weight", 0.0, 1.0, 0.5, "a number"))
    }

    #[expect(clippy::infinite_loop, reason = "misbehaving is its purpose")]
    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        params.choice("mode")?.clone_into(&mut self.mode);
        self.size = params.integer("size")?;
        // At no point that a trial is likely to draw: a graph with it is admitted.
        if self.mode == "spin-configure" && self.size == 77_777 {
            loop {
                std::hint::black_box(self.size);
            }
        }
        self.note("configure")
    }

    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: "probe/1".into(), bytes: self.learned.to_le_bytes().to_vec() })
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let bytes = state.bytes.as_slice().try_into().map_err(|_| Fault::invalid_state("8 bytes expected"))?;
        self.learned = u64::from_le_bytes(bytes);
        self.note("restore")
    }
}

impl Learner for Probe {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned += batch.rows.len() as u64;
        if self.mode == "write" {
            memory::open("probe").map_err(failed)?.delete("kept").map_err(failed)?;
        }
        self.note("learn")
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        self.note("fit")?;
        Ok(FitReport { examples: self.learned, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Probe);
