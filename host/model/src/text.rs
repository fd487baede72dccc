//! Text from outside as it may reach logs, terminals and answers: without what drives a terminal, and not longer than a
//! person reads.

/// Characters that are kept of what somebody else wrote.
const CHARACTERS_MAX: usize = 1_024;

/// Somebody's words, such as a guest's: escaped, and cut where a person stops reading.
#[must_use]
pub fn shown(words: &str) -> String {
    shortened(words, CHARACTERS_MAX)
}

/// The first characters, escaped; three dots stand for the rest.
#[must_use]
pub fn shortened(words: &str, characters_max: usize) -> String {
    match words.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}...", escaped(words.get(..end).unwrap_or_default())),
        None => escaped(words),
    }
}

/// Without control characters, so that nobody can forge lines or drive a terminal.
#[must_use]
pub fn escaped(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    for c in words.chars() {
        if drives(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Whether a character does something to what stands around it, rather than to be read.
fn drives(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_drive_a_terminal() {
        assert_eq!(escaped("a\n\u{1b}[31mb"), "a\\n\\u{1b}[31mb");
        assert_eq!(escaped("plain 漢字"), "plain 漢字");
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(shortened("漢字", 2), "漢字");
        assert_eq!(shortened("漢字\n", 2), "漢字...");
        assert_eq!(shown(&"x".repeat(2_000)).len(), CHARACTERS_MAX + 3);
    }
}
