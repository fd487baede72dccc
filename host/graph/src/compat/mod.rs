//! What a new component, or a new graph, would break of what stands on the old one, before anybody deploys it.

mod component;
mod parameters;
mod plans;

use std::fmt;

use serde::Serialize;

pub use component::compare as compare_components;
pub use plans::compare as compare_plans;

/// How much it matters, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Something that worked is refused or fails, until what is advised is done.
    Breaking,
    /// It works, and does something else.
    Behaviour,
    /// Good to know.
    Note,
}

impl Impact {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Behaviour, Self::Note];
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Breaking => "breaking",
            Self::Behaviour => "behaviour",
            Self::Note => "note",
        })
    }
}

/// Something that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Impact,
    /// What it is about: `parameter lambda`, or `agent ease: parameter lambda`.
    pub element: String,
    /// None when it came; empty when there is no more to say than that it was there.
    pub before: Option<String>,
    /// None when it went.
    pub after: Option<String>,
    /// What to do.
    pub advice: String,
}

/// As `~ parameter lambda: default 200 -> 500`, with what to do in a second line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, change) = match (&self.before, &self.after) {
            (None, None) => ('~', String::new()),
            (None, Some(after)) => ('+', after.clone()),
            (Some(before), None) => ('-', before.clone()),
            (Some(before), Some(after)) => ('~', format!("{before} -> {after}")),
        };
        let colon = if change.is_empty() { "" } else { ": " };
        write!(f, "{sign} {}{colon}{change}\n  {}", self.element, self.advice)
    }
}

/// What came, what went, or what became something else.
type Change = (Option<String>, Option<String>);

fn came(after: impl Into<String>) -> Change {
    (None, Some(after.into()))
}

fn went(before: impl Into<String>) -> Change {
    (Some(before.into()), None)
}

fn became(before: impl Into<String>, after: impl Into<String>) -> Change {
    (Some(before.into()), Some(after.into()))
}

/// Findings in the order in which they were made.
#[derive(Default)]
struct Findings(Vec<Found>);

struct Found {
    finding: Finding,
    shows: Shows,
}

/// Where a graph shows whether a change of a component matters to it.
enum Shows {
    /// Its rules refuse the new component where it does.
    ByRules,
    /// In what it sets this parameter to.
    InParameter(String),
    /// When it runs.
    Later,
}

impl Findings {
    /// Adds one that shows when it runs.
    fn add(&mut self, impact: Impact, element: impl Into<String>, change: Change, advice: &str) {
        self.push(Shows::Later, impact, element.into(), change, advice);
    }

    /// Adds one that the rules of graphs know of.
    fn add_by_rules(&mut self, impact: Impact, element: impl Into<String>, change: Change, advice: &str) {
        self.push(Shows::ByRules, impact, element.into(), change, advice);
    }

    fn push(&mut self, shows: Shows, impact: Impact, element: String, (before, after): Change, advice: &str) {
        let finding = Finding { severity: impact, element, before, after, advice: advice.to_owned() };
        self.0.push(Found { finding, shows });
    }
}

/// Those that matter most first, otherwise in the order in which they were found.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What has a name on either side, with what it is on both: first what is in the old, then what came.
fn by_name<'a, T>(old: &'a [T], new: &'a [T], name: impl Fn(&T) -> &str) -> Vec<(String, Pair<'a, T>)> {
    let find = |all: &'a [T], wanted: &T| all.iter().find(|one| name(one) == name(wanted));
    let stayed = old.iter().map(|one| (name(one).to_owned(), Pair { old: Some(one), new: find(new, one) }));
    let came = new.iter().filter(|one| find(old, one).is_none());
    stayed.chain(came.map(|one| (name(one).to_owned(), Pair { old: None, new: Some(one) }))).collect()
}

/// The same thing on both sides, as far as it is there.
struct Pair<'a, T> {
    old: Option<&'a T>,
    new: Option<&'a T>,
}
