//! Text as it goes into the page: escaped words, and numbers that people read.

use greenroom_model::text;

/// Somebody's words in a page: nothing of it is markup, and nothing drives what stands around it.
pub(super) fn escaped(words: &str) -> String {
    shortened(words, 1_024)
}

/// The first characters of them.
pub(super) fn shortened(words: &str, characters_max: usize) -> String {
    let plain = text::shortened(words, characters_max);
    let mut html = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// A value with four digits after the point, fewer where it is large, an exponent where it would be nothing but zeros.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "\u{2013}".to_owned(),
        0.0 => "0".to_owned(),
        size if size < 0.000_1 => format!("{value:.1e}").replace('-', "\u{2212}"),
        size if size < 100.0 => signed(format!("{value:.4}")),
        size if size < 10_000.0 => signed(format!("{value:.1}")),
        _ => large(value),
    }
}

/// A difference with its sign.
pub(super) fn difference(value: f64) -> String {
    let text = number(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A large number in the unit that leaves one to three digits before the point.
pub(super) fn large(value: f64) -> String {
    let units = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| value.abs() >= *size);
    signed(unit.map_or_else(|| format!("{value:.0}"), |(size, name)| format!("{:.1}{name}", value / size)))
}

/// Microseconds as people say them.
pub(super) fn duration(us: u64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0..10 => format!("{:.1} s", us as f64 / 1e6),
        10..600 => format!("{seconds} s"),
        600..36_000 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", seconds as f64 / 3_600.0),
    }
}

/// `1 trial`, `2 trials`.
pub(super) fn count(of: usize, what: &str) -> String {
    format!("{of} {what}{}", if of == 1 { "" } else { "s" })
}

fn signed(text: String) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_markup() {
        assert_eq!(escaped("<b a='\"'>&\n\u{202e}"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\\n\\u{202e}");
        // Cut before it is escaped, so that no entity is cut in half.
        assert_eq!(shortened("<<<<", 2), "&lt;&lt;...");
    }

    #[test]
    fn numbers_have_the_digits_that_people_read() {
        assert_eq!(
            [0.12344, 0.0, 123.45, 1.5e6, -0.02].map(number),
            ["0.1234", "0", "123.5", "1.5M", "\u{2212}0.0200"]
        );
        assert_eq!(number(2e-7), "2.0e\u{2212}7");
        assert_eq!(number(f64::NEG_INFINITY), "\u{2013}");
        assert_eq!([0.5, -0.5].map(difference), ["+0.5000", "\u{2212}0.5000"]);
        assert_eq!([900_000, 61_000_000, 7_200_000_000].map(duration), ["0.9 s", "61 s", "120 min"]);
    }
}
