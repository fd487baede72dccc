//! Sizes as people write them: `"64MiB"`.

const UNITS: [(&str, u64); 8] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Bytes of a size with a unit. The error says what was expected.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic()).trim_end();
    let unit = text.get(digits.len()..).unwrap_or_default().trim();
    let number: u64 = digits
        .replace('_', "")
        .parse()
        .map_err(|_| format!("`{digits}` is no whole number; write a size such as \"64MiB\""))?;
    if unit.is_empty() {
        return Err(format!("write the unit too, such as \"{number}MiB\", or bytes without quotes"));
    }
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| {
        let by_letters = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        let near = by_letters.map(|(name, _)| *name);
        match near.or_else(|| crate::suggest::nearest(unit, UNITS.map(|(name, _)| name))) {
            Some(near) => format!("there is no unit `{unit}`; did you mean \"{number}{near}\"?"),
            None => {
                format!("there is no unit `{unit}`; units are {}", crate::suggest::list(UNITS.map(|(name, _)| name)))
            }
        }
    })?;
    number.checked_mul(*scale).ok_or_else(|| "this is more than 64 bits of bytes".to_owned())
}

/// A number of bytes as people write it, exact.
pub(crate) fn written(bytes: u64) -> String {
    let fits = |scale: u64| bytes != 0 && bytes.is_multiple_of(scale);
    match UNITS.iter().take(5).rev().find(|(_, scale)| fits(*scale)) {
        Some((name, scale)) => format!("{}{name}", bytes / scale),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(bytes(text).ok(), expected, "{text}: {:?}", bytes(text));
    }

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        check("64MiB", Some(64 << 20));
        check("1 GiB", Some(1 << 30));
        check("1_000 B", Some(1_000));
        check("2kB", Some(2_000));
    }

    #[test]
    fn anything_else_is_no_size() {
        for text in ["", "MiB", "64", "64MiX", "64mib", "-1MiB", "1.5GiB", "99999999999TiB", "\u{b2}MiB"] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for size in [1, 1023, 1024, 64 << 20, 3 << 30, 1_000_000] {
            check(&written(size), Some(size));
        }
    }
}
