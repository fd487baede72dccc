//! Reading MessagePack: what the host hands over as a document. By hand, because a decoder for any type is larger than
//! the agents that would use it.

use std::collections::BTreeMap;

use crate::ParamValue;

/// Why it cannot be read, as a fragment.
type Wrong = &'static str;

const ENDED: Wrong = "it ends too early";
const UNKNOWN: Wrong = "it has a value of a kind that no parameter has";
const BEYOND: Wrong = "it has something after its end";

/// A map from names to values, in the order in which they come.
pub(crate) fn map(bytes: &[u8]) -> Result<Vec<(String, ParamValue)>, Wrong> {
    let mut reader = Reader { rest: bytes };
    let Head::Map(len) = reader.head()? else { return Err("it is no map") };
    let mut all: Vec<(String, ParamValue)> = Vec::new();
    for _ in 0..len {
        let name = reader.name()?;
        if all.iter().any(|(other, _)| *other == name) {
            return Err("it has a name twice");
        }
        all.push((name, reader.value()?));
    }
    if reader.rest.is_empty() { Ok(all) } else { Err(BEYOND) }
}

/// What a value begins with.
enum Head {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(usize),
    List(usize),
    Map(usize),
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Result<&'b [u8], Wrong> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(ENDED)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A whole number of so many bytes, without a sign.
    fn number(&mut self, len: usize) -> Result<u64, Wrong> {
        Ok(self.take(len)?.iter().fold(0, |number, &byte| (number << 8) | u64::from(byte)))
    }

    fn len(&mut self, bytes: usize) -> Result<usize, Wrong> {
        usize::try_from(self.number(bytes)?).map_err(|_| ENDED)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        reason = "the format says how many bits there are"
    )]
    fn head(&mut self) -> Result<Head, Wrong> {
        let code = self.number(1)? as u8;
        Ok(match code {
            0x00..=0x7f => Head::Integer(i64::from(code)),
            0x80..=0x8f => Head::Map(usize::from(code & 0x0f)),
            0x90..=0x9f => Head::List(usize::from(code & 0x0f)),
            0xa0..=0xbf => Head::Text(usize::from(code & 0x1f)),
            0xc2 | 0xc3 => Head::Boolean(code == 0xc3),
            0xca => Head::Float(f32::from_bits(self.number(4)? as u32).into()),
            0xcb => Head::Float(f64::from_bits(self.number(8)?)),
            0xcc..=0xce => Head::Integer(self.number(1 << (code - 0xcc))? as i64),
            0xcf => {
                let number = self.number(8)?;
                i64::try_from(number).map_or(Head::Float(number as f64), Head::Integer)
            }
            0xd0 => Head::Integer(i64::from(self.number(1)? as i8)),
            0xd1 => Head::Integer(i64::from(self.number(2)? as i16)),
            0xd2 => Head::Integer(i64::from(self.number(4)? as i32)),
            0xd3 => Head::Integer(self.number(8)? as i64),
            0xd9..=0xdb => Head::Text(self.len(1 << (code - 0xd9))?),
            0xdc | 0xdd => Head::List(self.len(2 << (code - 0xdc))?),
            0xde | 0xdf => Head::Map(self.len(2 << (code - 0xde))?),
            0xe0..=0xff => Head::Integer(i64::from(code as i8)),
            _ => return Err(UNKNOWN),
        })
    }

    fn text(&mut self, len: usize) -> Result<String, Wrong> {
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| "it has a text that is no UTF-8")?;
        Ok(text.to_owned())
    }

    fn name(&mut self) -> Result<String, Wrong> {
        match self.head()? {
            Head::Text(len) => self.text(len),
            _ => Err("it has a name that is no text"),
        }
    }

    fn value(&mut self) -> Result<ParamValue, Wrong> {
        Ok(match self.head()? {
            Head::Boolean(value) => ParamValue::Boolean(value),
            Head::Integer(value) => ParamValue::Integer(value),
            Head::Float(value) => ParamValue::Float(value),
            Head::Text(len) => ParamValue::Text(self.text(len)?),
            Head::List(len) => self.list(len)?,
            Head::Map(len) => {
                let mut all = BTreeMap::new();
                for _ in 0..len {
                    let name = self.name()?;
                    all.insert(name, self.real()?);
                }
                ParamValue::Named(all)
            }
        })
    }

    /// Rows, when all could be rows.
    fn list(&mut self, len: usize) -> Result<ParamValue, Wrong> {
        let before = self.rest;
        let mut rows = Vec::new();
        for _ in 0..len {
            match self.head()? {
                Head::Integer(value) if u32::try_from(value).is_ok() => rows.extend(u32::try_from(value)),
                _ => {
                    self.rest = before;
                    return (0..len).map(|_| self.real()).collect::<Result<_, _>>().map(ParamValue::Numbers);
                }
            }
        }
        Ok(ParamValue::Rows(rows))
    }

    fn real(&mut self) -> Result<f64, Wrong> {
        match self.head()? {
            #[expect(clippy::cast_precision_loss, reason = "parameters are small")]
            Head::Integer(value) => Ok(value as f64),
            Head::Float(value) => Ok(value),
            _ => Err("it has a list or a map of something else than numbers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"a": <value>}`.
    fn read(value: &[u8]) -> Result<ParamValue, Wrong> {
        let all = map(&[&[0x81, 0xa1, b'a'], value].concat())?;
        all.into_iter().next().map(|(_, value)| value).ok_or("nothing")
    }

    #[test]
    fn every_width_of_a_number_is_read() {
        for (bytes, value) in [
            (&[0x7f][..], 127),
            (&[0xff], -1),
            (&[0xe0], -32),
            (&[0xcc, 0xff], 255),
            (&[0xcd, 1, 0], 256),
            (&[0xce, 0xff, 0xff, 0xff, 0xff], u32::MAX.into()),
            (&[0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], i64::MAX),
            (&[0xd0, 0x80], -128),
            (&[0xd1, 0x80, 0], -32_768),
            (&[0xd2, 0x80, 0, 0, 0], i32::MIN.into()),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], i64::MIN),
        ] {
            assert_eq!(read(bytes), Ok(ParamValue::Integer(value)), "{bytes:x?}");
        }
        assert_eq!(read(&[0xca, 0x3f, 0, 0, 0]), Ok(ParamValue::Float(0.5)));
        assert_eq!(read(&[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]), Ok(ParamValue::Float(0.5)));
        assert_eq!(read(&[0xcf, 0xff, 0, 0, 0, 0, 0, 0, 0]), Ok(ParamValue::Float(0xff00_0000_0000_0000_u64 as f64)));
    }

    #[test]
    fn texts_switches_and_lists_are_read() {
        assert_eq!(read(&[0xc3]), Ok(ParamValue::Boolean(true)));
        assert_eq!(read(&[0xa2, 0xc3, 0xbc]), Ok(ParamValue::Text("ü".into())));
        assert_eq!(read(&[0xda, 0, 1, b'x']), Ok(ParamValue::Text("x".into())));
        assert_eq!(read(&[0x90]), Ok(ParamValue::Rows(Vec::new())));
        assert_eq!(read(&[0xdc, 0, 2, 1, 0xcc, 200]), Ok(ParamValue::Rows(vec![1, 200])));
        assert_eq!(read(&[0x92, 1, 0xff]), Ok(ParamValue::Numbers(vec![1.0, -1.0])));
        let named = BTreeMap::from([("x".to_owned(), 2.0)]);
        assert_eq!(read(&[0x81, 0xa1, b'x', 2]), Ok(ParamValue::Named(named)));
    }

    #[test]
    fn what_is_broken_or_goes_on_says_so() {
        assert_eq!(read(&[0xcd, 1]), Err(ENDED));
        assert_eq!(read(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]), Err(ENDED));
        assert_eq!(read(&[0xc0]), Err(UNKNOWN));
        assert_eq!(read(&[1, 2]), Err(BEYOND));
        assert_eq!(read(&[0xa1, 0xff]), Err("it has a text that is no UTF-8"));
        assert_eq!(read(&[0x91, 0xc3]), Err("it has a list or a map of something else than numbers"));
        assert_eq!(map(&[0x82, 0xa1, b'a', 1, 0xa1, b'a', 2]), Err("it has a name twice"));
        assert_eq!(map(&[0x90]), Err("it is no map"));
        assert_eq!(map(&[0x81, 1, 1]), Err("it has a name that is no text"));
    }
}
