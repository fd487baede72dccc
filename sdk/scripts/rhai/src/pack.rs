//! MessagePack, in which travels what is open by nature: context, settings, documents, and states that are no columns.

use rhai::{Array, Blob, Dynamic, Engine, Map};

use crate::columns::{Column, short};
use crate::fault::{Told, wrong};

/// How deep lists and maps may stand in each other; each level takes stack.
const DEPTH_MAX: usize = 32;

/// Bytes as they are, and anything else packed.
pub(crate) fn bytes_of(value: Dynamic) -> Told<Blob> {
    if value.is_blob() { value.into_blob().map_err(wrong) } else { pack(&value) }
}

/// The same value gives the same bytes: maps are written in the order of their keys.
pub(crate) fn pack(value: &Dynamic) -> Told<Blob> {
    let mut bytes = Vec::new();
    write(&mut bytes, value, 0)?;
    Ok(bytes)
}

fn write(bytes: &mut Vec<u8>, value: &Dynamic, depth: usize) -> Told<()> {
    if depth > DEPTH_MAX {
        return Err(wrong(format!("a value that is nested more than {DEPTH_MAX} deep is not packed")));
    }
    if value.is_unit() {
        bytes.push(0xc0);
    } else if let Ok(truth) = value.as_bool() {
        bytes.push(0xc2 + u8::from(truth));
    } else if let Ok(whole) = value.as_int() {
        write_whole(bytes, whole);
    } else if let Ok(real) = value.as_float() {
        write_real(bytes, real);
    } else if let Ok(blob) = value.as_blob_ref() {
        head(bytes, blob.len(), None, [0xc4, 0xc5, 0xc6])?;
        bytes.extend_from_slice(&blob);
    } else if let Ok(list) = value.as_array_ref() {
        head(bytes, list.len(), Some((0x90, 15)), [0, 0xdc, 0xdd])?;
        list.iter().try_for_each(|one| write(bytes, one, depth + 1))?;
    } else if let Ok(map) = value.as_map_ref() {
        head(bytes, map.len(), Some((0x80, 15)), [0, 0xde, 0xdf])?;
        for (name, one) in map.iter() {
            write_text(bytes, name)?;
            write(bytes, one, depth + 1)?;
        }
    } else if value.is_string() || value.is_char() {
        write_text(bytes, &value.to_string())?;
    } else if let Some(column) = value.clone().try_cast::<Column>() {
        head(bytes, column.len(), Some((0x90, 15)), [0, 0xdc, 0xdd])?;
        match column {
            Column::F32s(values) => values.iter().for_each(|x| write_single(bytes, *x)),
            whole => whole.wholes().for_each(|x| write_whole(bytes, x)),
        }
    } else {
        return Err(wrong(format!("a value of type {} is not packed", short(value.type_name()))));
    }
    Ok(())
}

/// What kind follows, and how long it is.
fn head(bytes: &mut Vec<u8>, len: usize, few: Option<(u8, u8)>, codes: [u8; 3]) -> Told<()> {
    let len = u32::try_from(len).map_err(|_| wrong("a value of 2^32 parts is not packed"))?;
    let [narrow, middle, wide] = codes;
    match (few, u8::try_from(len), u16::try_from(len)) {
        (Some((code, max)), Ok(len), _) if len <= max => bytes.push(code | len),
        (_, Ok(len), _) if narrow != 0 => bytes.extend([narrow, len]),
        (_, _, Ok(len)) => {
            bytes.push(middle);
            bytes.extend(len.to_be_bytes());
        }
        _ => {
            bytes.push(wide);
            bytes.extend(len.to_be_bytes());
        }
    }
    Ok(())
}

fn write_text(bytes: &mut Vec<u8>, text: &str) -> Told<()> {
    head(bytes, text.len(), Some((0xa0, 31)), [0xd9, 0xda, 0xdb])?;
    bytes.extend_from_slice(text.as_bytes());
    Ok(())
}

/// As short as it can be.
fn write_whole(bytes: &mut Vec<u8>, whole: i64) {
    if let Ok(small) = i8::try_from(whole)
        && small >= -32
    {
        bytes.push(small.cast_unsigned());
    } else if let Ok(byte) = u8::try_from(whole) {
        bytes.extend([0xcc, byte]);
    } else if let Ok(short) = u16::try_from(whole) {
        bytes.push(0xcd);
        bytes.extend(short.to_be_bytes());
    } else if let Ok(word) = u32::try_from(whole) {
        bytes.push(0xce);
        bytes.extend(word.to_be_bytes());
    } else if let Ok(byte) = i8::try_from(whole) {
        bytes.extend([0xd0, byte.cast_unsigned()]);
    } else if let Ok(short) = i16::try_from(whole) {
        bytes.push(0xd1);
        bytes.extend(short.to_be_bytes());
    } else if let Ok(word) = i32::try_from(whole) {
        bytes.push(0xd2);
        bytes.extend(word.to_be_bytes());
    } else {
        bytes.push(0xd3);
        bytes.extend(whole.to_be_bytes());
    }
}

/// Every NaN as the same one.
fn write_real(bytes: &mut Vec<u8>, real: f64) {
    bytes.push(0xcb);
    bytes.extend(if real.is_nan() { 0x7ff8_0000_0000_0000 } else { real.to_bits() }.to_be_bytes());
}

fn write_single(bytes: &mut Vec<u8>, real: f32) {
    bytes.push(0xca);
    bytes.extend(if real.is_nan() { 0x7fc0_0000 } else { real.to_bits() }.to_be_bytes());
}

/// The value of bytes.
pub(crate) fn unpack(bytes: &[u8]) -> Told<Dynamic> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0).map_err(|why| {
        wrong(format!(
            "the bytes are no MessagePack: {why} at byte {} of {}",
            bytes.len() - reader.rest.len(),
            bytes.len()
        ))
    })?;
    match reader.rest.len() {
        0 => Ok(value),
        left => Err(wrong(format!("the bytes go on for {left} after the MessagePack"))),
    }
}

type Why = &'static str;

struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Result<&'b [u8], Why> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or("they end too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Why> {
        self.take(N)?.try_into().map_err(|_| "they end too early")
    }

    /// A number of so many bytes, without a sign.
    fn number(&mut self, len: usize) -> Result<u64, Why> {
        Ok(self.take(len)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn len(&mut self, bytes: usize) -> Result<usize, Why> {
        usize::try_from(self.number(bytes)?).map_err(|_| "something is too long")
    }

    fn text(&mut self, len: usize) -> Result<&'b str, Why> {
        std::str::from_utf8(self.take(len)?).map_err(|_| "a text is no UTF-8")
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 63 bits a script has reals alone")]
    fn value(&mut self, depth: usize) -> Result<Dynamic, Why> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deep");
        }
        let [code] = self.array()?;
        Ok(match code {
            0x00..=0x7f => i64::from(code).into(),
            0x80..=0x8f => self.map(usize::from(code & 0x0f), depth)?,
            0x90..=0x9f => self.list(usize::from(code & 0x0f), depth)?,
            0xa0..=0xbf => self.text(usize::from(code & 0x1f))?.into(),
            0xc0 => Dynamic::UNIT,
            0xc2 | 0xc3 => (code == 0xc3).into(),
            0xc4..=0xc6 => {
                let len = self.len(1 << (code - 0xc4))?;
                Dynamic::from_blob(self.take(len)?.to_vec())
            }
            0xca => f64::from(f32::from_be_bytes(self.array()?)).into(),
            0xcb => f64::from_be_bytes(self.array()?).into(),
            0xcc..=0xcf => {
                let number = self.number(1 << (code - 0xcc))?;
                i64::try_from(number).map_or_else(|_| (number as f64).into(), Dynamic::from)
            }
            0xd0 => i64::from(i8::from_be_bytes(self.array()?)).into(),
            0xd1 => i64::from(i16::from_be_bytes(self.array()?)).into(),
            0xd2 => i64::from(i32::from_be_bytes(self.array()?)).into(),
            0xd3 => i64::from_be_bytes(self.array()?).into(),
            0xd9..=0xdb => {
                let len = self.len(1 << (code - 0xd9))?;
                self.text(len)?.into()
            }
            0xdc | 0xdd => {
                let len = self.len(2 << (code - 0xdc))?;
                self.list(len, depth)?
            }
            0xde | 0xdf => {
                let len = self.len(2 << (code - 0xde))?;
                self.map(len, depth)?
            }
            0xe0..=0xff => i64::from(code.cast_signed()).into(),
            _ => return Err("there is something that is not read here"),
        })
    }

    fn list(&mut self, len: usize, depth: usize) -> Result<Dynamic, Why> {
        Ok((0..len).map(|_| self.value(depth + 1)).collect::<Result<Array, Why>>()?.into())
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Dynamic, Why> {
        let mut map = Map::new();
        for _ in 0..len {
            let name = self.value(depth + 1)?.into_immutable_string().map_err(|_| "a name is no text")?;
            map.insert(name.as_str().into(), self.value(depth + 1)?);
        }
        Ok(map.into())
    }
}

/// Registers `pack`; `unpack` stands with the records that hold bytes.
pub(crate) fn add_to(engine: &mut Engine) {
    engine.register_fn("pack", |value: Dynamic| pack(&value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_comes_back_as_it_went() {
        let wholes =
            [0, 127, 128, 255, 256, 65_535, 65_536, 1 << 32, i64::MAX, -1, -32, -33, -128, -129, -32_769, i64::MIN];
        for whole in wholes {
            assert_eq!(unpack(&pack(&whole.into()).unwrap()).unwrap().as_int(), Ok(whole));
        }
        for len in [0, 31, 32, 255, 256, 65_536] {
            let text = "x".repeat(len);
            assert_eq!(unpack(&pack(&text.clone().into()).unwrap()).unwrap().into_string(), Ok(text));
            let list: Array = vec![Dynamic::TRUE; len];
            assert_eq!(unpack(&pack(&list.into()).unwrap()).unwrap().into_array().map(|all| all.len()), Ok(len));
            let blob = Dynamic::from_blob(vec![7; len]);
            assert_eq!(unpack(&pack(&blob).unwrap()).unwrap().into_blob(), Ok(vec![7; len]));
        }
    }

    #[test]
    fn bytes_that_are_cut_or_go_on_are_refused() {
        let list: Array = vec![0.5.into(), "ü".into(), Dynamic::UNIT, Map::from([("a".into(), 300.into())]).into()];
        let whole = pack(&list.into()).unwrap();
        for cut in 0..whole.len() {
            assert!(unpack(&whole[..cut]).is_err(), "{cut} bytes were read as the whole");
        }
        assert!(unpack(&[whole, vec![0]].concat()).unwrap_err().to_string().contains("go on for 1"));
        assert!(unpack(&[0x91; 100]).unwrap_err().to_string().contains("nested too deep"));
    }
}
