//! What is wrong with a file as TOML. Reading goes on behind a syntax error, so that more than the first is found; what
//! is then missing may have been swallowed by the error, so it is not reported.

use toml::de::Error;

use crate::diagnostic::{Mistake, Span};

/// More than these are follow-ups.
const ERRORS_MAX: usize = 20;

pub(super) struct Syntax {
    mistakes: Vec<Mistake>,
    /// Lines with errors.
    lines: Vec<Span>,
    /// Whether the rest of the file cannot be trusted. A repeated key alone does not go so far.
    pub(super) fatal: bool,
}

impl Syntax {
    pub(super) fn new(text: &str, errors: &[Error]) -> Self {
        let mut syntax = Self { mistakes: Vec::new(), lines: Vec::new(), fatal: false };
        for error in errors.iter().take(ERRORS_MAX) {
            let span = error.span().unwrap_or(0..text.len());
            let repeated = error.message() == "duplicate key";
            syntax.fatal |= !repeated;
            syntax.lines.push(line_around(text, &span));
            syntax.mistakes.push(if repeated { twice(text, &span) } else { broken(error.message(), &span) });
        }
        syntax
    }

    /// Adds what was found in the parts that could be read.
    pub(super) fn merge(&self, found: Vec<Mistake>) -> Vec<Mistake> {
        let touched = |span: &Span| self.lines.iter().any(|line| span.start < line.end && line.start <= span.end);
        let credible = |mistake: &Mistake| !self.fatal || (mistake.code() != "missing_key" && !touched(mistake.span()));
        self.mistakes.iter().cloned().chain(found.into_iter().filter(credible)).collect()
    }
}

fn twice(text: &str, span: &Span) -> Mistake {
    let key = text.get(span.clone()).unwrap_or_default();
    let first = text.get(..span.start).and_then(|before| first_place(before, key));
    let mistake = if key == "output" {
        Mistake::error("two_outputs", span, "a graph has two outputs", "expected one output only")
            .help("name the one node whose candidates are the answer; to join two lists, add a node that takes both")
    } else {
        Mistake::error("repeated_key", span, format!("`{key}` is written twice"), "expected each key once")
            .help("remove one of them, or rename it")
    };
    match first {
        Some(first) => mistake.also(&first, "first written here"),
        None => mistake,
    }
}

/// The last line before that begins with the key, or the last header that ends with it.
fn first_place(before: &str, key: &str) -> Option<Span> {
    let mut end = before.len();
    let mut lines = before.rsplit('\n');
    lines.next();
    end -= before.rsplit('\n').next().map_or(0, str::len);
    for line in lines {
        let start = end.checked_sub(line.len() + 1)?;
        end = start;
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let rest = trimmed.strip_prefix(key).map(str::trim_start);
        if rest.is_some_and(|rest| rest.starts_with('=')) {
            return Some(start + indent..start + indent + key.len());
        }
        let header = trimmed.starts_with('[').then(|| line.trim_end().trim_end_matches(']'));
        if let Some(head) = header.and_then(|header| header.strip_suffix(key)).filter(|head| head.ends_with(['.', '[']))
        {
            return Some(start + head.len()..start + head.len() + key.len());
        }
    }
    None
}

fn broken(message: &str, span: &Span) -> Mistake {
    match message.split_once(", expected ") {
        Some((_, "literal string")) if span.is_empty() => {
            Mistake::error("syntax", span, "a key has no value", "expected a value here")
        }
        Some((_, "literal string")) => Mistake::error("syntax", span, "this is no value", "expected a value")
            .help("a string needs quotes; a number has digits, `_`, `.` and `e` only"),
        Some((what, expected)) => Mistake::error("syntax", span, what, format!("expected {expected}")),
        None => Mistake::error("syntax", span, message, "this is not TOML"),
    }
}

fn line_around(text: &str, span: &Span) -> Span {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(span.end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| span.end + at + 1);
    start..end.max(start)
}
