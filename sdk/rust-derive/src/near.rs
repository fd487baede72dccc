//! "did you mean".

/// "; did you mean `x`?" for something that is close to a known word.
pub(crate) fn meant<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known.into_iter().map(|word| (distance(found, word), word)).min();
    near.filter(|(distance, word)| *distance <= 2.min(word.len() / 2))
        .map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}

/// How many letters have to be added, left out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut corner = i;
        let mut next = vec![left];
        for (y, &above) in b.chars().zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(corner + usize::from(x != y));
            corner = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_close_is_meant() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(meant("defualt", ["low", "default"]), "; did you mean `default`?");
        assert_eq!(meant("minimum", ["low", "default"]), "");
    }
}
