//! Making columns: of arrays, ranges, bytes and other columns, and number by number.

use std::ops::{Range, RangeInclusive};

use rhai::{Array, Blob, Dynamic, Engine};

use super::{Column, Number, f32_of, short};
use crate::fault::{Told, wrong};

/// What a column is made of.
enum Source {
    Numbers(Vec<Number>),
    Column(Column),
    Bytes(Blob),
}

fn source(value: Dynamic) -> Told<Source> {
    if value.is_blob() {
        return value.into_blob().map(Source::Bytes).map_err(unfit);
    }
    if value.is_array() {
        let array: Array = value.into_array().map_err(unfit)?;
        return array.iter().map(Number::of).collect::<Told<_>>().map(Source::Numbers);
    }
    let value = match value.try_cast_result::<Column>() {
        Ok(column) => return Ok(Source::Column(column)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Range<i64>>() {
        Ok(range) => return Ok(Source::Column(range.collect::<Vec<_>>().into())),
        Err(value) => value,
    };
    match value.try_cast_result::<RangeInclusive<i64>>() {
        Ok(range) => Ok(Source::Column(range.collect::<Vec<_>>().into())),
        Err(value) => Err(unfit(value.type_name())),
    }
}

fn unfit(found: &str) -> Box<rhai::EvalAltResult> {
    wrong(format!(
        "a column is made of an array of numbers, a range, bytes or a column, not of a value of type {}",
        short(found)
    ))
}

/// A column of whatever numbers stand in: columns as they are; f32s when any number is real.
pub(crate) fn any(value: Dynamic) -> Told<Column> {
    match source(value)? {
        Source::Column(column) => Ok(column),
        Source::Bytes(bytes) => Ok(bytes.into()),
        Source::Numbers(numbers) => Ok(of(&numbers)),
    }
}

/// f32s when any number is real, or s64s.
pub(crate) fn of(numbers: &[Number]) -> Column {
    let wholes: Option<Vec<i64>> = numbers
        .iter()
        .map(|number| match number {
            Number::Whole(whole) => Some(*whole),
            Number::Real(_) => None,
        })
        .collect();
    wholes.map_or_else(|| numbers.iter().map(|number| f32_of(number.real())).collect::<Vec<_>>().into(), Into::into)
}

/// Bytes as numbers of a size.
fn read<const N: usize, T>(bytes: &[u8], of: fn([u8; N]) -> T) -> Told<Vec<T>> {
    match bytes.as_chunks() {
        (numbers, []) => Ok(numbers.iter().map(|number| of(*number)).collect()),
        _ => Err(wrong(format!("{} bytes are no numbers of {N} bytes each", bytes.len()))),
    }
}

fn f32s(value: Dynamic) -> Told<Column> {
    Ok(match source(value)? {
        Source::Bytes(bytes) => read(&bytes, f32::from_le_bytes)?.into(),
        Source::Column(column) => column.into_f32s().into(),
        Source::Numbers(numbers) => numbers.into_iter().map(|number| f32_of(number.real())).collect::<Vec<_>>().into(),
    })
}

fn u32s(value: Dynamic) -> Told<Column> {
    Ok(match source(value)? {
        Source::Bytes(bytes) => read(&bytes, u32::from_le_bytes)?.into(),
        Source::Column(column) => column.into_u32s()?.into(),
        Source::Numbers(numbers) => {
            let rows: Told<Vec<u32>> =
                numbers.into_iter().enumerate().map(|(place, number)| u32_of(number, place)).collect();
            rows?.into()
        }
    })
}

fn s64s(value: Dynamic) -> Told<Column> {
    Ok(match source(value)? {
        Source::Bytes(bytes) => read(&bytes, i64::from_le_bytes)?.into(),
        Source::Column(column) => {
            column.iter().enumerate().map(|(place, number)| i64_of(number, place)).collect::<Told<Vec<_>>>()?.into()
        }
        Source::Numbers(numbers) => {
            let wholes: Told<Vec<i64>> =
                numbers.into_iter().enumerate().map(|(place, number)| i64_of(number, place)).collect();
            wholes?.into()
        }
    })
}

/// A number as a row.
pub(super) fn u32_of(number: Number, place: usize) -> Told<u32> {
    i64_of(number, place).ok().and_then(|whole| u32::try_from(whole).ok()).ok_or_else(|| {
        wrong(format!("whole numbers from 0 to 4294967295 are expected, not {} at place {place}", number.value()))
    })
}

#[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and is compared with what it was")]
pub(super) fn i64_of(number: Number, place: usize) -> Told<i64> {
    match number {
        Number::Whole(whole) => Ok(whole),
        // 2^63 is the first that is too large.
        Number::Real(real) if real.fract() == 0.0 && real.abs() < 9_223_372_036_854_775_808.0 => Ok(real as i64),
        Number::Real(real) => Err(wrong(format!("whole numbers are expected, not {real} at place {place}"))),
    }
}

/// So many numbers, all the same.
fn filled(len: i64, value: &Dynamic, of: fn(Dynamic) -> Told<Column>) -> Told<Column> {
    let len = usize::try_from(len).map_err(|_| wrong(format!("a column has no {len} numbers")))?;
    let one = of(vec![value.clone()].into())?;
    one.pick(&vec![0; len])
}

pub(super) fn add_to(engine: &mut Engine) {
    for (name, of) in [("f32s", f32s as fn(Dynamic) -> Told<Column>), ("u32s", u32s), ("s64s", s64s), ("column", any)] {
        engine.register_fn(name, of);
        if name != "column" {
            engine.register_fn(name, move || of(Array::new().into()));
            engine.register_fn(name, move |len: i64, value: Dynamic| filled(len, &value, of));
        }
    }
    // The nearest that a column of f32s could hold.
    engine.register_fn("f32", |number: Dynamic| {
        Ok::<_, Box<rhai::EvalAltResult>>(f64::from(f32_of(Number::of(&number)?.real())))
    });
}
