//! Studies: the same trials whatever the parallelism, and what is told of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_evolve::sampler::{Sampler, Seen};
use greenroom_evolve::study::{
    Budget, Constraint, Direction, Elites, End, Event, Measured, Objective, Options, Over, Record, Task, Unmeasured,
    run,
};
use greenroom_evolve::{Draws, Failure, Outcome, Point, Pruner, Space, Told, Value};
use support::*;

fn record(kv: &Arc<dyn greenroom_memory::KeyValue>, name: &str) -> Record {
    Record::read(Arc::clone(kv), name).unwrap().timeless()
}

fn overs(record: &Record) -> Vec<&Over> {
    record.trials.iter().map(|trial| trial.over().unwrap()).collect()
}

/// Takes as long as chance wants, so that trials end in another order.
fn uneven(task: &Task<'_>) -> Result<Measured, Unmeasured> {
    std::thread::sleep(Duration::from_micros(Draws::new(task.seed).below(2_000)));
    formula(task)
}

#[test]
fn the_same_seed_gives_the_same_trials_whatever_the_parallelism() {
    let of = |parallel| {
        let kv = memory();
        let summary = finish(&mut open(&kv, config("a")), parallel, uneven);
        assert_eq!(summary.end, End::Trials { made: 40 });
        record(&kv, "a")
    };
    let alone = of(1);
    let outcomes = overs(&alone);
    let count = |of: fn(&Outcome) -> bool| outcomes.iter().filter(|over| of(&over.outcome)).count();
    let complete = count(|outcome| matches!(outcome, Outcome::Complete { .. }));
    let pruned = count(|outcome| matches!(outcome, Outcome::Pruned { .. }));
    assert!(complete >= 5 && pruned >= 5, "both are compared: {complete} complete, {pruned} pruned");
    assert!(outcomes.iter().filter(|over| !over.again.is_empty()).count() >= 3, "the best are compared");
    for parallel in [2, 4, 9] {
        assert_eq!(of(parallel), alone, "{parallel} beside each other");
    }
    let other = memory();
    finish(&mut open(&other, greenroom_evolve::study::Config { seed: 8, ..config("a") }), 1, formula);
    assert_ne!(record(&other, "a").trials[0].point, alone.trials[0].point);
}

/// Keeps what it was told.
struct Listening(Mutex<BTreeMap<u64, Heard>>);

/// The numbers of those told, and the points of those pending.
type Heard = (Vec<u64>, Vec<Point>);

impl Sampler for Listening {
    fn name(&self) -> &'static str {
        "random"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        let told = seen.told.iter().map(|told| told.number).collect();
        self.0.lock().unwrap().insert(number, (told, seen.pending.to_vec()));
        Random.suggest(space, seen, number, draws)
    }
}

#[test]
fn a_trial_knows_those_before_its_lag_and_what_is_pending_after() {
    let kv = memory();
    let warm = Told {
        number: 900,
        point: BTreeMap::from([("x".to_owned(), Value::Float(0.5))]),
        outcome: Outcome::Complete { values: vec![1.0], violations: vec![0.0] },
    };
    let config = greenroom_evolve::study::Config { lag: 3, warm: vec![warm], ..plain("a") };
    let listening = Listening(Mutex::default());
    let stop = AtomicBool::new(false);
    let options = Options { parallel: 8, stop: &stop };
    run(&mut open(&kv, config), &listening, &Formula(uneven), options, &|_| ()).unwrap();
    let trials = record(&kv, "a").trials;
    for (number, (told, pending)) in listening.0.into_inner().unwrap() {
        let known = (number + 1).saturating_sub(3);
        let expected: Vec<u64> = std::iter::once(900).chain(0..known).collect();
        assert_eq!(told, expected, "trial {number}");
        let between = trials[known as usize..number as usize].iter().map(|trial| trial.point.clone());
        assert_eq!(pending, between.collect::<Vec<_>>(), "trial {number}");
    }
}

#[test]
fn what_cannot_be_evaluated_ends_one_trial() {
    let kv = memory();
    let evaluate = |task: &Task<'_>| match task.number % 8 {
        0 => Ok(Measured { values: vec![f64::NAN], constrained: vec![0.0], ..Measured::default() }),
        1 => Ok(Measured { values: vec![1.0], constrained: vec![f64::INFINITY], ..Measured::default() }),
        2 => Ok(Measured::default()),
        3 => panic!("row {} of 3", task.number),
        4 => {
            let (why, cost) = ("é".repeat(9_000), support::cost(7));
            Err(Unmeasured::Failed { failure: Failure::Budget, why, cost })
        }
        _ => formula(&Task { point: &point(0.5), ..*task }),
    };
    let summary = finish(&mut open(&kv, plain("a")), 2, evaluate);
    assert_eq!(summary.end, End::Trials { made: 40 });
    let record = record(&kv, "a");
    let failed = |number: usize| match &record.trials[number].over().unwrap().outcome {
        Outcome::Failed { failure, why } => (*failure, why.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(0), (Failure::Undefined, "`ndcg@10` is NaN, expected a finite number".to_owned()));
    assert_eq!(failed(1), (Failure::Undefined, "`fuel` is inf, expected a finite number".to_owned()));
    assert_eq!(failed(2), (Failure::Host, "the evaluator gave 0 values for the study's 1 objectives".to_owned()));
    assert_eq!(failed(11), (Failure::Host, "the evaluator panicked: row 11 of 3".to_owned()));
    assert_eq!(failed(4), (Failure::Budget, "é".repeat(500)));
    assert_eq!(record.trials[4].over().unwrap().cost.fuel, 7);
    assert!((5..8).all(|number| matches!(record.trials[number].over().unwrap().outcome, Outcome::Complete { .. })));
}

#[test]
fn larger_is_better_and_violations_are_shares_of_their_bounds() {
    use greenroom_evolve::study::{Bound, Config};
    let kv = memory();
    let config = Config {
        objectives: vec![
            Objective { name: "ndcg@10".to_owned(), direction: Direction::Maximise },
            Objective { name: "gini".to_owned(), direction: Direction::Minimise },
        ],
        constraints: vec![
            Constraint { name: "fuel".to_owned(), bound: Bound::Max(200.0) },
            Constraint { name: "coverage".to_owned(), bound: Bound::Min(0.5) },
            Constraint { name: "faults".to_owned(), bound: Bound::Max(0.0) },
        ],
        budget: Budget { trials: 1, fuel: None, time_us: None },
        ..plain("a")
    };
    let measured = Measured { values: vec![0.1, 0.9], constrained: vec![300.0, 0.6, 2.0], ..Measured::default() };
    finish(&mut open(&kv, config), 1, |_| Ok(measured.clone()));
    let record = record(&kv, "a");
    let Outcome::Complete { values, violations } = &overs(&record)[0].outcome else { panic!() };
    assert_eq!(*values, [0.1, -0.9]);
    assert!(violations.iter().zip([0.5, -0.2, 2.0]).all(|(found, expected)| (found - expected).abs() < 1e-12));
}

#[test]
fn fuel_ends_a_study_at_the_same_trial_whatever_the_parallelism() {
    let of = |parallel, fuel| {
        let kv = memory();
        let budget = Budget { trials: 40, fuel: Some(fuel), time_us: None };
        let config = greenroom_evolve::study::Config { budget, ..config("a") };
        let end = finish(&mut open(&kv, config), parallel, uneven).end;
        (end, record(&kv, "a"))
    };
    let (end, alone) = of(1, 2_500);
    let made = alone.trials.len() as u64;
    assert!(made < 40 && matches!(end, End::Fuel { budget: 2_500, made: found, .. } if found == made), "{end:?}");
    assert_eq!(of(4, 2_500), (end, alone));
    let (end, few) = of(1, 1);
    assert_eq!(few.trials.len(), 4, "as many as know nothing of each other");
    assert!(end.to_string().ends_with("fuel of 1 are spent after 4 trials"), "{end}");
}

#[test]
fn a_trial_that_is_hopeless_on_few_subjects_is_not_evaluated_on_more() {
    let kv = memory();
    let config = greenroom_evolve::study::Config {
        pruner: Pruner::Median { others_min: 5 },
        elites: None,
        lag: 1,
        ..config("a")
    };
    let calls = Mutex::new(BTreeMap::<u64, Vec<usize>>::new());
    finish(&mut open(&kv, config), 1, |task| {
        calls.lock().unwrap().entry(task.number).or_default().push(task.rung);
        // Each trial is worse than all before it.
        let values = vec![-(task.number as f64)];
        Ok(Measured { values, constrained: vec![0.0], cost: support::cost(1), inner: BTreeMap::new() })
    });
    let calls = calls.into_inner().unwrap();
    let record = record(&kv, "a");
    for (number, over) in overs(&record).into_iter().enumerate() {
        let rungs = if number < 5 { 3 } else { 1 };
        assert_eq!(calls[&(number as u64)], (0..rungs).collect::<Vec<_>>(), "trial {number}");
        assert_eq!((over.rungs.len(), over.cost.fuel), (rungs, rungs as u64));
        let pruned = Outcome::Pruned { rung: 0, values: vec![-(number as f64)] };
        assert_eq!(over.outcome == pruned, number >= 5, "trial {number}: {:?}", over.outcome);
    }
}

#[test]
fn the_best_are_evaluated_anew_before_others_know_them() {
    let kv = memory();
    let elites = Some(Elites { top: 2, every: 5 });
    let config = greenroom_evolve::study::Config { elites, lag: 1, ..plain("a") };
    let config = greenroom_evolve::study::Config { budget: Budget { trials: 11, fuel: None, time_us: None }, ..config };
    // Trial 3 was lucky, trial 4 traps with other seeds, trial 1 is as good as it looks.
    let evaluate = |task: &Task<'_>| {
        let value = match (task.number, task.round) {
            (3, 0) => 9.0,
            (3, _) => 1.0,
            (4, 0) => 8.0,
            (4, _) => f64::NAN,
            (1, _) => 7.0,
            _ => 0.0,
        };
        Ok(Measured { values: vec![value], constrained: vec![0.0], ..Measured::default() })
    };
    let heard = Mutex::new(Vec::<Vec<Told>>::new());
    struct Hearing<'a>(&'a Mutex<Vec<Vec<Told>>>);
    impl Sampler for Hearing<'_> {
        fn name(&self) -> &'static str {
            "random"
        }
        fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
            self.0.lock().unwrap().push(seen.told.to_vec());
            Random.suggest(space, seen, number, draws)
        }
    }
    let stop = AtomicBool::new(false);
    let options = Options { parallel: 2, stop: &stop };
    let mut study = open(&kv, config);
    run(&mut study, &Hearing(&heard), &Formula(evaluate), options, &|_| ()).unwrap();
    let heard = heard.into_inner().unwrap();
    let value = |number: usize, of: usize| heard[number][of].outcome.clone();
    let complete = |value: f64| Outcome::Complete { values: vec![value], violations: vec![-1.0] };
    assert_eq!(value(4, 3), complete(9.0));
    assert_eq!(value(5, 3), complete(5.0), "the mean of 9 and 1");
    assert!(matches!(value(5, 4), Outcome::Failed { failure: Failure::Undefined, .. }), "{:?}", value(5, 4));
    // Before trial 10 the best two are 1 and 3.
    assert_eq!(value(10, 3), complete((9.0 + 1.0 + 1.0) / 3.0));
    let again: Vec<usize> = study.course().trials().iter().map(|trial| trial.over().unwrap().again.len()).collect();
    assert_eq!(again, [0, 1, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(study.course().elites(2, u64::MAX), [1, 3]);
}

#[test]
fn evaluations_of_one_round_share_a_seed_and_each_has_its_own() {
    let kv = memory();
    let seeds = Mutex::new(Vec::new());
    finish(&mut open(&kv, config("a")), 2, |task| {
        seeds.lock().unwrap().push((task.round, task.number, task.seed, task.shared_seed));
        formula(task)
    });
    let seeds = seeds.into_inner().unwrap();
    let (mut own, mut shared) = (BTreeMap::new(), BTreeMap::new());
    for (round, number, seed, shared_seed) in seeds {
        assert_eq!(*own.entry((round, number)).or_insert(seed), seed, "rungs of a trial have its seed");
        assert_eq!(*shared.entry(round).or_insert(shared_seed), shared_seed);
    }
    let distinct = |seeds: Vec<u64>| seeds.iter().collect::<std::collections::BTreeSet<_>>().len() == seeds.len();
    assert!(distinct(own.into_values().collect()) && distinct(shared.clone().into_values().collect()));
    assert!(shared.len() >= 3, "there were rounds: {shared:?}");
}

#[test]
fn who_stops_loses_nothing_and_goes_on_to_the_same_end() {
    let undisturbed = memory();
    finish(&mut open(&undisturbed, config("a")), 1, formula);
    let (kv, evaluated) = (memory(), AtomicU64::new(0));
    loop {
        let (stop, over) = (AtomicBool::new(false), AtomicU64::new(0));
        let on_event = |event: &Event<'_>| {
            if matches!(event, Event::Over(..)) && over.fetch_add(1, Ordering::Relaxed) == 2 {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let evaluate = |task: &Task<'_>| {
            evaluated.fetch_add(1, Ordering::Relaxed);
            // Some are dropped by whoever evaluates.
            if stop.load(Ordering::Relaxed) && task.seed.is_multiple_of(2) {
                Err(Unmeasured::Dropped)
            } else {
                uneven(task)
            }
        };
        let mut study = open(&kv, config("a"));
        let options = Options { parallel: 3, stop: &stop };
        match run(&mut study, &Random, &Formula(evaluate), options, &on_event).unwrap().end {
            End::Stopped { made } => assert!(made <= 40),
            end => break assert_eq!(end, End::Trials { made: 40 }),
        }
    }
    assert_eq!(record(&kv, "a"), record(&undisturbed, "a"));
    let again = AtomicU64::new(0);
    finish(&mut open(&kv, config("a")), 2, |task| {
        again.fetch_add(1, Ordering::Relaxed);
        formula(task)
    });
    assert_eq!(again.into_inner(), 0, "a study that is over evaluates nothing");
}

/// Has no point for one trial, or one that is not of the space.
struct Stuck(u64, Option<Point>);

impl Sampler for Stuck {
    fn name(&self) -> &str {
        "random"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        self.try_suggest(space, seen, number, draws).unwrap_or_default()
    }

    fn try_suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Result<Point, String> {
        match &self.1 {
            _ if number != self.0 => Ok(Random.suggest(space, seen, number, draws)),
            None => Err("it has no idea".to_owned()),
            Some(point) => Ok(point.clone()),
        }
    }
}

#[test]
fn a_sampler_without_a_point_stops_the_study_which_goes_on_as_if_nothing_had_been() {
    let kv = memory();
    finish(&mut open(&kv, plain("whole")), 2, formula);
    let wrong = BTreeMap::from([("x".to_owned(), Value::Float(2.0)), ("z".to_owned(), Value::Boolean(true))]);
    let stop = AtomicBool::new(false);
    for (stuck, expected) in [
        (Stuck(7, None), ["trial 7", "it has no idea"]),
        (Stuck(9, Some(wrong)), ["`x` is 2: expected a number from 0 to 1; `y` is missing", "`z` is unknown"]),
    ] {
        let mut study = open(&kv, plain("stuck"));
        let options = Options { parallel: 2, stop: &stop };
        let error = run(&mut study, &stuck, &Formula(formula), options, &|_| ()).unwrap_err().to_string();
        assert!(expected.iter().all(|part| error.contains(part)), "{error}");
        let over = study.course().trials().iter().filter(|trial| trial.over().is_some()).count() as u64;
        assert_eq!(over, stuck.0, "what was asked for before is finished");
    }
    finish(&mut open(&kv, plain("stuck")), 2, formula);
    assert_eq!(record(&kv, "stuck").timeless().trials, record(&kv, "whole").timeless().trials);
}
