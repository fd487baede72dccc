//! What is wrong with settings, from whichever source.

use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;

use super::Origin;
use crate::exit::Failure;

/// All mistakes; those of a file with their places.
#[derive(Debug, Default, Error)]
#[error("the settings are wrong")]
pub(super) struct Mistakes {
    inside_of: Option<NamedSource<String>>,
    found: Vec<Mistake>,
}

#[derive(Debug, Error)]
#[error("{message}")]
struct Mistake {
    message: String,
    at: Option<(Range<usize>, String)>,
    help: Option<String>,
}

impl Mistakes {
    /// The file that mistakes with a place are in.
    pub(super) fn file(&mut self, path: &Path, text: &str) {
        self.inside_of = Some(NamedSource::new(path.display().to_string(), text.to_owned()).with_language("TOML"));
    }

    pub(super) fn inside(&mut self, message: String, span: Range<usize>, label: String, help: Option<String>) {
        self.found.push(Mistake { message, at: Some((span, label)), help });
    }

    pub(super) fn outside(&mut self, origin: &Origin, text: &str, expected: &str) {
        let message = match origin {
            Origin::Environment(name) => format!("the variable {name} is `{text}`: expected {expected}"),
            Origin::Flag(name) => format!("the flag {name} has `{text}`: expected {expected}"),
            Origin::Default | Origin::File(_) => format!("`{text}`: expected {expected}"),
        };
        self.found.push(Mistake { message, at: None, help: None });
    }

    /// A wrong file is exit code 3, wrong flags and variables alone are 2.
    pub(super) fn into_result(mut self) -> Result<(), Failure> {
        // Those of the file in the order of its lines, then the others.
        self.found.sort_by_key(|mistake| mistake.at.as_ref().map_or(usize::MAX, |(span, _)| span.start));
        if self.found.is_empty() {
            Ok(())
        } else if self.found.iter().any(|mistake| mistake.at.is_some()) {
            Err(Failure::BadFile(miette::Report::new(self)))
        } else {
            Err(Failure::Arguments(miette::Report::new(self)))
        }
    }
}

impl Diagnostic for Mistakes {
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.inside_of.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.found.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}

impl Diagnostic for Mistake {
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (span, label) = self.at.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(Some(label.clone()), span.clone()))))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }
}
