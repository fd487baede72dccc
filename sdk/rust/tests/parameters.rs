//! What the derives make of a struct.

use std::collections::BTreeMap;

use greenroom_sdk::{
    Choice, Fault, ParamValue, Parameters, Params, Role, boolean, choice, describe, float, integer, items, numbers,
};

#[derive(Parameters, Debug, PartialEq)]
struct Settings {
    /// a weight
    #[parameter(low = -1.0, high = 1.0, default = -0.5)]
    weight: f32,
    /// a strength,
    /// in two lines
    #[parameter(low = 0.01, high = 10, default = 1, log)]
    strength: f64,
    /// how many
    #[parameter(low = 1, high = 500, default = 60, log, shapes_state)]
    k: u32,
    /// how far
    #[parameter(low = -5, high = 5, default = -2)]
    offset: i8,
    /// by what
    #[parameter(default = "reciprocal-rank")]
    method: Method,
    /// by what of a few
    #[parameter(options = ["sum"], default = "sum")]
    other: Method,
    /// a name
    #[parameter(options = ["a", "b"], default = "b", when(method = ["sum"]))]
    r#type: String,
    /// whether
    #[parameter(default = true)]
    exact: bool,
    /// what comes first
    #[parameter(items)]
    pinned: Vec<u32>,
    /// what each counts
    #[parameter(numbers)]
    weights: BTreeMap<String, f64>,
    /// a list
    #[parameter(numbers)]
    list: Vec<f64>,
    /// either
    #[parameter(numbers)]
    either: Option<ParamValue>,
}

#[derive(Choice, Debug, PartialEq)]
enum Method {
    Sum,
    ReciprocalRank,
}

#[test]
fn a_field_is_what_the_builder_makes() {
    let names = ["sum", "reciprocal-rank"];
    let expected = [
        float("weight", -1.0, 1.0, -0.5, "a weight"),
        float("strength", 0.01, 10.0, 1.0, "a strength, in two lines").log(),
        integer("k", 1, 500, 60, "how many").log().shapes_state(),
        integer("offset", -5, 5, -2, "how far"),
        choice("method", &names, "reciprocal-rank", "by what"),
        choice("other", &["sum"], "sum", "by what of a few"),
        choice("type", &["a", "b"], "b", "a name").when("method", &["sum"]),
        boolean("exact", true, "whether"),
        items("pinned", "what comes first"),
        numbers("weights", "what each counts"),
        numbers("list", "a list"),
        numbers("either", "either"),
    ];
    assert_eq!(Settings::parameters(), expected);
}

fn defaults() -> Params {
    Params::defaults(&describe("a", "0.1.0", Role::Fusion, "").parameters::<Settings>())
}

#[test]
fn the_defaults_are_those_that_a_host_fills_in() {
    assert_eq!(Settings::from_params(&defaults()), Ok(Settings::default()));
}

#[test]
fn what_is_given_is_read() {
    let weights = ParamValue::Named(BTreeMap::from([("als".to_owned(), 2.0)]));
    let given = defaults()
        .with("weight", 0.25)
        .with("k", 7_i64)
        .with("method", "sum")
        .with("pinned", vec![3, 1])
        .with("weights", weights.clone())
        .with("list", vec![1, 2])
        .with("either", weights.clone());
    let read = Settings::from_params(&given).unwrap();
    assert_eq!((read.weight, read.k, read.method, read.pinned), (0.25, 7, Method::Sum, vec![3, 1]));
    assert_eq!((read.weights.get("als"), read.list, read.either), (Some(&2.0), vec![1.0, 2.0], Some(weights)));
}

#[test]
fn what_cannot_be_read_is_named() {
    let told = |params: Params| Settings::from_params(&params).map_err(|Fault { message, .. }| message).unwrap_err();
    assert_eq!(told(defaults().with("k", 0.5)), "`k` takes a whole number, not a real");
    assert_eq!(told(defaults().with("offset", 300_i64)), "`offset` = 300 is out of range");
    assert_eq!(told(defaults().with("method", "mean")), "`method` takes one of sum, reciprocal-rank, not \"mean\"");
    assert_eq!(told(Params::default()), "`weight` (a number) is missing");
}
