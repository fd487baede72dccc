//! What every sampler keeps, and what each is there for.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use greenroom_evolve::sampler::{NAMES, Sampler, Seen, named};
use greenroom_evolve::{Condition, Dimension, Domain, Draws, Failure, Outcome, Point, Space, Told, Value, child_seed};
use proptest::prelude::*;
use support::{numbers, space_of};

fn complete(value: f64) -> Outcome {
    Outcome::Complete { values: vec![value], violations: Vec::new() }
}

fn float(low: f64, high: f64) -> Domain {
    Domain::Float { low, high, log: false }
}

fn integer(low: i64, high: i64) -> Domain {
    Domain::Integer { low, high, log: false }
}

/// The trials of a study whose outcomes are `judge`'s.
fn study(sampler: &dyn Sampler, space: &Space, seed: u64, trials: u64, judge: impl Fn(&Point) -> Outcome) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for number in 0..trials {
        let objectives = match told.first().map(|trial| &trial.outcome) {
            Some(Outcome::Complete { values, .. }) => values.len(),
            _ => 1,
        };
        let seen = Seen { told: &told, pending: &[], objectives };
        let point = sampler.suggest(space, seen, number, &mut Draws::new(child_seed(seed, number)));
        assert_eq!(space.check(&point), Vec::<String>::new(), "{} suggested {point:?}", sampler.name());
        let outcome = judge(&point);
        told.push(Told { number, point, outcome });
    }
    told
}

/// The best value of each of some studies, on average.
fn reached(name: &str, space: &Space, trials: u64, judge: impl Fn(&Point) -> f64) -> f64 {
    let best = |seed| {
        let sampler = named(name, seed).unwrap();
        let told = study(sampler.as_ref(), space, seed, trials, |point| complete(judge(point)));
        told.iter().map(|trial| judge(&trial.point)).fold(f64::NEG_INFINITY, f64::max)
    };
    (0..6).map(best).sum::<f64>() / 6.0
}

fn domain() -> impl Strategy<Value = Domain> {
    prop_oneof![
        (-1e3..1e3_f64, 0.0..1e3_f64).prop_map(|(low, width)| float(low, low + width)),
        Just(float(f64::MIN, f64::MAX)),
        (1e-9..1.0_f64, 0.0..1e6_f64).prop_map(|(low, width)| Domain::Float { low, high: low + width, log: true }),
        (-50_i64..50, 0_i64..100).prop_map(|(low, width)| integer(low, low + width)),
        Just(integer(i64::MIN, i64::MAX)),
        (1_i64..50, 0_i64..5_000).prop_map(|(low, width)| Domain::Integer { low, high: low + width, log: true }),
        (1_usize..6).prop_map(|count| Domain::Choice { options: (0..count).map(|i| format!("o{i}")).collect() }),
        Just(Domain::Boolean),
    ]
}

/// Spaces whose dimensions may hang on the one before.
fn any_space() -> impl Strategy<Value = Space> {
    prop::collection::vec((domain(), any::<bool>()), 0..6).prop_map(|all| {
        let mut dimensions: Vec<Dimension> = Vec::new();
        for (i, (domain, hangs)) in all.into_iter().enumerate() {
            let on = dimensions.last().filter(|_| hangs).and_then(|before| {
                let values = match &before.domain {
                    Domain::Float { .. } => return None,
                    Domain::Integer { low, .. } => vec![low.to_string()],
                    Domain::Choice { options } => {
                        options.iter().skip(1).chain(options.first()).take(2).cloned().collect()
                    }
                    Domain::Boolean => vec!["true".to_owned()],
                };
                Some(Condition { dimension: before.name.clone(), values })
            });
            dimensions.push(Dimension { name: format!("d{i}"), domain, condition: on });
        }
        Space::new(dimensions).unwrap()
    })
}

/// Trials of every kind of outcome.
fn outcome(draws: &mut Draws, objectives: usize) -> Outcome {
    let mut values = || (0..objectives).map(|_| (draws.unit() - 0.5) * 1e3).collect::<Vec<f64>>();
    let values = values();
    match draws.below(6) {
        0 => Outcome::Failed { failure: Failure::Fault, why: String::new() },
        1 => Outcome::Pruned { rung: 1, values },
        2 => Outcome::Complete { values, violations: vec![draws.unit(), f64::INFINITY] },
        3 => Outcome::Complete { values: vec![1.0; objectives], violations: vec![-1.0] },
        _ => Outcome::Complete { values, violations: vec![0.0] },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_sampler_gives_a_point_of_any_space_and_the_same_again(space in any_space(), seed: u64, objectives in 1_usize..4) {
        for name in NAMES {
            let sampler = named(name, seed).unwrap();
            prop_assert_eq!(sampler.name(), name);
            let mut told: Vec<Told> = Vec::new();
            let mut draws = Draws::new(seed);
            for number in 0..30 {
                let pending: Vec<Point> = told.iter().rev().take(2).map(|trial| trial.point.clone()).collect();
                let seen = Seen { told: &told, pending: &pending, objectives };
                let point = sampler.suggest(&space, seen, number, &mut draws.clone());
                prop_assert_eq!(space.check(&point), Vec::<String>::new(), "{} suggested {:?}", name, point);
                let again = named(name, seed).unwrap().suggest(&space, seen, number, &mut draws.clone());
                prop_assert_eq!(&point, &again, "{} went another way without what it had cached", name);
                let outcome = outcome(&mut draws, objectives);
                told.push(Told { number, point, outcome });
            }
        }
    }
}

#[test]
fn each_value_of_a_whole_number_has_the_same_chance() {
    let space = space_of(vec![integer(1, 4)]);
    let told = study(named("random", 1).unwrap().as_ref(), &space, 1, 8_000, |_| complete(0.0));
    for value in 1..=4 {
        let count = told.iter().filter(|trial| trial.point["x00"] == Value::Integer(value)).count();
        assert!((1_850..2_150).contains(&count), "{value} came {count} times of 8000");
    }
}

#[test]
fn quasi_random_points_leave_no_gap() {
    let space = space_of(vec![float(0.0, 1.0); 3]);
    let told = study(named("quasi-random", 5).unwrap().as_ref(), &space, 5, 64, |_| complete(0.0));
    for dimension in 0..3 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 63")]
        let cells: BTreeSet<usize> = told.iter().map(|t| (numbers(&t.point)[dimension] * 64.0) as usize).collect();
        assert_eq!(cells.len(), 64, "dimension {dimension}");
    }
    let other = study(named("quasi-random", 6).unwrap().as_ref(), &space, 5, 64, |_| complete(0.0));
    assert_ne!(told[1].point, other[1].point, "another study, another scramble");
}

#[test]
fn what_learns_beats_chance_on_a_smooth_hill() {
    let space = space_of(vec![float(-5.0, 5.0), float(-5.0, 5.0), integer(-9, 9), float(-5.0, 5.0)]);
    let hill = |point: &Point| -numbers(point).iter().map(|x| (x - 1.3) * (x - 1.3)).sum::<f64>();
    let chance = reached("random", &space, 80, hill);
    for (name, share) in [
        ("tpe", 0.5),
        ("tpe-multivariate", 0.5),
        ("cma-es", 0.5),
        ("nsga2", 0.9),
        ("gaussian-process", 0.1),
        ("auto", 0.1),
    ] {
        let reached = reached(name, &space, 80, hill);
        assert!(reached > chance * share, "{name} reached {reached}, chance {chance}");
    }
}

#[test]
fn cma_es_follows_a_bent_valley_better_than_independent_densities() {
    let space = space_of(vec![float(-2.0, 2.0); 6]);
    let valley = |point: &Point| {
        let x = numbers(point);
        -x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum::<f64>()
    };
    let (cma, tpe) = (reached("cma-es", &space, 250, valley), reached("tpe", &space, 250, valley));
    assert!(cma > tpe * 0.5, "cma-es reached {cma}, tpe {tpe}");
}

#[test]
fn a_whole_number_does_not_freeze() {
    // Every other dimension draws the distribution narrow long before the whole number is right.
    let space = space_of(vec![integer(0, 20), integer(0, 1), float(0.0, 1.0)]);
    let judge = |point: &Point| {
        let x = numbers(point);
        -0.01 * (x[0] - 19.0).abs() - 0.005 * (1.0 - x[1]) - 10.0 * (x[2] - 0.5).abs()
    };
    for seed in 0..5 {
        let told = study(named("cma-es", seed).unwrap().as_ref(), &space, seed, 400, |point| complete(judge(point)));
        let late: BTreeSet<String> = told[300..].iter().map(|trial| trial.point["x01"].to_string()).collect();
        let first: BTreeSet<String> = told[300..].iter().map(|trial| trial.point["x00"].to_string()).collect();
        assert!(late.len() == 2 && first.len() > 1, "seed {seed}: {late:?} {first:?}");
    }
}

#[test]
fn parallel_trials_go_apart() {
    let space = space_of(vec![integer(0, 3), integer(0, 3)]);
    let judge = |point: &Point| complete(-numbers(point).iter().sum::<f64>());
    for name in ["gaussian-process", "auto", "nsga2"] {
        let sampler = named(name, 1).unwrap();
        let told = study(sampler.as_ref(), &space, 1, 8, judge);
        let mut pending: Vec<Point> = Vec::new();
        for number in 8..11 {
            let seen = Seen { told: &told, pending: &pending, objectives: 1 };
            let point = sampler.suggest(&space, seen, number, &mut Draws::new(child_seed(1, number)));
            assert!(name == "nsga2" || !pending.contains(&point), "{name} suggested {point:?} twice");
            pending.push(point);
        }
    }
}

#[test]
fn what_was_tried_is_not_suggested_again_while_there_is_more() {
    let space = space_of(vec![integer(0, 5), integer(0, 5)]);
    let told = study(named("auto", 3).unwrap().as_ref(), &space, 3, 30, |point| {
        complete(-(numbers(point)[0] - 2.0).powi(2) - numbers(point)[1])
    });
    let points: BTreeSet<String> = told.iter().map(|trial| format!("{:?}", trial.point)).collect();
    assert!(points.len() >= 28, "{} different points of 30", points.len());
}

#[test]
fn bounds_are_kept_rather_than_values() {
    // The hill's top is where the constraint is broken.
    let space = space_of(vec![float(0.0, 1.0), float(0.0, 1.0)]);
    let judge = |point: &Point| {
        let x = numbers(point);
        Outcome::Complete { values: vec![x[0] + x[1]], violations: vec![1e6 * (x[0] - 0.3)] }
    };
    for name in ["tpe", "tpe-multivariate", "cma-es", "nsga2", "gaussian-process"] {
        let told = study(named(name, 2).unwrap().as_ref(), &space, 2, 90, judge);
        let held = told[60..].iter().filter(|trial| numbers(&trial.point)[0] <= 0.3).count();
        // The best is at the bound, so about half is beyond it; chance would hold it 9 times, and the hill alone hardly ever.
        assert!(held > 11, "{name} held the constraint {held} times of 30");
    }
}

#[test]
fn failures_are_left_behind() {
    let space = space_of(vec![float(0.0, 1.0), float(0.0, 1.0)]);
    let judge = |point: &Point| {
        let x = numbers(point);
        if x[0] > 0.5 { Outcome::Failed { failure: Failure::Fault, why: "trap".to_owned() } } else { complete(x[1]) }
    };
    for name in ["tpe", "tpe-multivariate", "cma-es", "nsga2", "gaussian-process"] {
        let told = study(named(name, 4).unwrap().as_ref(), &space, 4, 90, judge);
        let worked = told[60..].iter().filter(|trial| numbers(&trial.point)[0] <= 0.5).count();
        assert!(worked > 20, "{name} avoided the failures {worked} times of 30");
    }
}

#[test]
fn densities_of_a_choice_that_was_not_made_are_not_mixed_in() {
    let hanging = |name: &str, option: &str| Dimension {
        name: name.to_owned(),
        domain: float(0.0, 1.0),
        condition: Some(Condition { dimension: "kind".to_owned(), values: vec![option.to_owned()] }),
    };
    let kind = Domain::Choice { options: vec!["a".to_owned(), "b".to_owned()] };
    let kind = Dimension { name: "kind".to_owned(), domain: kind, condition: None };
    let space = Space::new(vec![kind, hanging("of_a", "a"), hanging("of_b", "b")]).unwrap();
    // With `b` the best is at 0.9, with `a` it is at 0.1 and worse.
    let judge = |point: &Point| match (point.get("of_a"), point.get("of_b")) {
        (Some(Value::Float(x)), None) => -1.0 - (x - 0.1).abs(),
        (None, Some(Value::Float(x))) => -(x - 0.9).abs(),
        _ => panic!("{point:?}"),
    };
    for name in ["tpe", "tpe-multivariate", "nsga2", "auto"] {
        let reached = reached(name, &space, 60, judge);
        assert!(reached > -0.05, "{name} reached {reached}");
    }
}

#[test]
fn several_objectives_are_spread_along_their_front() {
    // The front is the line x1 = 0, from (0, 1) to (1, 0).
    let space = space_of(vec![float(0.0, 1.0); 4]);
    let judge = |point: &Point| {
        let x = numbers(point);
        let off = 1.0 + x[1..].iter().sum::<f64>();
        Outcome::Complete { values: vec![-x[0] * off, -(1.0 - x[0]) * off], violations: Vec::new() }
    };
    // What is dominated by the found points, of the square below (0, 0).
    let volume = |told: &[Told]| {
        let mut points: Vec<(f64, f64)> = (told.iter())
            .map(|trial| match &trial.outcome {
                Outcome::Complete { values, .. } => (1.5 + values[0], 1.5 + values[1]),
                other => panic!("{other:?}"),
            })
            .filter(|(a, b)| *a > 0.0 && *b > 0.0)
            .collect();
        points.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut reached = 0.0;
        points.iter().fold(0.0, |sum, (a, b)| {
            let more = (b - reached).max(0.0) * a;
            reached = b.max(reached);
            sum + more
        })
    };
    let of = |name: &str| {
        (0..4).map(|seed| volume(&study(named(name, seed).unwrap().as_ref(), &space, seed, 200, judge))).sum::<f64>()
            / 4.0
    };
    let chance = of("random");
    for name in ["nsga2", "auto", "tpe-multivariate"] {
        let reached = of(name);
        assert!(reached > chance * 1.1, "{name} covers {reached}, chance {chance}");
    }
}

/// Of forty dimensions six matter much, and where the study begins is not far off: few samples say more of what is beside it
/// than of the space.
#[test]
fn what_is_given_is_improved_on_where_a_space_is_too_large_to_be_known() {
    let space = space_of(vec![float(0.0, 1.0); 40]);
    let worth = |point: &Point| -> f64 {
        let squares = numbers(point).into_iter().enumerate();
        let far = squares.map(|(i, x)| if i % 7 == 0 { 6.0 * (x - 0.4).powi(2) } else { 0.3 * (x - 0.5).powi(2) });
        (-far.sum::<f64>()).exp()
    };
    let start: Point = space.dimensions().iter().map(|of| (of.name.clone(), Value::Float(0.6))).collect();
    let gained = |seed: u64| {
        let sampler = named("auto", seed).unwrap();
        let mut told = vec![Told { number: 0, point: start.clone(), outcome: complete(worth(&start)) }];
        for number in 0..40 {
            let seen = Seen { told: &told, pending: &[], objectives: 1 };
            let point = sampler.suggest(&space, seen, number, &mut Draws::new(child_seed(seed, number)));
            assert!(told.iter().all(|before| before.point != point), "{point:?} was tried");
            told.push(Told { number, outcome: complete(worth(&point)), point });
        }
        let best = told.iter().map(|trial| worth(&trial.point)).fold(f64::NEG_INFINITY, f64::max);
        (best - worth(&start)) / (1.0 - worth(&start))
    };
    let mean = (0..5).map(gained).sum::<f64>() / 5.0;
    assert!(mean > 0.25, "a part of {mean:.2} of what was to be gained");
}

/// What a point shares with a trial it shares to the last bit: what was learned for it is good for the point too.
#[test]
fn what_is_not_changed_stays_as_it_is() {
    let wide = Domain::Float { low: 1e-4, high: 1000.0, log: true };
    let space = space_of(vec![wide; 20]);
    let start: Point = space.dimensions().iter().map(|of| (of.name.clone(), Value::Float(20.0))).collect();
    let mut told = vec![Told { number: 0, point: start.clone(), outcome: complete(1.0) }];
    let sampler = named("auto", 1).unwrap();
    for number in 0..5 {
        let seen = Seen { told: &told, pending: &[], objectives: 1 };
        let point = sampler.suggest(&space, seen, number, &mut Draws::new(child_seed(1, number)));
        let changed = point.iter().filter(|(name, value)| start[*name] != **value).count();
        assert!((1..=3).contains(&changed), "{changed} of trial {number}");
        told.push(Told { number, point, outcome: complete(0.5) });
    }
}
