//! What is wrong with an agent's file, with its line.

use std::fmt::Write as _;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// From 1; 0 when it is about the whole file.
    pub line: usize,
    /// What was found, what was expected, what to do.
    pub message: String,
}

pub(crate) fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().fold(String::new(), |mut text, Mistake { line, message }| {
        let _ = match line {
            0 => writeln!(text, "  {message}"),
            _ => writeln!(text, "  line {line}: {message}"),
        };
        text
    })
}

/// "; did you mean `x`?" for something that is close to a known word.
pub(crate) fn meant<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known.into_iter().map(|word| (strsim::damerau_levenshtein(found, word), word)).min();
    near.filter(|(distance, word)| *distance <= 2.min(word.len() / 2))
        .map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}
