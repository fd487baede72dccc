//! A reader of Prometheus' text format 0.0.4 that takes nothing which the format does not promise.

use std::collections::{BTreeMap, BTreeSet};

/// A metric of an exposition.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// What it says of itself.
    pub help: String,
    /// `counter`, `gauge`, `histogram` or `untyped`.
    pub kind: String,
    /// In their order.
    pub samples: Vec<Sample>,
}

/// A line of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name, with an ending for parts of a histogram.
    pub name: String,
    /// By name, without the escapes.
    pub labels: BTreeMap<String, String>,
    /// What it says.
    pub value: f64,
}

impl Family {
    /// The value of the series with exactly these labels; for a histogram, with the ending such as `_count`.
    #[must_use]
    pub fn value(&self, ending: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = |sample: &&Sample| sample.name.ends_with(ending) && sample.labels == labels;
        self.samples.iter().find(found).map(|sample| sample.value)
    }

    /// The values that a label has.
    #[must_use]
    pub fn label(&self, name: &str) -> BTreeSet<&str> {
        self.samples.iter().filter_map(|sample| sample.labels.get(name)).map(String::as_str).collect()
    }
}

/// Reads an exposition: metrics by name.
///
/// # Errors
/// The first line that is not as it must be, and why.
pub fn exposition(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut helps: Option<(String, String)> = None;
    let Some(body) = text.strip_suffix('\n') else { return Err("the last line does not end".to_owned()) };
    for line in body.split('\n') {
        let wrong = |why: &str| format!("{line:?}: {why}");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').ok_or_else(|| wrong("a name and a help"))?;
            helps = Some((name.to_owned(), help.to_owned()));
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').ok_or_else(|| wrong("a name and a kind"))?;
            let help = helps.take().filter(|(of, _)| of == name).ok_or_else(|| wrong("its help comes before"))?.1;
            if !is_name(name, true) || !["counter", "gauge", "histogram"].contains(&kind) {
                return Err(wrong("no name or no kind"));
            }
            if kind == "counter" && !name.ends_with("_total") {
                return Err(wrong("a counter ends in _total"));
            }
            current = name.to_owned();
            let family = Family { help, kind: kind.to_owned(), samples: Vec::new() };
            if families.insert(current.clone(), family).is_some() {
                return Err(wrong("told twice"));
            }
        } else {
            let sample = sample(line).map_err(|why| wrong(&why))?;
            let family = families.get_mut(&current).ok_or_else(|| wrong("of no metric"))?;
            let ending = sample.name.strip_prefix(&current).ok_or_else(|| wrong("of another metric"))?;
            let endings: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            if !endings.contains(&ending) {
                return Err(wrong("of another metric"));
            }
            if family.kind == "counter" && (sample.value < 0.0 || !sample.value.is_finite()) {
                return Err(wrong("a counter counts"));
            }
            if family.samples.iter().any(|other| other.name == sample.name && other.labels == sample.labels) {
                return Err(wrong("a series twice"));
            }
            family.samples.push(sample);
        }
    }
    for (name, family) in &families {
        if family.samples.is_empty() {
            return Err(format!("{name} has no series"));
        }
        if family.kind == "histogram" {
            buckets(family).map_err(|why| format!("{name}: {why}"))?;
        }
    }
    Ok(families)
}

/// Whether each histogram's buckets grow and the last holds all.
fn buckets(family: &Family) -> Result<(), String> {
    let mut by_series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
    for sample in family.samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le").ok_or("a bucket without a bound")?;
        let bound = number(&bound).ok_or("a bound that is no number")?;
        by_series.entry(labels).or_default().push((bound, sample.value));
    }
    for sample in family.samples.iter().filter(|sample| sample.name.ends_with("_count")) {
        let buckets = by_series.remove(&sample.labels).ok_or("no buckets")?;
        let grows = buckets.iter().zip(buckets.iter().skip(1)).all(|(one, next)| one.0 < next.0 && one.1 <= next.1);
        if !grows || buckets.last() != Some(&(f64::INFINITY, sample.value)) {
            return Err(format!("buckets {buckets:?} of {}", sample.value));
        }
    }
    if by_series.is_empty() { Ok(()) } else { Err("buckets without a count".to_owned()) }
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err("no name".to_owned());
    }
    let mut labels = BTreeMap::new();
    if let Some(mut within) = rest.strip_prefix('{') {
        loop {
            let (label, after) = within.split_once("=\"").ok_or("a label without a value")?;
            if !is_name(label, false) {
                return Err(format!("{label:?} is no label"));
            }
            let (value, after) = quoted(after)?;
            if labels.insert(label.to_owned(), value).is_some() {
                return Err(format!("{label} twice"));
            }
            if let Some(after) = after.strip_prefix('}') {
                rest = after;
                break;
            }
            within = after.strip_prefix(',').ok_or("no end of the labels")?;
        }
    }
    let value = rest.strip_prefix(' ').and_then(number).ok_or("no value")?;
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// What stands before the closing quote, without escapes, and what comes after.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => value.push(match letters.next() {
                Some((_, 'n')) => '\n',
                Some((_, escaped @ ('\\' | '"'))) => escaped,
                other => return Err(format!("{other:?} is no escape")),
            }),
            plain => value.push(plain),
        }
    }
    Err("a value that does not end".to_owned())
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // Rust also reads words that the format does not have.
        text if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        _ => None,
    }
}

fn is_name(text: &str, colons: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
    text.starts_with(|c: char| fits(c) && !c.is_ascii_digit()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_format_does_not_promise_is_refused() {
        let head = "# HELP a_total Some.\n# TYPE a_total counter\n";
        assert_eq!(
            exposition(&format!("{head}a_total{{x=\"1\\\"\\n\\\\\"}} 2\n")).unwrap()["a_total"].samples[0],
            Sample { name: "a_total".to_owned(), labels: [("x".to_owned(), "1\"\n\\".to_owned())].into(), value: 2.0 }
        );
        for wrong in [
            "a_total 1",
            "a_total\n",
            "a_total{} 1\n",
            "a_total{x=1} 1\n",
            "a_total{x=\"1} 1\n",
            "a_total{x=\"\\t\"} 1\n",
            "a_total{x=\"1\",x=\"1\"} 1\n",
            "a_total{1=\"1\"} 1\n",
            "a_total -1\n",
            "a_total inf\n",
            "a_total 1\na_total 1\n",
            "a_total 1\n\n",
            "b_total 1\n",
            "a_total_sum 1\n",
            "# HELP a_total Some.\n# TYPE a_total counter\na_total 1\n",
            "",
        ] {
            assert!(exposition(&format!("{head}{wrong}")).is_err(), "{wrong:?}");
        }
        let head = "# HELP h Some.\n# TYPE h histogram\n";
        let buckets = |one: u32, all: u32| {
            exposition(&format!(
                "{head}h_bucket{{le=\"1.0\"}} {one}\nh_bucket{{le=\"+Inf\"}} {all}\nh_sum 1.5\nh_count 2\n"
            ))
        };
        assert!(buckets(1, 2).is_ok());
        assert!(buckets(3, 2).is_err());
        assert!(buckets(1, 1).is_err());
        assert!(exposition(&format!("{head}h_sum 1.5\nh_count 2\n")).is_err());
    }
}
