//! What does not change a split, and what only renames its items.

use super::*;

/// Twenty subjects with ten positives each, and with rows that they rated low: `low` says which items, and when.
fn with_low(low: &[(u32, i64)]) -> Events {
    let mut rows: Vec<String> = Vec::new();
    for user in 0..20 {
        for step in 0..10 {
            rows.push(format!("u{user} i{} 5 {}", (user * 3 + step * 7) % 25, step * 100 + user));
        }
        rows.extend(low.iter().map(|(item, time)| format!("u{user} i{} 3.5 {time}", (user + item) % 25)));
    }
    events(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Neither who is asked, nor what is known of it, nor what it can be answered: whoever disliked an item, and whenever, it is a
/// candidate, and an agent that saw who dislikes what would see more than is there.
#[test]
fn low_ratings_change_no_protocol() {
    let (liked, both) = (with_low(&[]), with_low(&[(1, -5), (4, 450), (9, 5_000), (13, 5_000)]));
    assert_eq!(p1(&both).unwrap(), p1(&liked).unwrap());
    let part = |events: &Events| within(&p1(events).unwrap(), 0.6, 0.8);
    assert_eq!(part(&both), part(&liked));
    let splits = |exam: Exam| exam.blocks.iter().map(|block| (*block.split).clone()).collect::<Vec<_>>();
    assert_eq!(splits(p2(&both, "").unwrap()), splits(p2(&liked, "").unwrap()));
    assert_eq!(splits(p3(&both).unwrap()), splits(p3(&liked).unwrap()));
}

#[test]
fn items_by_hash_are_the_same_rows_in_an_order_that_says_nothing() {
    let split = p1(&movielens()).unwrap();
    let hashed = split.with_items_by_hash("");
    assert_eq!(
        (rows(&hashed, &hashed.train), rows(&hashed, &hashed.test)),
        (rows(&split, &split.train), rows(&split, &split.test))
    );
    assert_ne!(split.with_items_by_hash("salt").items, hashed.items);
    // How popular the first ten are, of all: by id they are what was there first, and is known best.
    let first =
        |split: &Split| split.train.items.iter().filter(|item| **item < 100).count() as f64 / split.train.len() as f64;
    let even = 100.0 / split.items.len() as f64;
    assert!(first(&split) > 2.0 * even, "{} of {even}", first(&split));
    assert!(first(&hashed) < 1.5 * even, "{} of {even}", first(&hashed));
    // Whoever does not go by rows is judged alike.
    let judged = |split: &Split| {
        let judge = Judge::new(split, &Thresholds { cold_max: 20, light_max: 100 });
        judge.judge(&popularity(split, &judge)).estimate(Metric::Ndcg, None).value
    };
    assert!((judged(&split) - judged(&hashed)).abs() < 0.002, "{} and {}", judged(&split), judged(&hashed));
}
