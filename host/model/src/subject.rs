//! Which keys of a namespace are about one subject.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What stands for the subject's id.
const SUBJECT: &str = "{subject}";

/// The keys that are about a subject: a text with `{subject}` in it, such as `seen/{subject}`, and `*` at its end where more may
/// follow, such as `{subject}/*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectKeys {
    before: String,
    after: String,
    more: bool,
}

impl SubjectKeys {
    /// The key of a subject, or what its keys begin with, see [`more`](Self::more).
    #[must_use]
    pub fn of(&self, subject: &str) -> String {
        format!("{}{subject}{}", self.before, self.after)
    }

    /// Whether its keys begin with that, and go on with whatever follows.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }
}

/// The text says no keys of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSubjectKeys {
    /// It does not say where the subject's id is, or says it twice.
    Subject,
    /// There is a `*` that is not at the end.
    Star,
    /// There is nothing between the id and `*`, so that the keys of other ids begin with it too.
    Open,
}

impl fmt::Display for NoSubjectKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject => write!(f, "expected `{SUBJECT}` once in it, such as \"seen/{SUBJECT}\""),
            Self::Open => write!(f, "expected something between `{SUBJECT}` and `*`, such as \"{SUBJECT}/*\""),
            Self::Star => write!(f, "expected `*` at its end alone, such as \"{SUBJECT}/*\""),
        }
    }
}

impl std::error::Error for NoSubjectKeys {}

impl FromStr for SubjectKeys {
    type Err = NoSubjectKeys;

    fn from_str(text: &str) -> Result<Self, NoSubjectKeys> {
        let (text, more) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        if text.contains('*') {
            return Err(NoSubjectKeys::Star);
        }
        let (before, after) = text.split_once(SUBJECT).ok_or(NoSubjectKeys::Subject)?;
        if after.contains(SUBJECT) {
            return Err(NoSubjectKeys::Subject);
        }
        if more && after.is_empty() {
            return Err(NoSubjectKeys::Open);
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned(), more })
    }
}

impl fmt::Display for SubjectKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.more { "*" } else { "" };
        write!(f, "{}{SUBJECT}{}{star}", self.before, self.after)
    }
}

impl Serialize for SubjectKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written_and_say_whose_they_are() {
        for (text, keys, more) in [
            ("{subject}", "ada", false),
            ("seen/{subject}", "seen/ada", false),
            ("{subject}/*", "ada/", true),
            ("a{subject}b*", "aadab", true),
        ] {
            let read: SubjectKeys = text.parse().unwrap();
            assert_eq!((read.of("ada").as_str(), read.more(), read.to_string().as_str()), (keys, more, text));
        }
        for (text, error) in [
            ("", NoSubjectKeys::Subject),
            ("seen/*", NoSubjectKeys::Subject),
            ("{subject}/{subject}", NoSubjectKeys::Subject),
            ("*/{subject}", NoSubjectKeys::Star),
            ("{subject}/**", NoSubjectKeys::Star),
            ("a/{subject}*", NoSubjectKeys::Open),
        ] {
            assert_eq!(text.parse::<SubjectKeys>(), Err(error), "{text}");
        }
    }
}
