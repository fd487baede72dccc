//! Which subject a key has. Each character of a namespace's name and of a key that is no letter, digit, `-` or `_` is written as
//! `=` and two hexadecimal digits for each of its bytes, so that any text fits and no two are the same. The longest key takes
//! 3 x (128 + 512) bytes, well under the 4,096 of a server's control line.

use std::fmt::Write as _;

/// What a subject stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A key that was named by whoever wrote it.
    Key {
        /// Its namespace.
        namespace: String,
        /// The key.
        key: String,
    },
    /// A record of a log: its key comes of when and where it stands in the stream.
    Record {
        /// Its namespace.
        namespace: String,
        /// What it was appended to.
        prefix: String,
    },
}

/// Of a key.
pub(super) fn of_key(root: &str, namespace: &str, key: &str) -> String {
    format!("{root}.k.{}.{}", escaped(namespace), escaped(key))
}

/// Of a record that is appended to a prefix; `id` is its own alone.
pub(super) fn of_record(root: &str, namespace: &str, prefix: &str, id: &str) -> String {
    format!("{root}.l.{}.{}.{id}", escaped(namespace), escaped(prefix))
}

/// What a subject stands for; none where it is none of ours.
pub(super) fn place(root: &str, subject: &str) -> Option<Place> {
    let mut tokens = subject.strip_prefix(root)?.strip_prefix('.')?.split('.');
    let place = match tokens.next()? {
        "k" => Place::Key { namespace: plain(tokens.next()?)?, key: plain(tokens.next()?)? },
        "l" => {
            let place = Place::Record { namespace: plain(tokens.next()?)?, prefix: plain(tokens.next()?)? };
            tokens.next()?;
            place
        }
        _ => return None,
    };
    tokens.next().is_none().then_some(place)
}

fn escaped(text: &str) -> String {
    // A token may not be empty.
    if text.is_empty() {
        return "=".to_owned();
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            token.push(char::from(byte));
        } else {
            let _ = write!(token, "={byte:02x}");
        }
    }
    token
}

fn plain(token: &str) -> Option<String> {
    if token == "=" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_subject_tells_its_namespace_and_key(namespace in any::<String>(), key in any::<String>()) {
            let subject = of_key("greenroom.b", &namespace, &key);
            prop_assert!(subject.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*' && byte != b'>'));
            prop_assert_eq!(subject.split('.').count(), 5);
            prop_assert_eq!(place("greenroom.b", &subject), Some(Place::Key { namespace, key }));
        }

        #[test]
        fn a_subject_tells_what_a_record_was_appended_to(namespace in any::<String>(), prefix in any::<String>()) {
            let subject = of_record("greenroom.b", &namespace, &prefix, "0a");
            prop_assert_eq!(place("greenroom.b", &subject), Some(Place::Record { namespace, prefix }));
        }
    }

    #[test]
    fn what_is_no_subject_of_ours_is_none() {
        for subject in
            ["greenroom.b", "greenroom.b.k", "greenroom.b.k.a", "greenroom.b.k.a.b.c", "greenroom.b.k.a.=g1", "x.k.a.b"]
        {
            assert_eq!(place("greenroom.b", subject), None, "{subject}");
        }
    }
}
