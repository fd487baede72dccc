//! A command as it is typed, in words. No shell takes part: what is ended is the program itself.

/// Splits at blanks; quotes, single or double, keep what is between them together.
///
/// # Errors
/// When there is no word, or a quote is open.
pub(crate) fn words(command: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("in {command:?} a {open} is never closed")),
        None if words.first().is_none_or(String::is_empty) => Err("there is no program in it".to_owned()),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::words;

    #[test]
    fn blanks_split_and_quotes_keep_together() {
        let split = |command| words(command).unwrap();
        assert_eq!(split(" python3  a.py\t--sampler tpe "), ["python3", "a.py", "--sampler", "tpe"]);
        assert_eq!(
            split(r#"sh -c 'echo "a b"' "it's" x"y z"w """#),
            ["sh", "-c", r#"echo "a b""#, "it's", "xy zw", ""]
        );
        assert!(words("sh -c 'echo").unwrap_err().contains("a ' is never closed"));
        for empty in ["", "  ", "''", "'' x"] {
            assert_eq!(words(empty).unwrap_err(), "there is no program in it", "{empty:?}");
        }
    }
}
