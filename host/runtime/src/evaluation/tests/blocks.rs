//! Protocols with several blocks.

use super::*;

/// By subject: how many rows of a part it has.
fn counted(split: &Split, part: &Columns) -> Vec<usize> {
    segments::counts(split.users.len(), &part.users)
}

#[test]
fn folds_are_those_of_the_protocol() {
    assert_eq!([fold("1", ""), fold("42", ""), fold("1", "x")], [0, 2, 1]);
    // A salt makes other folds of the same subjects.
    let moved = (0..1_000).filter(|user| fold(&user.to_string(), "") != fold(&user.to_string(), "salt")).count();
    assert!((700..900).contains(&moved), "{moved}");
}

#[test]
fn p2_judges_each_subject_in_its_fold_and_each_of_its_later_positives_once() {
    let events = movielens();
    let exam = p2(&events, "").unwrap();
    let all = p1(&events).unwrap();
    assert_eq!(exam.blocks.len(), 25);
    let mut judged = vec![0; all.users.len()];
    for (number, block) in exam.blocks.iter().enumerate() {
        let split = &block.split;
        assert_eq!((&split.users, &split.items), (&all.users, &all.items));
        let (of, cut) = (number as u64 / 5, 5 + number % 5);
        let (train, test) = (counted(split, &split.train), counted(split, &split.test));
        for (user, id) in split.users.iter().enumerate() {
            let count = [&all.train, &all.test].map(|part| counted(&all, part)[user]).iter().sum::<usize>();
            if fold(id, "") != of {
                assert_eq!((train[user], test[user]), (count, 0), "{}: {id}", block.name);
                continue;
            }
            let low = (cut * count / 10).max(2);
            let high = if cut == 9 { count } else { ((cut + 1) * count / 10).max(low + 1) };
            assert_eq!((train[user], test[user]), (low, high - low), "{}: {id}", block.name);
            judged[user] += test[user];
        }
        // Nothing that is to be foretold lies before what is known of the same subject.
        let known = crate::past::Past::of(&split.train, split.users.len());
        for row in 0..split.test.len() {
            let last = known.history(split.test.users[row]).times.last().copied();
            assert!(split.test.time(row) >= last, "{}", block.name);
        }
    }
    assert!(judged.iter().all(|rows| *rows > 0));
}

#[test]
fn a_search_sees_nothing_of_the_fold_that_it_is_judged_on() {
    let folds = Folds::of(&movielens(), "").unwrap();
    for of in 0..FOLDS {
        let exam = folds.search(Some(of), &[6, 8]);
        assert_eq!(exam.blocks.len(), 2);
        for split in exam.blocks.iter().map(|block| &block.split) {
            let (train, test) = (counted(split, &split.train), counted(split, &split.test));
            for (user, id) in split.users.iter().enumerate() {
                assert_eq!(fold(id, "") == of, train[user] == 0, "{id}");
                assert_eq!(fold(id, "") == of, test[user] == 0, "{id}");
            }
        }
    }
    let everybody = folds.search(None, &[5]);
    let judge = Judge::new(&everybody.blocks[0].split, &Thresholds { cold_max: 10, light_max: 50 });
    assert_eq!(judge.users().len(), 659);
}

#[test]
fn p3_foretells_each_positive_from_what_lies_before_it() {
    let exam = p3(&movielens()).unwrap();
    assert_eq!(exam.blocks.len(), 14);
    let mut asked = 0;
    for block in &exam.blocks {
        let split = &block.split;
        assert!(split.train.times.iter().flatten().max() < split.test.times.iter().flatten().min(), "{}", block.name);
        let judge = Judge::new(split, &Thresholds { cold_max: 10, light_max: 50 });
        let (train, test) = (counted(split, &split.train), counted(split, &split.test));
        for question in judge.questions() {
            let user = question.user as usize;
            assert_eq!(question.known, train[user] + question.earlier);
            assert!(question.known >= 5 && question.earlier < test[user] && question.positives.len() == 1);
        }
        asked += judge.questions().len();
    }
    // The positives of the last 70 %, but for the first five of each subject; some of the first five lie before.
    let all: usize = exam.blocks.iter().map(|block| block.split.test.len()).sum();
    assert!(asked < all && asked + 5 * exam.blocks[0].split.users.len() > all, "{asked} of {all}");
}

#[test]
fn rows_of_one_time_are_never_on_both_sides() {
    let rows: Vec<String> = (0..100).map(|row| format!("u{} i{row} 5 {}", row % 3, row / 20)).collect();
    let exam = p3(&events(&rows.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    for block in &exam.blocks {
        assert!(block.split.train.times.iter().flatten().max() < block.split.test.times.iter().flatten().min());
    }
    assert_eq!(exam.blocks.iter().map(|block| block.split.test.len()).sum::<usize>(), 80);
}

#[test]
fn a_pool_has_one_value_a_subject() {
    let scores = |ndcg: f64| Scores { ndcg, ..Scores::default() };
    let part = |users: &[u32], ndcgs: &[f64], coverage| Judged {
        users: users.into(),
        scores: ndcgs.iter().map(|ndcg| scores(*ndcg)).collect(),
        head: vec![None; users.len()],
        tail: ndcgs.iter().map(|ndcg| (*ndcg > 0.0).then(|| scores(*ndcg))).collect(),
        novelties: ndcgs.iter().map(|ndcg| (*ndcg > 0.0).then_some(8.0 * ndcg)).collect(),
        segments: vec![Segment::Cold; users.len()].into(),
        coverage,
        novelty: None,
        gini: None,
    };
    let pooled = Judged::pooled(&[part(&[4, 4, 9], &[1.0, 0.0, 0.5], 0.1), part(&[2, 4], &[0.25, 0.5], 0.3)]);
    assert_eq!(*pooled.users, [2, 4, 9]);
    assert_eq!(pooled.values(Metric::Ndcg, None), [0.25, 0.5, 0.5]);
    assert_eq!(pooled.values(Metric::Ndcg, Some(Segment::Tail)), [0.25, 0.75, 0.5]);
    assert_eq!((pooled.coverage, pooled.novelty), (0.2, None));
    // Whose each is stands beside it, and who is in no segment has none.
    assert_eq!(pooled.by_user(Metric::Ndcg, Some(Segment::Cold)), [(2, 0.25), (4, 0.5), (9, 0.5)]);
    assert_eq!(pooled.by_user(Metric::Ndcg, Some(Segment::Heavy)), []);
    let one = Judged::pooled(&[part(&[3, 7], &[0.0, 0.5], 0.1)]);
    assert_eq!(one.by_user(Metric::Ndcg, Some(Segment::Tail)), [(7, 0.5)]);
    // Of lists that showed nothing there is no novelty.
    assert_eq!(pooled.novelty_by_user(), [(2, 2.0), (4, 6.0), (9, 4.0)]);
    assert_eq!(one.novelty_by_user(), [(7, 4.0)]);
}

#[test]
fn protocols_say_what_they_lack() {
    let few = events(&["u a 5 1", "u b 5 2", "v c 5 3"]);
    let lacks =
        |name: &str| format!("no subject has 5 positives, which protocol {name} needs: the most that one has is 2");
    assert_eq!(p2(&few, "").unwrap_err().to_string(), lacks("p2"));
    assert_eq!(p3(&few).unwrap_err().to_string(), lacks("p3"));
}

#[test]
fn who_searches_sees_nothing_of_the_test_part_and_foretells_what_follows() {
    let whole = p1(&movielens()).unwrap();
    let (search, validation) = (within(&whole, 0.6, 0.8), within(&whole, 0.8, 1.0));
    let all = counted(&whole, &whole.train);
    for (user, all) in all.into_iter().enumerate() {
        let of = |split: &Split| (counted(split, &split.train)[user], counted(split, &split.test)[user]);
        let ((known, asked), (later, rest)) = (of(&search), of(&validation));
        // What is foretold second is what follows what is foretold first, and together they are the end of the train part.
        assert_eq!((known + asked, later + rest), (later, all));
        assert!(known >= 2 && asked >= 1 && rest >= 1);
    }
    let poisoned = Split { test: whole.train.clone(), ..whole.clone() };
    assert_eq!(within(&poisoned, 0.6, 0.8), search);
}
