#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use super::*;
use crate::draws::Draws;

/// Differences as those of two recommenders: nothing for most subjects, and skewed steps for the others.
fn differences(seed: u64, subjects: usize, gain: f64) -> Vec<f64> {
    let mut draws = Draws::new(seed);
    let steps = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, -0.1, 0.4, -0.4, 0.0, 0.0, 0.05, -0.05, 1.0, -1.0];
    let mut values = Vec::new();
    while values.len() < subjects {
        draws.places(16, |place| values.push(steps[place] + gain));
    }
    values.truncate(subjects);
    values
}

fn family(seed: u64) -> Family {
    Family { resamples: 500, seed, ..Family::default() }
}

#[test]
fn an_interval_is_that_of_the_central_limit() {
    let values: Vec<f64> = (0..2_000).map(|i: u32| f64::from(i * 7919 % 2_000) / 1_000.0 - 0.95).collect();
    let mean = values.iter().sum::<f64>() / 2_000.0;
    let se = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2_000.0 / 2_000.0).sqrt();
    // The ends vary by chance, by 0.03 standard errors; their means over 25 seeds by 0.005.
    let of_seed = |seed| Bootstrap { seed, ..Bootstrap::default() }.interval(&values).unwrap();
    let intervals: Vec<Interval> = (0..25).map(of_seed).collect();
    assert!((intervals[0].difference - mean).abs() < 1e-9);
    let mean_of = |end: fn(&Interval) -> f64| intervals.iter().map(end).sum::<f64>() / 25.0;
    let (low, high) = (mean_of(|interval| interval.low), mean_of(|interval| interval.high));
    assert!((low - (mean - 1.96 * se)).abs() < 0.03 * se, "{low}");
    assert!((high - (mean + 1.96 * se)).abs() < 0.03 * se, "{high}");
    // An arm alone is a family of one.
    let alone = Family::default().judge(std::slice::from_ref(&values)).unwrap()[0];
    assert!((alone.se - se).abs() < 1e-12);
    assert!((alone.low - (mean - 1.96 * se)).abs() < 0.1 * se, "{alone:?}");
    assert!((alone.high - (mean + 1.96 * se)).abs() < 0.1 * se, "{alone:?}");
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let values: Vec<f64> = (0..501_u32).map(|i| f64::from(i % 17) - 8.0).collect();
    let with_seed = |seed| Bootstrap { seed, ..Bootstrap::default() }.interval(&values).unwrap();
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1), with_seed(2));
    assert_eq!(Bootstrap::default().interval(&[]), None);
    let zero = Interval { difference: 0.0, low: 0.0, high: 0.0 };
    assert_eq!(Bootstrap::default().interval(&[0.0; 9]), Some(zero));
    let arms = [values.clone(), differences(5, 501, 0.0)];
    assert_eq!(family(1).judge(&arms), family(1).judge(&arms));
    assert_ne!(family(1).judge(&arms), family(2).judge(&arms));
}

#[test]
fn the_best_of_ten_arms_without_a_difference_is_seldom_found_better() {
    let (mut alone, mut together) = (0, 0);
    for study in 0..200 {
        let arms: Vec<Vec<f64>> = (0..10).map(|arm| differences(study * 100 + arm, 300, 0.0)).collect();
        alone += i32::from(arms.iter().any(|arm| family(7).judge(std::slice::from_ref(arm)).unwrap()[0].low > 0.0));
        let judged = family(study).judge(&arms).unwrap();
        together += i32::from(judged.iter().any(|arm| arm.low > 0.0));
        assert!(judged.iter().all(|arm| (arm.p <= 0.025) == (arm.low > 0.0)), "{judged:?}");
    }
    // 5 of 200 are expected, and 12 or more come once in 250 times; 45 when each is judged alone.
    assert!(together <= 11, "{together}");
    assert!(alone >= 25, "{alone}");
}

#[test]
fn a_difference_among_others_is_found() {
    let found = |study: u64| {
        let gain = |arm| if arm == 3 { 0.08 } else { 0.0 };
        let arms: Vec<Vec<f64>> = (0..10).map(|arm| differences(study * 100 + arm, 659, gain(arm))).collect();
        let judged = family(study).judge(&arms).unwrap();
        assert!(judged[3].low < 0.08 + 4.0 * judged[3].se && judged[3].high > 0.08 - 4.0 * judged[3].se);
        judged[3].low > 0.0
    };
    let count = (0..50).filter(|study| found(*study)).count();
    assert!(count >= 45, "{count}");
}

#[test]
fn arms_that_are_alike_cost_each_other_little() {
    let one = differences(1, 659, 0.03);
    let alone = family(3).judge(std::slice::from_ref(&one)).unwrap()[0];
    let same = family(3).judge(&vec![one; 10]).unwrap();
    assert!(same.iter().all(|arm| (arm.low - alone.low).abs() < 1e-12), "{alone:?} {same:?}");
}

#[test]
fn what_cannot_be_judged_is_not() {
    assert_eq!(Family::default().judge(&[]), None);
    assert_eq!(Family::default().judge(&[vec![]]), None);
    assert_eq!(Family::default().judge(&[vec![1.0], vec![1.0, 2.0]]), None);
    assert_eq!(Family::default().judge(&[vec![f64::NAN, 0.0]]), None);
    let same = Family::default().judge(&[vec![0.5; 40], vec![0.0; 40]]).unwrap();
    assert!(same.iter().all(|arm| arm.p == 1.0 && arm.low < 0.0 && arm.high > 0.0), "{same:?}");
    let few = Family { resamples: 30, ..Family::default() }.judge(&[differences(1, 50, 9.0)]).unwrap();
    assert!(few[0].low < 0.0 && few[0].high > 9.0, "30 samples say nothing of one in 40: {few:?}");
}
