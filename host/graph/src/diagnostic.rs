//! Mistakes in a graph file, collected: each says what, where, what was expected and what to do.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use greenroom_model::text::escaped;
use miette::{LabeledSpan, NamedSource, SourceSpan};
use serde::Serialize;

/// Bytes of the graph file.
pub type Span = Range<usize>;

/// Whether a plan can still be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No.
    Error,
    /// Yes, but it looks wrong.
    Warning,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    severity: Severity,
    code: &'static str,
    message: String,
    span: Span,
    label: String,
    also: Vec<(Span, String)>,
    help: Option<String>,
}

impl Mistake {
    /// An error. `code` is the last part of `greenroom::graph::...`; `label` stands under the span. What they quote from the
    /// file is escaped.
    pub(crate) fn error(code: &'static str, span: &Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: escaped(&message.into()),
            span: span.clone(),
            label: escaped(&label.into()),
            also: Vec::new(),
            help: None,
        }
    }

    /// A warning.
    pub(crate) fn warning(
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message, label) }
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(escaped(&help.into()));
        self
    }

    /// What to do, if there is something to say.
    pub(crate) fn help_maybe(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Another place that matters.
    pub(crate) fn also(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.also.push((span.clone(), escaped(&label.into())));
        self
    }

    /// Whether it stops the plan.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The last part of its code, for instance `unknown_node`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Where it is.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Other places that matter, and what is to be said there.
    pub fn others(&self) -> impl Iterator<Item = (&Span, &str)> {
        self.also.iter().map(|(span, label)| (span, label.as_str()))
    }
}

fn source_span(span: &Span) -> SourceSpan {
    SourceSpan::from(span.clone())
}

impl miette::Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("greenroom::graph::{}", self.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let here = LabeledSpan::new_primary_with_span(Some(self.label.clone()), source_span(&self.span));
        let also =
            self.also.iter().map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), source_span(span)));
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

/// All mistakes of a graph file, in the order in which they stand there.
#[derive(Debug, Clone, thiserror::Error, miette::Diagnostic)]
#[error("{}", self.summary())]
pub struct Diagnostics {
    #[source_code]
    source_code: NamedSource<Arc<str>>,
    text: Arc<str>,
    #[related]
    mistakes: Vec<Mistake>,
}

impl Diagnostics {
    pub(crate) fn new(file_name: &str, text: &Arc<str>, mut mistakes: Vec<Mistake>) -> Self {
        for mistake in &mut mistakes {
            let also = mistake.also.iter_mut().map(|(span, _)| span);
            for span in std::iter::once(&mut mistake.span).chain(also) {
                span.end = span.end.min(text.len());
                span.start = span.start.min(span.end);
            }
        }
        mistakes.sort_by(|a, b| (a.span.start, a.span.end, a.code).cmp(&(b.span.start, b.span.end, b.code)));
        mistakes.dedup();
        let source_code = NamedSource::new(file_name, Arc::clone(text)).with_language("TOML");
        Self { source_code, text: Arc::clone(text), mistakes }
    }

    fn summary(&self) -> String {
        let name = self.source_code.name();
        let errors = self.mistakes.iter().filter(|mistake| mistake.is_error()).count();
        let warnings = self.mistakes.len() - errors;
        let count = |number: usize, word: &str| match number {
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        };
        match (errors, warnings) {
            (0, 0) => format!("{name} has no mistakes"),
            (0, _) => format!("{name} has {}", count(warnings, "warning")),
            (_, 0) => format!("{name} has {}", count(errors, "mistake")),
            _ => format!("{name} has {} and {}", count(errors, "mistake"), count(warnings, "warning")),
        }
    }

    /// The file that they are in.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.source_code.name()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mistakes.len()
    }

    /// Each with its span.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Each with line and column, for machines.
    pub fn iter(&self) -> impl Iterator<Item = Diagnostic> {
        self.mistakes.iter().map(|mistake| {
            let (line, column) = position(&self.text, mistake.span.start);
            Diagnostic {
                severity: mistake.severity,
                code: format!("greenroom::graph::{}", mistake.code),
                message: mistake.message.clone(),
                label: mistake.label.clone(),
                line,
                column,
                help: mistake.help.clone(),
            }
        })
    }
}

/// A mistake without its source text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether it stops the plan.
    pub severity: Severity,
    /// For instance `greenroom::graph::unknown_node`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What was expected there.
    pub label: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What to do.
    pub help: Option<String>,
}

/// Line and column, from 1, of a byte.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
