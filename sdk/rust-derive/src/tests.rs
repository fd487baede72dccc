//! What wrong use is answered with. The derives are called natively: a message and its line and column are all that the
//! compiler adds something to.

use quote::quote;
use syn::DeriveInput;

fn mistakes(text: &str) -> Vec<String> {
    let input: DeriveInput = syn::parse_str(text).expect("it is Rust");
    let Err(error) = crate::parameters::derive(&input) else { return Vec::new() };
    error.into_iter().map(|one| format!("{}: {one}", place(one.span(), text))).collect()
}

/// The source at a span.
fn place(span: proc_macro2::Span, text: &str) -> String {
    let (start, end) = (span.start(), span.end());
    let line = text.lines().nth(start.line - 1).unwrap_or_default();
    let to = if end.line == start.line { end.column } else { line.len() };
    line.chars().skip(start.column).take(to - start.column).collect()
}

/// A field's mistakes.
#[track_caller]
fn check(field: &str, expected: &[&str]) {
    assert_eq!(mistakes(&format!("struct S {{\n/// said\n{field}\n}}")), expected);
}

#[test]
fn a_range_is_whole_and_the_default_in_it() {
    check("#[parameter(low = 0.0, high = 1.0)] x: f32,", &["x: `x` has no `default`, and is a number"]);
    check("#[parameter(high = 1.0, default = 0.5)] x: f32,", &["x: `x` has no `low`, and is a number"]);
    check("x: bool,", &["x: `x` has no `default`, and is true or false"]);
    check("#[parameter(low = 1.0, high = 0.0, default = 0.5)] x: f32,", &["1.0: `low` = 1.0 is above `high` = 0.0"]);
    check("#[parameter(low = 0, high = 1, default = 2)] x: u8,", &["2: `default` = 2 is outside of 0 to 1"]);
    check("#[parameter(low = 0, high = 1e999, default = 0)] x: f64,", &["1e999: `high` of `x` is not finite"]);
}

#[test]
fn a_range_fits_the_type() {
    check(
        "#[parameter(low = -1, high = 1, default = 0)] x: u32,",
        &["1: `low` = -1: `x` has a type that goes from 0 to 4294967295 in an agent"],
    );
    check(
        "#[parameter(low = 0, high = 5_000_000_000, default = 0)] x: usize,",
        &["5_000_000_000: `high` = 5000000000: `x` has a type that goes from 0 to 4294967295 in an agent"],
    );
    check("#[parameter(low = 0.5, high = 1, default = 1)] x: u32,", &["0.5: `low` of `x`: expected a whole number"]);
    check("#[parameter(low = true, high = 1, default = 1)] x: f32,", &["true: `low` of `x`: expected a number"]);
    check(
        "#[parameter(low = LOW, high = 1, default = 1)] x: f32,",
        &["LOW: expected a number, `true`, `false` or a text in quotes: what a range is made of is literal"],
    );
}

#[test]
fn a_logarithm_takes_a_range_above_zero() {
    let expected = ["log: `log` takes a range above 0: raise `low`, or leave `log` out"];
    check("#[parameter(low = 0.0, high = 1.0, default = 0.5, log)] x: f32,", &expected);
    check("#[parameter(low = -1, high = 1, default = 1, log)] x: i64,", &expected);
    check("#[parameter(low = 1, high = 9, default = 1, log)] x: i64,", &[]);
}

#[test]
fn unknown_keys_are_told_with_the_one_that_was_meant() {
    check(
        "#[parameter(low = 0, high = 1, defualt = 0)] x: u32,",
        &["defualt: `defualt` is not known, expected low, high, default, log, shapes_state, options, when, items, \
           numbers; did you mean `default`?"],
    );
    check("#[parameter(low = 0, low = 1)] x: u32,", &["low: `low` is said twice"]);
}

#[test]
fn a_type_that_no_parameter_has_is_told() {
    let expected = |ty: &str| {
        format!(
            "{ty}: `{ty}` is no type of a parameter, expected f32, f64, a whole number of up to 64 bits, bool, String with \
             `options`, an enum that derives Choice, Vec<u32> of items, or BTreeMap<String, f64> of numbers"
        )
    };
    for ty in ["Vec<String>", "u128", "Option<f32>", "HashMap<String, f64>"] {
        check(&format!("x: {ty},"), &[&expected(ty)]);
    }
    check("#[parameter(numbers)] x: Option<ParamValue>, /// said\n #[parameter(numbers)] y: Mine,", &[]);
}

#[test]
fn keys_belong_to_kinds() {
    check("#[parameter(low = 1, default = true)] x: bool,", &["1: `low` is for numbers, and `x` is true or false"]);
    check("#[parameter(items)] x: f32,", &["items: `items` is for Vec<u32>, and `x` is a number"]);
    check(
        "#[parameter(default = 1)] x: Vec<u32>,",
        &["1: `default` is for what is always given, which lists are not, and `x` is a list of items"],
    );
    check("#[parameter(default = \"a\")] x: String,", &["x: `x` has no `options`: a list of the names that it may be"]);
    check(
        "#[parameter(options = [\"sum\", \"rrf\"], default = \"rff\")] x: String,",
        &["\"rff\": `default` = \"rff\" is none of the `options` of `x`; did you mean `rrf`?"],
    );
}

#[test]
fn a_condition_names_another_parameter_and_a_value_of_it() {
    let two = |when: &str| {
        format!(
            "#[parameter(options = [\"a\", \"b\"], default = \"a\")] method: String, /// said\n #[parameter(default = true, when({when}))] x: bool,"
        )
    };
    check(&two("method = [\"a\"]"), &[]);
    check(&two("metod = [\"a\"]"), &["metod: `metod` is no other parameter; did you mean `method`?"]);
    check(&two("x = [\"true\"]"), &["x: `x` is no other parameter"]);
    check(&two("method = [\"c\"]"), &["\"c\": `method` is never \"c\", expected a, b"]);
}

#[test]
fn all_fields_are_judged_in_one_run_and_each_is_documented() {
    let text = "struct S {\nx: bool,\n#[parameter(default = true)] y: bool,\n}";
    assert_eq!(
        mistakes(text),
        [
            "x: `x` has no `default`, and is true or false",
            "y: `y` has no doc comment: say what it is, for whoever sets it"
        ]
    );
}

#[test]
fn only_a_plain_struct_has_parameters() {
    assert_eq!(mistakes("struct S(u32);"), ["S: expected fields with names: each is a parameter"]);
    assert_eq!(mistakes("struct S<T> { x: T }").len(), 1);
    assert_eq!(mistakes("enum S { A }").len(), 1);
}

#[test]
fn a_choice_is_an_enum_of_names() {
    let told = |text: &str| {
        let input: DeriveInput = syn::parse_str(text).expect("it is Rust");
        crate::choice::derive(&input).map(|made| made.to_string()).map_err(|error| error.to_string())
    };
    assert!(
        told("enum M { ReciprocalRank, #[choice(\"sum\")] Sum }")
            .is_ok_and(|made| { made.contains(&quote!(&["reciprocal-rank", "sum"]).to_string()) })
    );
    assert_eq!(told("enum M { A(u32) }"), Err("a variant is a name, and has nothing beside it".into()));
    assert_eq!(told("enum M { A, #[choice(\"a\")] B }"), Err("\"a\" is the name of two variants".into()));
    assert_eq!(told("enum M {}"), Err("a choice of nothing: expected at least one variant".into()));
    assert_eq!(told("struct M;"), Err("a choice is an enum, and each of its variants a name".into()));
}
