//! Positives by ascending id, packed: each as how far it is from the one before, an id, a subject, a time and a row, in bytes of
//! seven bits of which all but the last of a number have the eighth one set.

use crate::Positive;

/// A positive and the id of its event.
pub(crate) type Named = (u64, Positive);

/// The bytes of positives whose ids ascend.
pub(crate) fn write(all: impl ExactSizeIterator<Item = Named>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(all.len() * 10);
    let (mut last, mut time) = (0_u64, 0_i64);
    for (id, liked) in all {
        put(&mut bytes, id.wrapping_sub(last));
        // Strangers have the largest number: after it comes 0.
        put(&mut bytes, u64::from(liked.subject.wrapping_add(1)));
        let later = liked.time.wrapping_sub(time);
        put(&mut bytes, (later << 1 ^ later >> 63).cast_unsigned());
        put(&mut bytes, u64::from(liked.row));
        (last, time) = (id, liked.time);
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// The positives of bytes; what is none ends them.
pub(crate) fn read(bytes: &[u8]) -> impl Iterator<Item = Option<Named>> {
    let (mut rest, mut before) = (bytes, None);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = after(&mut rest, before);
        match found {
            Some(_) => before = found,
            None => rest = &[],
        }
        Some(found)
    })
}

fn after(rest: &mut &[u8], before: Option<Named>) -> Option<Named> {
    let (last, time) = before.map_or((0, 0), |(id, liked)| (id, liked.time));
    let id = last.checked_add(take(rest)?).filter(|id| before.is_none() || *id > last)?;
    let subject = u32::try_from(take(rest)?).ok()?.wrapping_sub(1);
    let zigzag = take(rest)?;
    let time = time.wrapping_add((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
    let row = u32::try_from(take(rest)?).ok()?;
    Some((id, Positive { subject, time, row }))
}

/// A number; none when it does not end, or is longer than 64 bits, or than it has to be.
fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..10 {
        let (byte, left) = rest.split_first()?;
        *rest = left;
        let bits = u64::from(byte & 0x7f);
        if place == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * place);
        if byte & 0x80 == 0 {
            return (bits > 0 || place == 0).then_some(number);
        }
    }
    None
}
