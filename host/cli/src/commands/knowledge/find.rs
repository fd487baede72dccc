//! What is meant by the beginning of a digest.

use std::collections::BTreeSet;

use greenroom_evolve::knowledge::Knowledge;
use greenroom_model::Digest;
use greenroom_model::text::shown;

use crate::exit::Failure;

/// Digests that a message names.
const NAMED_MAX: usize = 6;

/// The one record whose digest begins so.
pub(super) fn record(knowledge: &Knowledge, words: &str) -> Result<Digest, Failure> {
    let hex = beginning(words)?;
    let damaged = knowledge.damaged().iter().find(|damaged| damaged.key.rsplit('/').next() == Some(hex.as_str()));
    if let Some(damaged) = damaged {
        return Err(Failure::failed(damaged));
    }
    let all: Vec<Digest> = knowledge.all().into_iter().rev().map(|(digest, _)| *digest).collect();
    one("record", &hex, &all)
}

/// The one plan whose digest begins so, of those that were tried and those that they were made from.
pub(super) fn plan(knowledge: &Knowledge, words: &str) -> Result<Digest, Failure> {
    let hex = beginning(words)?;
    let mut seen = BTreeSet::new();
    let plans = knowledge.all().into_iter().rev().flat_map(|(_, record)| [Some(record.plan), record.parent]);
    let plans: Vec<Digest> = plans.flatten().filter(|plan| seen.insert(*plan)).collect();
    one("plan", &hex, &plans)
}

fn beginning(words: &str) -> Result<String, Failure> {
    let hex = words.strip_prefix("sha256:").unwrap_or(words).to_ascii_lowercase();
    if hex.is_empty() || hex.len() > 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Failure::arguments(format!(
            "`{}` is no beginning of a digest: expected 1 to 64 hexadecimal digits, such as the first 12",
            shown(words)
        )));
    }
    Ok(hex)
}

/// Of digests, the newest first.
fn one(what: &str, hex: &str, all: &[Digest]) -> Result<Digest, Failure> {
    let matching: Vec<Digest> = all.iter().filter(|digest| digest.hex().starts_with(hex)).copied().collect();
    match matching.as_slice() {
        [digest] => Ok(*digest),
        [] if all.is_empty() => Err(Failure::failed(format!("no {what} begins with {hex}: nothing was tried yet"))),
        [] => Err(Failure::failed(format!("no {what} begins with {hex}; there {}", named(what, all, 12)))),
        several => {
            let digits = told_apart(several);
            Err(Failure::failed(format!("several begin with {hex}: there {}", named(what, several, digits))))
        }
    }
}

/// How many digits tell all of them apart.
fn told_apart(several: &[Digest]) -> usize {
    let short = |digits: usize| several.iter().map(move |digest| digest.hex().chars().take(digits).collect::<String>());
    (12..64).find(|digits| short(*digits).collect::<BTreeSet<_>>().len() == several.len()).unwrap_or(64)
}

fn named(what: &str, all: &[Digest], digits: usize) -> String {
    let (verb, s) = if all.len() == 1 { ("is", "") } else { ("are", "s") };
    let names = all.iter().take(NAMED_MAX).map(|digest| digest.hex().chars().take(digits).collect::<String>());
    let names = names.collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{verb} the {what}{s} {names}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(first: u8, last: u8) -> Digest {
        let mut bytes = [0xab; 32];
        bytes[0] = first;
        bytes[31] = last;
        Digest::from_bytes(bytes)
    }

    #[test]
    fn a_beginning_is_enough_when_it_is_that_of_one() {
        let all = [digest(0x12, 1), digest(0x13, 1), digest(0x13, 2)];
        let found = |words: &str| beginning(words).and_then(|hex| one("record", &hex, &all)).map_err(|e| e.words());
        assert_eq!(found("12"), Ok(all[0]));
        assert_eq!(found("sha256:12AB"), Ok(all[0]));
        assert_eq!(found(&all[2].to_string()), Ok(all[2]));
        assert_eq!(
            found("99"),
            Err("no record begins with 99; there are the records 12ababababab, 13ababababab, 13ababababab".to_owned())
        );
        let long = found("13").unwrap_err();
        assert!(long.contains(&all[1].hex()) && long.contains(&all[2].hex()), "{long}");
        for wrong in ["", "sha256:", "xyz", "\u{1b}[2J", &"a".repeat(65)] {
            assert!(found(wrong).unwrap_err().contains("is no beginning of a digest"), "{wrong}");
        }
        assert!(one("plan", "1", &[]).unwrap_err().words().contains("nothing was tried yet"));
    }
}
