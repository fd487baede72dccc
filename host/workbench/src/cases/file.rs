//! The file of cases. Every mistake in it is told at once, with its line.

use std::collections::BTreeMap;

use greenroom_model::{Grant, Params};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file of cases.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// What there is.
    pub world: Items,
    /// In the order of the file.
    pub cases: Vec<Case>,
}

/// The items of a file's world; those of [`crate::World`] when nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// How many there are.
    pub rows: Option<u32>,
    /// Numbers by the name of a field, one a row; what is missing at the end is unknown.
    #[serde(default)]
    pub facts: BTreeMap<String, Vec<f32>>,
    /// Labels by the name of a field, some a row.
    #[serde(default)]
    pub labels: BTreeMap<String, Vec<Vec<String>>>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is shown of it.
    pub name: String,
    /// Parameters, where they are not the defaults.
    #[serde(default)]
    pub params: Params,
    /// Grants beside `items:read`.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Whether facts of items are granted.
    #[serde(default = "yes")]
    pub facts: bool,
    /// What it learns before it is asked.
    #[serde(default)]
    pub learn: Vec<Event>,
    /// What it is asked.
    #[serde(default)]
    pub ask: Asked,
    /// What its answer is to be.
    pub expect: Expected,
}

fn yes() -> bool {
    true
}

/// An event to learn from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Whose it is.
    pub subject: u32,
    /// What it is about.
    pub row: u32,
    /// 1 rating, 4 like, and so on, as in the contract.
    #[serde(default = "like")]
    pub kind: u8,
    /// A rating's stars, for instance.
    #[serde(default = "one")]
    pub value: f32,
    /// Hours since the first.
    #[serde(default)]
    pub hour: i64,
    /// What it was worth.
    #[serde(default = "one")]
    pub reward: f32,
}

fn like() -> u8 {
    4
}

fn one() -> f32 {
    1.0
}

/// An observation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// Absent for somebody unknown.
    pub subject: Option<String>,
    /// Hours after the first event.
    pub hour: i64,
    /// Where randomness comes from.
    pub seed: u64,
    /// Rows that are wanted.
    pub limit: u32,
    /// Where it will be shown.
    pub surface: String,
    /// What kind of subject it is.
    pub segments: Vec<String>,
    /// Rows that must not be in the answer.
    pub excluded: Vec<u32>,
    /// The only rows that may be.
    pub allowed: Option<Vec<u32>>,
    /// What the subject did, oldest first.
    pub history: Vec<Event>,
    /// Candidates by port.
    pub inputs: BTreeMap<String, Listed>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            subject: None,
            hour: 0,
            seed: 0,
            limit: 10,
            surface: String::new(),
            segments: Vec::new(),
            excluded: Vec::new(),
            allowed: None,
            history: Vec::new(),
            inputs: BTreeMap::new(),
        }
    }
}

/// Candidates at a port.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Best first.
    pub rows: Vec<u32>,
    /// One a row; descending from 1 when not said.
    #[serde(default)]
    pub scores: Vec<f32>,
    /// Numbers by the name of a column, one a row.
    #[serde(default)]
    pub columns: BTreeMap<String, Vec<f32>>,
}

/// What an answer is to be. All that is said has to hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// These rows in this order.
    pub rows: Option<Vec<u32>>,
    /// The answer begins with these.
    pub first: Vec<u32>,
    /// These are somewhere in it.
    pub has: Vec<u32>,
    /// These are not.
    pub lacks: Vec<u32>,
    /// So many rows.
    pub count: Option<usize>,
    /// A fault of this kind.
    pub fault: Option<String>,
    /// The branches that a router picks.
    pub branches: Option<Vec<String>>,
    /// The answer is kept in a file, by the case's name, and is to stay as it is.
    pub golden: bool,
    /// The most fuel that `decide` may take.
    pub fuel_max: Option<u64>,
}

/// Reads a file of cases.
///
/// # Errors
/// All that is wrong with it, each with its line.
pub fn read(text: &str) -> Result<File, Vec<(usize, String)>> {
    let line = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let told = |e: &toml::de::Error| (e.span().map_or(0, |span| line(span.start)), e.message().to_owned());
        return Err(errors.iter().map(told).collect());
    }
    let (mut file, mut mistakes) = (File::default(), Vec::new());
    for (name, value) in document.into_inner() {
        let at = line(name.span().start);
        match name.get_ref().as_ref() {
            "world" => match part(value) {
                Ok(world) => file.world = world,
                Err((span, message)) => mistakes.push((span.map_or(at, line), format!("[world]: {message}"))),
            },
            "case" => cases(value, &line, &mut file.cases, &mut mistakes),
            other => mistakes.push((at, format!("`{other}` is not known here, expected [world] and [[case]]"))),
        }
    }
    for (n, case) in file.cases.iter().enumerate() {
        if file.cases.iter().take(n).any(|other| other.name == case.name) {
            mistakes.push((0, format!("two cases are called {:?}: give each a name of its own", case.name)));
        }
        for grant in case.grants.iter().filter(|grant| Grant::parse(grant).is_none()) {
            mistakes.push((
                0,
                format!("{:?}: `grants` has {grant:?}, expected something like \"profile:read\"", case.name),
            ));
        }
        for (port, listed) in &case.ask.inputs {
            let lengths = std::iter::once(("scores", listed.scores.len()))
                .chain(listed.columns.iter().map(|(name, values)| (name.as_str(), values.len())));
            for (column, length) in
                lengths.filter(|(name, n)| *n != listed.rows.len() && !(*name == "scores" && *n == 0))
            {
                let message = format!("`{column}` at `{port}` has {length} values for {} rows", listed.rows.len());
                mistakes.push((0, format!("{:?}: {message}", case.name)));
            }
        }
    }
    if mistakes.is_empty() { Ok(file) } else { Err(mistakes) }
}

type Wrong = (Option<usize>, String);

fn part<T: for<'de> Deserialize<'de>>(value: Spanned<DeValue<'_>>) -> Result<T, Wrong> {
    let read = T::deserialize(toml::de::ValueDeserializer::from(value));
    read.map_err(|error| (error.span().map(|span| span.start), error.message().to_owned()))
}

fn cases(
    value: Spanned<DeValue<'_>>,
    line: &dyn Fn(usize) -> usize,
    into: &mut Vec<Case>,
    mistakes: &mut Vec<(usize, String)>,
) {
    let at = line(value.span().start);
    let DeValue::Array(all) = value.into_inner() else {
        mistakes.push((at, "`case` is one thing, expected a list: write [[case]]".to_owned()));
        return;
    };
    for (n, value) in all.into_iter().enumerate() {
        let at = line(value.span().start);
        match part(value) {
            Ok(case) => into.push(case),
            Err((span, message)) => mistakes.push((span.map_or(at, line), format!("case {}: {message}", n + 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "[world]\nrows = 5\n\n[[case]]\nname = \"a\"\nexpct = {}\nexpect = {}\n\n[[case]]\nname = 3\nexpect = { first = [1] }\n\n[other]\n";
        let mistakes = read(text).unwrap_err();
        let lines: Vec<usize> = mistakes.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [6, 10, 13], "{mistakes:?}");
        assert!(mistakes[0].1.contains("expct"), "{mistakes:?}");
    }

    #[test]
    fn a_case_says_only_what_matters() {
        let text = "[[case]]\nname = \"a\"\nask.inputs.ranked = { rows = [1, 2] }\nexpect.rows = [2, 1]\n";
        let file = read(text).unwrap();
        assert_eq!(file.cases[0].expect.rows, Some(vec![2, 1]));
        assert!(file.cases[0].facts);
        assert!(read("[[case]]\nname = \"a\"\nask.inputs.x = { rows = [1], scores = [1, 2] }\nexpect = {}\n").is_err());
    }

    #[test]
    fn two_cases_of_one_name_are_a_mistake() {
        let case = "[[case]]\nname = \"a\"\nexpect = {}\n";
        assert_eq!(read(case).unwrap().cases.len(), 1);
        let mistakes = read(&case.repeat(2)).unwrap_err();
        assert!(matches!(&mistakes[..], [(_, words)] if words.contains("\"a\"")), "{mistakes:?}");
    }
}
