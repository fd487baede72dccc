//! Decision spaces: what is refused, and what points are of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use greenroom_evolve::{Condition, Dimension, Domain, Draws, Point, Space, Value};

fn dimension(name: &str, domain: Domain) -> Dimension {
    Dimension { name: name.to_owned(), domain, condition: None }
}

fn when(mut dimension: Dimension, on: &str, values: &[&str]) -> Dimension {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    dimension.condition = Some(Condition { dimension: on.to_owned(), values });
    dimension
}

fn float(low: f64, high: f64, log: bool) -> Domain {
    Domain::Float { low, high, log }
}

fn integer(low: i64, high: i64) -> Domain {
    Domain::Integer { low, high, log: false }
}

fn choice(options: &[&str]) -> Domain {
    Domain::Choice { options: options.iter().map(|option| (*option).to_owned()).collect() }
}

/// A kind of recall, of which one has a rate and the other a count that has a switch of its own.
fn nested() -> Space {
    Space::new(vec![
        dimension("kind", choice(&["ease", "knn"])),
        when(dimension("rate", float(0.1, 10.0, true)), "kind", &["ease"]),
        when(dimension("near", integer(1, 4)), "kind", &["knn"]),
        when(dimension("shrink", Domain::Boolean), "near", &["2", "3"]),
    ])
    .unwrap()
}

fn point(values: &[(&str, Value)]) -> Point {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn chosen(option: &str) -> Value {
    Value::Choice(option.to_owned())
}

#[test]
fn all_mistakes_are_told_at_once() {
    let errors = Space::new(vec![
        dimension("", Domain::Boolean),
        dimension("twice", Domain::Boolean),
        dimension("twice", Domain::Boolean),
        dimension("above", integer(3, 2)),
        dimension("endless", float(0.0, f64::INFINITY, false)),
        dimension("nan", float(f64::NAN, 1.0, false)),
        dimension("log", float(0.0, 1.0, true)),
        dimension("log_whole", Domain::Integer { low: 0, high: 4, log: true }),
        dimension("none", choice(&[])),
        dimension("same", choice(&["a", "b", "a", "a"])),
        when(dimension("lost", Domain::Boolean), "nowhere", &["1"]),
        when(dimension("early", Domain::Boolean), "late", &["true"]),
        when(dimension("self", Domain::Boolean), "self", &["true"]),
        dimension("late", Domain::Boolean),
        when(dimension("never", Domain::Boolean), "late", &[]),
        when(dimension("wrong", Domain::Boolean), "late", &["yes"]),
        dimension("real", float(0.0, 1.0, false)),
        when(dimension("exact", Domain::Boolean), "real", &["0.5"]),
    ])
    .unwrap_err();
    let told: Vec<&str> = errors.iter().map(|error| error.dimension.as_str()).collect();
    let expected = [
        "",
        "twice",
        "above",
        "endless",
        "nan",
        "log",
        "log_whole",
        "none",
        "same",
        "lost",
        "early",
        "self",
        "never",
        "wrong",
        "exact",
    ];
    assert_eq!(told, expected, "{errors:#?}");
}

#[test]
fn a_space_that_is_read_is_checked_too() {
    let text = serde_json::to_string(&nested()).unwrap();
    assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), nested());
    let error = serde_json::from_str::<Space>(&text.replace("10.0", "0.01")).unwrap_err().to_string();
    assert!(error.contains("`rate`: the range from 0.1 to 0.01 holds nothing"), "{error}");
}

#[test]
fn a_dimension_matters_when_its_condition_and_those_before_it_hold() {
    let space = nested();
    let knn = |near| point(&[("kind", chosen("knn")), ("near", Value::Integer(near))]);
    assert_eq!(space.active(&point(&[("kind", chosen("ease"))])), [true, true, false, false]);
    assert_eq!(space.active(&knn(2)), [true, false, true, true]);
    assert_eq!(space.active(&knn(4)), [true, false, true, false]);
    let hidden = point(&[("kind", chosen("ease")), ("near", Value::Integer(2))]);
    assert_eq!(space.active(&hidden), [true, true, false, false], "`near` does not matter, so neither does `shrink`");
}

#[test]
fn a_point_is_told_all_that_is_wrong_with_it() {
    let space = nested();
    let wrong = space.check(&point(&[
        ("kind", chosen("ease")),
        ("rate", Value::Float(0.05)),
        ("near", Value::Integer(2)),
        ("depth", Value::Integer(2)),
    ]));
    let expected = [
        "`rate` is 0.05: expected a number from 0.1 to 10",
        "`near` is 2, but does not matter here: it matters when `kind` is knn",
        "`depth` is unknown: the space has no such dimension",
    ];
    assert_eq!(wrong, expected);
    assert_eq!(space.check(&Point::new()), ["`kind` is missing: expected one of ease, knn"]);
    let whole = point(&[("kind", chosen("ease")), ("rate", Value::Integer(1))]);
    assert_eq!(space.check(&whole), ["`rate` is 1: expected a number from 0.1 to 10"], "a real is written as one");
}

#[test]
fn a_point_of_another_space_keeps_what_fits() {
    let space = nested();
    let given = point(&[("kind", chosen("ease")), ("rate", Value::Integer(3)), ("near", Value::Integer(2))]);
    let whole = space.complete(&given, &mut Draws::new(1));
    assert_eq!(whole, point(&[("kind", chosen("ease")), ("rate", Value::Float(3.0))]));
    let drawn = space.complete(&point(&[("kind", chosen("knn")), ("near", Value::Integer(9))]), &mut Draws::new(1));
    assert_eq!(drawn["kind"], chosen("knn"));
    assert_eq!(space.check(&drawn), Vec::<String>::new());
}

#[test]
fn points_are_counted_through_conditions() {
    assert_eq!(nested().size(), None, "a rate is real");
    let finite = Space::new(vec![
        dimension("kind", choice(&["ease", "knn", "none"])),
        when(dimension("deep", integer(1, 5)), "kind", &["ease"]),
        when(dimension("near", integer(1, 4)), "kind", &["knn", "ease"]),
        when(dimension("shrink", Domain::Boolean), "near", &["2", "3"]),
        dimension("twice", Domain::Boolean),
    ])
    .unwrap();
    // With `near` there are 2 + 2 * 2 ways; `ease` has 5 more beside, `none` has nothing.
    assert_eq!(finite.size(), Some((5 * 6 + 6 + 1) * 2));
    assert_eq!(Space::default().size(), Some(1));
    let one = |low, high| Space::new(vec![dimension("all", integer(low, high))]).unwrap().size();
    assert_eq!(one(i64::MIN, i64::MAX), None);
    assert_eq!(one(i64::MIN, i64::MAX - 1), Some(u64::MAX));
    let many = (0..70).map(|i| dimension(&format!("d{i}"), Domain::Boolean)).collect();
    assert_eq!(Space::new(many).unwrap().size(), None);
}

#[test]
fn what_somebody_else_wrote_is_read_as_the_space_writes_it() {
    let space = Space::new(vec![
        dimension("rate", float(0.1, 10.0, true)),
        dimension("near", integer(1, 4)),
        dimension("on", Domain::Boolean),
    ])
    .unwrap();
    let (beyond, far) = (10.000_000_000_000_002, 10.000_1);
    let given = point(&[("rate", Value::Float(beyond)), ("near", Value::Float(3.0)), ("on", Value::Integer(1))]);
    let read = space.read(&given);
    assert_eq!(read, point(&[("rate", Value::Float(10.0)), ("near", Value::Integer(3)), ("on", Value::Integer(1))]));
    assert_eq!(space.check(&read), ["`on` is 1: expected true or false"]);
    let read =
        space.read(&point(&[("rate", Value::Float(far)), ("near", Value::Float(3.5)), ("more", Value::Integer(1))]));
    assert_eq!(space.check(&read).len(), 4, "{:?}", space.check(&read));
    assert_eq!(space.read(&point(&[("rate", Value::Integer(1))])), point(&[("rate", Value::Float(1.0))]));
}

#[test]
fn a_study_cannot_be_given_a_space_that_was_not_checked() {
    // A space is made by checking it, from whatever it is read: so a study that was begun has one that can be searched.
    let written = |low: f64| {
        let dimension = dimension("rate", float(low, 1.0, false));
        rmp_serde::to_vec_named(&std::collections::BTreeMap::from([("dimensions", vec![dimension])])).unwrap()
    };
    assert!(rmp_serde::from_slice::<Space>(&written(0.0)).is_ok());
    let error = rmp_serde::from_slice::<Space>(&written(2.0)).unwrap_err().to_string();
    assert!(error.contains("dimension `rate`: the range from 2 to 1 holds nothing"), "{error}");
}
