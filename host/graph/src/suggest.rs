//! "Did you mean": the known name nearest to a written one.

/// The nearest of `known`, if it is near enough to be what was meant: a third of the letters may differ, or only case
/// and the separator.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let wanted = plain(written);
    let far = wanted.chars().count().max(3) / 3;
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&wanted, &plain(name)), name))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, name)| name)
}

/// What to do about an unknown name: the nearest one, or all there are.
pub(crate) fn help<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(written, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() || known.len() > 24 => None,
        None => Some(format!("known here: {}", list(known))),
    }
}

/// `a`, `b`, `c`.
pub(crate) fn list<'k>(names: impl IntoIterator<Item = &'k str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(nearest(written, ["component", "params", "grants", "recall_ease"]), expected);
    }

    #[test]
    fn a_typo_finds_what_was_meant() {
        check("componet", Some("component"));
        check("parms", Some("params"));
        check("garnts", Some("grants"));
        check("Recall-Ease", Some("recall_ease"));
    }

    #[test]
    fn another_word_is_no_typo() {
        check("timeout", None);
        check("", None);
    }
}
