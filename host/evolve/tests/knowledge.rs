//! What is kept of what was tried, and what is found again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;

use greenroom_evolve::knowledge::{Change, Estimate, Judgement, Knowledge, Prior, Record, point_digest, space_digest};
use greenroom_evolve::study::Data;
use greenroom_evolve::{Failure, Outcome, Value};
use greenroom_model::Digest;
use support::*;

const AIMS: &str = "maximise ndcg@10; fuel at most 900";

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// The base of a record: a plan made from another by a trial of an agent's parameters.
fn record(plan: &str, parent: Option<&str>, time_ms: i64) -> Record {
    Record {
        hypothesis: "less regularisation helps heavy subjects".to_owned(),
        plan: digest(plan),
        parent: parent.map(digest),
        difference: vec![Change { what: "agents.ease.lambda".to_owned(), from: Some("500".to_owned()), to: None }],
        proposer: "tpe".to_owned(),
        trial: Some(("a".to_owned(), 3)),
        data: data(),
        seeds: vec![1, 2],
        metrics: BTreeMap::from([("ndcg@10".to_owned(), Estimate { value: 0.1, low: 0.09, high: 0.11 })]),
        cost: cost(77),
        judgement: Judgement::Tried,
        prior: None,
        time_ms,
    }
}

fn prior(x: f64, value: f64) -> Prior {
    let outcome = Outcome::Complete { values: vec![value], violations: vec![0.0] };
    let space = space_digest(&space()).unwrap();
    Prior { of: digest("ease"), space, point: point(x), aims: AIMS.to_owned(), outcome }
}

fn elsewhere() -> Data {
    Data { events: digest("other events"), ..data() }
}

#[test]
fn what_was_added_is_there_again_and_only_once() {
    let kv = memory();
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let (later, first) = (record("b", Some("a"), 2), record("a", None, 1));
    let of_later = knowledge.add(later.clone()).unwrap();
    let of_first = knowledge.add(first.clone()).unwrap();
    assert_eq!(knowledge.add(first.clone()).unwrap(), of_first);
    let again = Knowledge::open(kv.clone()).unwrap();
    assert_eq!(again.all(), [(&of_first, &first), (&of_later, &later)]);
    assert_eq!(again.record(&of_first), Some(&first));
    assert_eq!(again.damaged(), []);
    assert_eq!(kv.usage("@knowledge").unwrap().entries, 2);
}

#[test]
fn a_record_that_was_changed_is_reported_and_not_used() {
    let kv = memory();
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let of_good = knowledge.add(record("a", None, 1)).unwrap();
    let proven = Record { judgement: Judgement::Unproven, ..record("b", Some("a"), 2) };
    let of_changed = knowledge.add(proven.clone()).unwrap();
    let key = format!("record/{}", of_changed.hex());
    let changed = rmp_serde::to_vec_named(&Record { judgement: Judgement::Proven, ..proven.clone() }).unwrap();
    kv.put("@knowledge", &key, &changed).wait().unwrap();
    let nonsense = format!("record/{}", Digest::of(b"nonsense").hex());
    kv.put("@knowledge", &nonsense, b"nonsense").wait().unwrap();
    let mut again = Knowledge::open(kv).unwrap();
    assert_eq!(again.all().len(), 1);
    assert!(again.record(&of_good).is_some() && again.record(&of_changed).is_none());
    let told = |key: &str| again.damaged().iter().find(|damaged| damaged.key == key).unwrap().to_string();
    assert_eq!(
        told(&key),
        format!("{key} in @knowledge is not used: its content has digest {}, so it was changed", Digest::of(&changed))
    );
    assert!(told(&nonsense).contains("can't be read"), "{}", told(&nonsense));
    assert_eq!(again.damaged().len(), 2);
    assert!(again.add(proven).unwrap_err().to_string().contains("it was changed"));
}

#[test]
fn a_lineage_goes_back_to_the_origin() {
    let mut knowledge = Knowledge::open(memory()).unwrap();
    let elsewhere = Record { data: elsewhere(), ..record("b", Some("a"), 4) };
    for record in [record("c", Some("b"), 3), record("b", Some("a"), 2), elsewhere, record("x", Some("a"), 9)] {
        knowledge.add(record).unwrap();
    }
    let told = |lineage: Vec<greenroom_evolve::knowledge::Ancestor<'_>>| {
        let of = |ancestor: &greenroom_evolve::knowledge::Ancestor<'_>| {
            (ancestor.plan, ancestor.records.iter().map(|found| (found.record.time_ms, found.foreign)).collect())
        };
        lineage.iter().map(of).collect::<Vec<(Digest, Vec<(i64, bool)>)>>()
    };
    let expected = vec![
        (digest("c"), vec![(3, false)]),
        (digest("b"), vec![(2, false), (4, true)]),
        // Nothing is known of what there was before the base began.
        (digest("a"), vec![]),
    ];
    assert_eq!(told(knowledge.lineage(&digest("c"), &data())), expected);
    knowledge.add(record("a", None, 1)).unwrap();
    assert_eq!(told(knowledge.lineage(&digest("c"), &data()))[2], (digest("a"), vec![(1, false)]));
    // Going back to a plan makes it its own ancestor.
    knowledge.add(record("a", Some("c"), 0)).unwrap();
    assert_eq!(knowledge.lineage(&digest("c"), &data()).len(), 3);
}

#[test]
fn a_sampler_begins_with_what_is_known_of_its_agent_space_aims_and_data() {
    let mut knowledge = Knowledge::open(memory()).unwrap();
    let with = |prior: Prior, time_ms| Record { prior: Some(prior), ..record("a", None, time_ms) };
    let known = [
        with(prior(0.1, 1.0), 1),
        with(prior(0.2, 2.0), 2),
        // The same point, judged later.
        with(prior(0.1, 5.0), 3),
        with(Prior { of: digest("item-knn"), ..prior(0.3, 3.0) }, 4),
        with(Prior { space: digest("another"), ..prior(0.4, 4.0) }, 5),
        with(Prior { aims: "minimise gini".to_owned(), ..prior(0.5, 4.0) }, 6),
        Record { data: elsewhere(), ..with(prior(0.6, 6.0), 7) },
        Record { data: Data { graph: digest("another graph"), ..data() }, ..with(prior(0.7, 7.0), 8) },
        record("a", None, 9),
    ];
    for record in known {
        knowledge.add(record).unwrap();
    }
    let space = space_digest(&space()).unwrap();
    let (told, foreign) = knowledge.priors(&digest("ease"), &space, AIMS, &data()).unwrap();
    let found: Vec<(u64, f64, f64)> = told
        .iter()
        .map(|told| match &told.outcome {
            Outcome::Complete { values, .. } => (told.number, at(&told.point, "x"), values[0]),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, [(0, 0.2, 2.0), (1, 0.1, 5.0), (2, 0.7, 7.0)]);
    assert_eq!(foreign, 1);
    assert_eq!(knowledge.priors(&digest("ease"), &space, AIMS, &elsewhere()).unwrap().0.len(), 1);
}

#[test]
fn what_a_study_told_begins_another() {
    let kv = memory();
    let mut study = open(&kv, config("a"));
    finish(&mut study, 2, formula);
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let aims = study.course().config().aims();
    assert_eq!(aims, AIMS);
    for trial in study.course().trials() {
        let outcome = trial.told(u64::MAX).unwrap().outcome;
        let judgement = Judgement::from(&outcome);
        let prior = Prior { point: trial.point.clone(), outcome, ..prior(0.0, 0.0) };
        let (trial, prior) = (Some(("a".to_owned(), trial.number)), Some(prior));
        let time_ms = trial.as_ref().unwrap().1.cast_signed();
        knowledge.add(Record { judgement, trial, prior, ..record("a", None, time_ms) }).unwrap();
    }
    let space = space_digest(&space()).unwrap();
    let (warm, _) = knowledge.priors(&digest("ease"), &space, &aims, &data()).unwrap();
    assert_eq!(warm.len(), 40);
    let failed = warm.iter().filter(|told| matches!(told.outcome, Outcome::Failed { .. })).count();
    assert!(
        failed > 0
            && knowledge.all().iter().filter(|(_, r)| matches!(r.judgement, Judgement::Failed { .. })).count()
                == failed
    );
    let again = greenroom_evolve::study::Config { warm, ..plain("b") };
    finish(&mut open(&kv, again), 1, formula);
    let best = |name: &str| greenroom_evolve::study::Record::read(kv.clone(), name).unwrap().trials[0].point.clone();
    assert_ne!(best("b"), best("a"), "its first trial knows what the other study told");
}

#[test]
fn what_has_failed_before_is_found_by_its_point() {
    let mut knowledge = Knowledge::open(memory()).unwrap();
    let failed = |x, time_ms, data: Data| {
        let (failure, why) = (Failure::Fault, "it trapped".to_owned());
        let prior = Prior { outcome: Outcome::Failed { failure, why: why.clone() }, ..prior(x, 0.0) };
        Record { data, judgement: Judgement::Failed { failure, why }, prior: Some(prior), ..record("a", None, time_ms) }
    };
    for record in [
        failed(0.5, 2, elsewhere()),
        failed(0.5, 1, data()),
        failed(0.6, 3, data()),
        Record { prior: Some(prior(0.5, 1.0)), ..record("a", None, 4) },
    ] {
        knowledge.add(record).unwrap();
    }
    let found = knowledge.failures(&digest("ease"), &point(0.5), &data()).unwrap();
    let told: Vec<(i64, bool)> = found.iter().map(|found| (found.record.time_ms, found.foreign)).collect();
    assert_eq!(told, [(1, false), (2, true)]);
    assert_eq!(knowledge.failures(&digest("ease"), &point(0.7), &data()).unwrap(), []);
    assert_eq!(knowledge.failures(&digest("item-knn"), &point(0.5), &data()).unwrap(), []);
}

#[test]
fn points_that_differ_have_different_digests() {
    let of = |value: Value| point_digest(&BTreeMap::from([("x".to_owned(), value)])).unwrap();
    let digests =
        [of(Value::Float(1.0)), of(Value::Integer(1)), of(Value::Boolean(true)), of(Value::Choice("1".to_owned()))];
    assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    // What was read is what was written: none becomes another on its way.
    let kv = memory();
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let values = [("f", Value::Float(1.0)), ("i", Value::Integer(1)), ("b", Value::Boolean(true))];
    let point = values.map(|(name, value)| (name.to_owned(), value)).into();
    knowledge.add(Record { prior: Some(Prior { point, ..prior(0.0, 0.0) }), ..record("a", None, 1) }).unwrap();
    assert_eq!(Knowledge::open(kv).unwrap().all(), knowledge.all());
}

#[test]
fn what_is_seen_again_at_another_time_adds_nothing() {
    let kv = memory();
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let first = knowledge.add(record("a", None, 1)).unwrap();
    let later = |time_ms| {
        let cost = greenroom_evolve::study::Cost { time_us: 5, ..cost(77) };
        Record { cost, ..record("a", None, time_ms) }
    };
    assert_eq!(knowledge.add(later(2)).unwrap(), first);
    // Neither by another process, nor within a batch; what differs in anything else is new.
    let mut again = Knowledge::open(kv.clone()).unwrap();
    let other = |seeds: Vec<u64>, time_ms| Record { seeds, ..later(time_ms) };
    let batch = vec![later(3), other(vec![7], 4), other(vec![7], 5), other(vec![8], 6)];
    assert_eq!(again.add_all(batch.clone()).unwrap(), 2);
    assert_eq!(Knowledge::open(kv.clone()).unwrap().add_all(batch).unwrap(), 0);
    let times: Vec<i64> = Knowledge::open(kv).unwrap().all().iter().map(|(_, record)| record.time_ms).collect();
    assert_eq!(times, [1, 4, 6]);
}

#[test]
fn what_was_known_at_a_revision_is_known_again_later() {
    let kv = memory();
    let mut knowledge = Knowledge::open(kv.clone()).unwrap();
    let before = kv.revision().unwrap();
    let first = knowledge.add(record("a", None, 1)).unwrap();
    let revision = kv.revision().unwrap();
    knowledge.add(record("b", Some("a"), 0)).unwrap();
    let known = |revision| {
        let knowledge = Knowledge::as_of(kv.clone(), revision).unwrap();
        knowledge.all().into_iter().map(|(digest, _)| *digest).collect::<Vec<_>>()
    };
    assert_eq!((known(before), known(revision)), (vec![], vec![first]));
    assert_eq!(known(u64::MAX).len(), 2);
}

#[test]
fn what_has_failed_as_it_would_again_is_hopeless() {
    let mut knowledge = Knowledge::open(memory()).unwrap();
    let failed = |plan: &str, failure, time_ms| {
        let why = format!("{plan} has failed");
        let prior = Prior { outcome: Outcome::Failed { failure, why: why.clone() }, ..prior(0.5, 0.0) };
        Record { judgement: Judgement::Failed { failure, why }, prior: Some(prior), ..record(plan, None, time_ms) }
    };
    let evaluated = |plan: &str| Record { prior: Some(prior(0.5, 1.0)), ..record(plan, None, 9) };
    let first = knowledge.add(failed("trap", Failure::Fault, 1)).unwrap();
    for record in [
        failed("trap", Failure::Fault, 2),
        failed("refused", Failure::Invalid, 3),
        failed("large", Failure::Budget, 4),
        // A busy machine, a full disk; and what is undefined depends on what is asked for.
        failed("late", Failure::Deadline, 5),
        failed("disk", Failure::Host, 6),
        failed("nan", Failure::Undefined, 7),
        // It has failed, and it has not.
        failed("both", Failure::Fault, 8),
        evaluated("both"),
        evaluated("sound"),
        Record { data: elsewhere(), ..failed("elsewhere", Failure::Fault, 10) },
    ] {
        knowledge.add(record).unwrap();
    }
    let hopeless = knowledge.hopeless(&digest("ease"), &data());
    let mut expected = ["trap", "refused", "large"].map(digest);
    expected.sort_unstable();
    assert_eq!(hopeless.keys().copied().collect::<Vec<_>>(), expected);
    assert_eq!((hopeless[&digest("trap")].digest, hopeless[&digest("trap")].record.time_ms), (&first, 1));
    assert!(knowledge.hopeless(&digest("item-knn"), &data()).is_empty());
}

#[test]
fn an_origin_that_a_search_comes_upon_stays_one() {
    let mut knowledge = Knowledge::open(memory()).unwrap();
    // The search tried what it began with, what a round began with, and the origin from there.
    for (plan, parent, time_ms) in
        [("a", None, 5), ("a", Some("a"), 1), ("b", Some("b"), 2), ("b", Some("a"), 3), ("a", Some("b"), 4)]
    {
        knowledge.add(record(plan, parent, time_ms)).unwrap();
    }
    let plans = |plan: &str| {
        knowledge.lineage(&digest(plan), &data()).into_iter().map(|ancestor| ancestor.plan).collect::<Vec<_>>()
    };
    assert_eq!(plans("b"), [digest("b"), digest("a")]);
    assert_eq!(plans("a"), [digest("a")]);
}
