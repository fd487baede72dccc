//! The latest host calls of a guest, for the report of a fault. Noting one allocates nothing.

use greenroom_model::text::shown;

/// How many are told.
const CALLS: usize = 8;
/// Bytes of what a call is about.
const ABOUT: usize = 56;

/// What a call is about: a namespace, a key. What is long is cut.
#[derive(Clone, Copy)]
pub(crate) struct About {
    bytes: [u8; ABOUT],
    length: u8,
}

impl About {
    pub(crate) fn of(namespace: &str, what: &str) -> Self {
        let mut bytes = [0; ABOUT];
        let slash = if namespace.is_empty() || what.is_empty() { "" } else { "/" };
        let mut left = bytes.as_mut_slice();
        for part in [namespace, slash, what] {
            let length = part.len().min(left.len());
            let (place, rest) = left.split_at_mut(length);
            place.copy_from_slice(part.as_bytes().get(..length).unwrap_or_default());
            left = rest;
        }
        let length = u8::try_from(ABOUT - left.len()).unwrap_or(0);
        Self { bytes, length }
    }
}

#[derive(Clone, Copy)]
struct Noted {
    function: &'static str,
    about: About,
    answered: Option<&'static str>,
}

/// A ring of them.
pub(crate) struct Latest {
    noted: [Noted; CALLS],
    count: usize,
}

impl Default for Latest {
    fn default() -> Self {
        let nothing = Noted { function: "", about: About { bytes: [0; ABOUT], length: 0 }, answered: None };
        Self { noted: [nothing; CALLS], count: 0 }
    }
}

impl Latest {
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// A function is called.
    pub(crate) fn asks(&mut self, function: &'static str, about: About) {
        if let Some(noted) = self.noted.get_mut(self.count % CALLS) {
            *noted = Noted { function, about, answered: None };
        }
        self.count += 1;
    }

    /// The latest call was answered so.
    pub(crate) fn answered(&mut self, answer: &'static str) {
        if let Some(noted) = self.count.checked_sub(1).and_then(|last| self.noted.get_mut(last % CALLS)) {
            noted.answered = Some(answer);
        }
    }

    /// For a person, oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |at: usize| {
            let noted = self.noted.get(at % CALLS)?;
            let about = String::from_utf8_lossy(noted.about.bytes.get(..usize::from(noted.about.length))?);
            let space = if about.is_empty() { "" } else { " " };
            let answer = noted.answered.map(|answer| format!(": {answer}")).unwrap_or_default();
            Some(format!("{}{space}{}{answer}", noted.function, shown(&about)))
        };
        (self.count.saturating_sub(CALLS)..self.count).filter_map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_told_oldest_first_and_long_words_are_cut() {
        let mut latest = Latest::default();
        for n in 0..20 {
            latest.asks("get", About::of("space", &format!("key-{n}\n")));
            latest.answered("ok");
        }
        latest.asks("log", About::of("", &"x".repeat(99)));
        let lines = latest.lines();
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[0], "get space/key-13\\n: ok");
        assert_eq!(lines[7], format!("log {}", "x".repeat(56)));
        latest.clear();
        assert!(latest.lines().is_empty());
    }
}
