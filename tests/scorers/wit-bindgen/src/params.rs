//! The parameters: a MessagePack map from short names to numbers.

/// The number of a name.
pub(crate) fn float(params: &[u8], name: &str) -> Option<f64> {
    let (&head, mut rest) = params.split_first()?;
    for _ in 0..head & 15 {
        let (&length, after) = rest.split_first()?;
        let (key, after) = after.split_at_checked((length & 31).into())?;
        let (value, after) = number(after)?;
        if key == name.as_bytes() {
            return Some(value);
        }
        rest = after;
    }
    None
}

/// A number, and what stands behind it: an f64 or a small whole number.
fn number(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (&kind, rest) = bytes.split_first()?;
    match kind {
        0xcb => rest.split_first_chunk().map(|(bytes, rest)| (f64::from_be_bytes(*bytes), rest)),
        0..0x80 => Some((kind.into(), rest)),
        _ => None,
    }
}
