//! Who may run a study, and with what.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use greenroom_evolve::study::{
    Asked, Budget, Config, Data, Elites, Holder, Job, Options, Over, Record, Study, StudyError, Task, run,
};
use greenroom_evolve::{Outcome, Pruner, Space};
use greenroom_memory::KeyValue;
use greenroom_model::Digest;
use support::*;

/// A process on a machine whose clock the test sets.
fn process(name: &str, alone: bool, clock: &Arc<AtomicI64>) -> Holder {
    let clock = Arc::clone(clock);
    let now = Arc::new(move || clock.load(Ordering::Relaxed));
    Holder { process: name.to_owned(), alone, lease_ms: 1_000, clock: now }
}

fn told(error: Result<Study, StudyError>) -> String {
    error.map(drop).unwrap_err().to_string()
}

fn asked(study: &mut Study) -> u64 {
    match study.ask(&Random).unwrap() {
        Asked::Do(Job::Trial { number }, _) => number,
        other => panic!("{other:?}"),
    }
}

/// Until it is durable.
fn tell(study: &mut Study, number: u64, over: Over) -> Result<(), StudyError> {
    study.tell(number, over)?.wait()
}

fn over(value: f64) -> Over {
    let outcome = Outcome::Complete { values: vec![value], violations: vec![0.0] };
    let (rungs, inner) = (Vec::new(), std::collections::BTreeMap::new());
    Over { outcome, rungs, cost: cost(1), inner, again: Vec::new(), over_ms: 0 }
}

#[test]
fn the_second_who_opens_a_study_is_told_who_runs_it() {
    let (kv, clock) = (memory(), Arc::new(AtomicI64::new(10_000)));
    let open = |holder: &Holder| Study::open(Arc::clone(&kv), plain("a"), holder);
    let (one, two) = (process("one", false, &clock), process("two", false, &clock));
    let first = open(&one).unwrap();
    clock.fetch_add(400, Ordering::Relaxed);
    let expected = "study `a` is run by process one, which was last heard of 400 ms ago: end it, or wait until it is silent \
                    for 1000 ms";
    assert_eq!(told(open(&two)), expected);
    assert_eq!(told(open(&one)), expected, "nor may the same process twice");
    assert!(told(open(&process("one", true, &clock))).contains("400 ms"), "alone or not");
    // Who says that it is there keeps it.
    first.lease().lock().beat().unwrap();
    clock.fetch_add(900, Ordering::Relaxed);
    assert!(told(open(&two)).contains("900 ms"));
    // Who gives it back is not waited for.
    drop(first);
    drop(open(&two).unwrap());
    // Another study is another matter.
    let (_first, _other) = (open(&one).unwrap(), Study::open(Arc::clone(&kv), plain("b"), &two).unwrap());
}

#[test]
fn who_was_taken_for_dead_writes_nothing_more() {
    let (kv, clock) = (memory(), Arc::new(AtomicI64::new(10_000)));
    let open = |name| Study::open(Arc::clone(&kv), plain("a"), &process(name, false, &clock));
    let mut old = open("old").unwrap();
    let (zero, one) = (asked(&mut old), asked(&mut old));
    tell(&mut old, zero, over(1.0)).unwrap();
    clock.fetch_add(1_000, Ordering::Relaxed);
    let mut new = open("new").unwrap();
    let lost =
        |result: Result<(), StudyError>| assert!(matches!(result, Err(StudyError::Lost { epoch: 1 })), "{result:?}");
    lost(old.lease().lock().beat());
    lost(tell(&mut old, one, over(2.0)));
    // What it asked for after the new one looked is the same trial, and the new one runs it.
    let two = asked(&mut old);
    assert_eq!((asked(&mut new), asked(&mut new), two), (1, 2, 2));
    tell(&mut new, 1, over(3.0)).unwrap();
    tell(&mut new, 2, over(3.0)).unwrap();
    lost(tell(&mut old, two, over(2.0)));
    drop(old);
    // The lease that it lost is not its to give back.
    assert!(told(open("third")).contains("process new"));
    let trials = Record::read(Arc::clone(&kv), "a").unwrap().trials;
    let values = |number: usize| match &trials[number].over().unwrap().outcome {
        Outcome::Complete { values, .. } => values[0],
        other => panic!("{other:?}"),
    };
    assert_eq!([0, 1, 2].map(values), [1.0, 3.0, 3.0]);
}

#[test]
fn a_run_ends_when_its_study_was_taken_over() {
    let (kv, clock) = (memory(), Arc::new(AtomicI64::new(10_000)));
    let mut study = Study::open(Arc::clone(&kv), plain("a"), &process("old", false, &clock)).unwrap();
    let taken = std::sync::Mutex::new(None);
    let evaluate = |task: &Task<'_>| {
        if task.number == 5 {
            clock.fetch_add(2_000, Ordering::Relaxed);
            *taken.lock().unwrap() = Study::open(Arc::clone(&kv), plain("a"), &process("new", false, &clock)).ok();
        }
        formula(task)
    };
    let stop = std::sync::atomic::AtomicBool::new(false);
    let ended = run(&mut study, &Random, &Formula(evaluate), Options { parallel: 1, stop: &stop }, &|_| ());
    assert!(matches!(ended, Err(StudyError::Lost { epoch: 1 })), "{ended:?}");
    let mut taken = taken.into_inner().unwrap().unwrap();
    finish(&mut taken, 2, formula);
    let undisturbed = memory();
    finish(&mut open(&undisturbed, plain("a")), 1, formula);
    let record = |kv: &Arc<dyn KeyValue>| Record::read(Arc::clone(kv), "a").unwrap().timeless();
    assert_eq!(record(&kv), record(&undisturbed));
}

#[test]
fn where_the_store_is_open_once_a_lease_of_another_process_is_that_of_a_dead_one() {
    let (kv, clock) = (memory(), Arc::new(AtomicI64::new(10_000)));
    let killed = Study::open(Arc::clone(&kv), plain("a"), &process("killed", true, &clock)).unwrap();
    std::mem::forget(killed);
    Study::open(Arc::clone(&kv), plain("a"), &process("next", true, &clock)).unwrap();
}

#[test]
fn a_study_stays_with_the_data_and_the_settings_that_it_was_begun_with() {
    let kv = memory();
    let open = |config| Study::open(Arc::clone(&kv), config, &Holder::this_process(true));
    drop(open(config("a")).unwrap());
    let other = Data { events: Digest::of(b"other"), protocol: "p1".to_owned(), ..data() };
    let error = told(open(Config { data: other.clone(), ..config("a") }));
    assert!(error.contains(&data().to_string()) && error.contains(&other.to_string()), "{error}");
    let error = told(open(Config { seed: 8, lag: 5, pruner: Pruner::Never, ..config("a") }));
    assert!(error.contains("begun with other settings: seed, lag, pruner."), "{error}");
    // More budget is no other study.
    let budget = |trials| Budget { trials, fuel: None, time_us: None };
    let evaluated = AtomicU64::new(0);
    for trials in [10, 20] {
        let mut study = open(Config { budget: budget(trials), ..plain("b") }).unwrap();
        finish(&mut study, 2, |task| {
            evaluated.fetch_add(1, Ordering::Relaxed);
            formula(task)
        });
    }
    assert_eq!(evaluated.into_inner(), 20);
    assert_eq!(Record::read(Arc::clone(&kv), "b").unwrap().config.budget, budget(20));
    assert_eq!(Record::names(Arc::clone(&kv)).unwrap(), ["a", "b"]);
    assert_eq!(Record::read(kv, "c").unwrap_err().to_string(), "no study `c`");
}

#[test]
fn all_that_is_wrong_with_a_study_is_said_at_once() {
    use greenroom_evolve::study::{Bound, Constraint};
    let bad = Config {
        name: "a/b".to_owned(),
        space: Space::default(),
        objectives: Vec::new(),
        constraints: ["fuel", "fuel"]
            .map(|name| Constraint { name: name.to_owned(), bound: Bound::Max(f64::NAN) })
            .into(),
        lag: 0,
        budget: Budget { trials: 0, fuel: Some(0), time_us: Some(0) },
        rungs: vec![0.5, 0.5],
        pruner: Pruner::Halving { factor: 1, others_min: 0 },
        elites: Some(Elites { top: 0, every: 0 }),
        ..config("a")
    };
    let error = told(Study::open(memory(), bad, &Holder::this_process(true)));
    let expected = [
        "study `a/b` can't be run: name \"a/b\": expected 1 to 64 letters, digits, `-`, `_` or `.`",
        "space: it has no dimension, so there is nothing to try",
        "objectives: expected 1 or more, there is none",
        "constraint `fuel`: it is there twice",
        "constraint `fuel`: its bound is NaN, expected a number",
        "constraint `fuel`: its bound is NaN, expected a number",
        "lag: it is 0, expected 1 or more",
        "budget: trials is 0, too small for one trial",
        "budget: fuel is 0, too small for one trial",
        "budget: time_us is 0, too small for one trial",
        "rungs: they are [0.5, 0.5], expected growing shares above 0 of which the last is 1",
        "pruner: factor is 1, expected 2 or more",
        "elites: the best 0 before every 0th trial; expected 1 or more of both",
    ];
    assert_eq!(error, expected.join("; "));
}

#[test]
fn a_record_that_is_missing_or_is_none_is_named() {
    let kv = memory();
    finish(&mut open(&kv, plain("a")), 1, formula);
    kv.delete("@studies", "a/trial/000000000003").wait().unwrap();
    let error = told(Study::open(Arc::clone(&kv), plain("a"), &Holder::this_process(true)));
    assert_eq!(error, "study `a` is damaged: expected trial 3, found trial 4 under a/trial/000000000004");
    kv.put("@studies", "a/trial/000000000003", b"\xc1").wait().unwrap();
    let error = told(Study::open(Arc::clone(&kv), plain("a"), &Holder::this_process(true)));
    assert!(error.starts_with("a/trial/000000000003 in @studies can't be read"), "{error}");
}

#[test]
fn a_study_is_sampled_by_its_own_sampler() {
    let kv = memory();
    let mut study = open(&kv, Config { sampler: "tpe".to_owned(), ..plain("a") });
    assert_eq!(study.ask(&Random).unwrap_err().to_string(), "study `a` is sampled by `tpe`, not by `random`");
}
