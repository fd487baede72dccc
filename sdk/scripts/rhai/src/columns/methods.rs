//! Columns as a script uses a list: by place, in loops, with closures, and changed where they are.

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};

use super::summaries::script_of;
use super::{Column, Number, f32_of, make};
use crate::fault::{Told, ask, wrong};
use crate::records::{Record, register};

impl Record for Column {
    const TYPE: &'static str = "Column";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] =
        &[("len", |column| script_of(column.len())), ("kind", |column| column.kind().into())];
}

impl IntoIterator for Column {
    type Item = Dynamic;
    type IntoIter = Numbers;

    fn into_iter(self) -> Numbers {
        Numbers { column: self, next: 0 }
    }
}

pub(crate) struct Numbers {
    column: Column,
    next: usize,
}

impl Iterator for Numbers {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let number = self.column.at(self.next)?;
        self.next += 1;
        Some(number.value())
    }
}

/// What a closure makes of each number: a column of the numbers that it gives.
fn map(context: NativeCallContext, column: Column, of: FnPtr) -> Told<Column> {
    let each = column.iter().map(|number| Number::of(&ask::<Dynamic>(&context, &of, (number.value(),))?));
    Ok(make::of(&each.collect::<Told<Vec<_>>>()?))
}

fn zip(context: NativeCallContext, a: Column, b: Column, of: FnPtr) -> Told<Column> {
    a.beside(&b)?;
    let pairs = a.iter().zip(b.iter());
    let each = pairs.map(|(a, b)| Number::of(&ask::<Dynamic>(&context, &of, (a.value(), b.value()))?));
    Ok(make::of(&each.collect::<Told<Vec<_>>>()?))
}

fn reduce(context: NativeCallContext, column: Column, of: FnPtr, first: Dynamic) -> Told<Dynamic> {
    column.iter().try_fold(first, |sum, number| ask(&context, &of, (sum, number.value())))
}

fn filter(context: NativeCallContext, column: Column, of: FnPtr) -> Told<Column> {
    let mut places = Vec::new();
    for (place, number) in column.iter().enumerate() {
        if ask::<bool>(&context, &of, (number.value(),))? {
            places.push(place);
        }
    }
    column.pick(&places)
}

/// The places that a mask marks.
pub(crate) fn marked(mask: &Column, len: usize) -> Told<Vec<usize>> {
    if mask.len() == len {
        return Ok(mask.marked());
    }
    Err(wrong(format!("a mask of {} numbers is on a column of {len}", mask.len())))
}

/// Places as a script names them.
pub(crate) fn places(column: Column) -> Told<Vec<usize>> {
    Ok(column.into_u32s()?.into_iter().map(|place| place as usize).collect())
}

fn slice(column: &Column, from: i64, to: i64) -> Told<Column> {
    let len = column.len();
    let bound = |at: i64| usize::try_from(at).unwrap_or_default().min(len);
    column.pick(&(bound(from)..bound(to).max(bound(from))).collect::<Vec<_>>())
}

fn choose(mask: &Column, yes: &Dynamic, no: &Dynamic) -> Told<Column> {
    let side = |value: &Dynamic| -> Told<Column> {
        let column = match value.clone().try_cast::<Column>() {
            Some(column) => column,
            None => make::of(&[Number::of(value)?]).pick(&vec![0; mask.len()])?,
        };
        mask.beside(&column).map(|()| column)
    };
    let (yes, no) = (side(yes)?, side(no)?);
    let chosen =
        mask.iter().zip(yes.iter().zip(no.iter())).map(|(mark, (yes, no))| if mark.real() == 0.0 { no } else { yes });
    Ok(make::of(&chosen.collect::<Vec<_>>()))
}

impl Column {
    /// Writes a number, which has to be one that the column can hold.
    fn set(&mut self, place: usize, number: Number) -> Told<()> {
        match self {
            Self::F32s(values) => put(Rc::<Vec<_>>::make_mut(values), place, f32_of(number.real())),
            Self::U32s(values) => put(Rc::<Vec<_>>::make_mut(values), place, make::u32_of(number, place)?),
            Self::S64s(values) => put(Rc::<Vec<_>>::make_mut(values), place, make::i64_of(number, place)?),
        }
        Ok(())
    }

    fn push(&mut self, number: Number) -> Told<()> {
        let place = self.len();
        match self {
            Self::F32s(values) => Rc::make_mut(values).push(f32_of(number.real())),
            Self::U32s(values) => Rc::make_mut(values).push(make::u32_of(number, place)?),
            Self::S64s(values) => Rc::make_mut(values).push(make::i64_of(number, place)?),
        }
        Ok(())
    }

    fn append(&mut self, other: &Self) -> Told<()> {
        match (&mut *self, other) {
            (Self::F32s(values), Self::F32s(more)) => Rc::make_mut(values).extend_from_slice(more),
            (Self::U32s(values), Self::U32s(more)) => Rc::make_mut(values).extend_from_slice(more),
            (Self::S64s(values), Self::S64s(more)) => Rc::make_mut(values).extend_from_slice(more),
            (_, more) => return more.iter().try_for_each(|number| self.push(number)),
        }
        Ok(())
    }

    /// Makes it at least so long, with zeros.
    fn grow(&mut self, len: usize) {
        if len <= self.len() {
            return;
        }
        match self {
            Self::F32s(values) => Rc::make_mut(values).resize(len, 0.0),
            Self::U32s(values) => Rc::make_mut(values).resize(len, 0),
            Self::S64s(values) => Rc::make_mut(values).resize(len, 0),
        }
    }

    /// Adds to the numbers at these places, growing where that is needed: what sums by row, or by subject.
    fn add_at(&mut self, at: Vec<usize>, more: &Dynamic) -> Told<()> {
        let each = match more.clone().try_cast::<Self>() {
            Some(column) if column.len() == at.len() => column,
            Some(column) => return Err(wrong(format!("{} numbers are added at {} places", column.len(), at.len()))),
            None => make::of(&[Number::of(more)?]).pick(&vec![0; at.len()])?,
        };
        self.grow(at.iter().max().map_or(0, |place| place + 1));
        for (place, number) in at.into_iter().zip(each.iter()) {
            let sum = match (self.at(place), number) {
                (Some(Number::Whole(there)), Number::Whole(more)) => {
                    let sum = there.checked_add(more);
                    Number::Whole(
                        sum.ok_or_else(|| wrong(format!("the sum at place {place} is no whole number of 64 bits")))?,
                    )
                }
                // As all work on columns of f32s: rounded at each step.
                (Some(there), more) => Number::Real(f64::from(f32_of(there.real()) + f32_of(more.real()))),
                (None, more) => more,
            };
            self.set(place, sum)?;
        }
        Ok(())
    }
}

fn put<T>(values: &mut [T], place: usize, value: T) {
    if let Some(there) = values.get_mut(place) {
        *there = value;
    }
}

fn by_place(engine: &mut Engine) {
    engine.register_indexer_get(|column: &mut Column, place: i64| -> Told<Dynamic> {
        let place = column.place(place)?;
        Ok(column.at(place).map_or(Dynamic::UNIT, Number::value))
    });
    engine.register_indexer_set(|column: &mut Column, place: i64, value: Dynamic| -> Told<()> {
        let place = column.place(place)?;
        column.set(place, Number::of(&value)?)
    });
    engine.register_indexer_get(|column: &mut Column, range: Range<i64>| slice(column, range.start, range.end));
    engine.register_indexer_get(|column: &mut Column, range: RangeInclusive<i64>| {
        slice(column, *range.start(), range.end().saturating_add(1))
    });
    engine.register_fn("pick", |column: Column, at: Dynamic| column.pick(&places(make::any(at)?)?));
    engine.register_fn("first", |column: Column, n: i64| slice(&column, 0, n));
    engine.register_fn("contains", |column: Column, number: Dynamic| -> Told<bool> {
        let number = Number::of(&number)?;
        Ok(column.iter().any(|other| other == number || other.real() == number.real()))
    });
    engine.register_fn("index_of", |column: Column, number: Dynamic| -> Told<Dynamic> {
        let number = Number::of(&number)?.real();
        Ok(column.iter().position(|other| other.real() == number).map_or(Dynamic::from(-1_i64), script_of))
    });
}

fn changing(engine: &mut Engine) {
    engine.register_fn("push", |column: &mut Column, number: Dynamic| column.push(Number::of(&number)?));
    engine.register_fn("append", |column: &mut Column, more: Dynamic| column.append(&make::any(more)?));
    engine.register_fn("grow", |column: &mut Column, len: i64| column.grow(usize::try_from(len).unwrap_or_default()));
    engine.register_fn("add_at", |column: &mut Column, at: Dynamic, more: Dynamic| {
        column.add_at(places(make::any(at)?)?, &more)
    });
}

pub(super) fn add_to(engine: &mut Engine) {
    register::<Column>(engine);
    engine.register_iterator::<Column>();
    by_place(engine);
    changing(engine);
    engine.register_fn("len", |column: Column| script_of(column.len()));
    engine.register_fn("is_empty", |column: Column| column.len() == 0);
    engine.register_fn("map", map);
    engine.register_fn("zip", zip);
    engine.register_fn("reduce", reduce);
    engine.register_fn("filter", filter);
    engine.register_fn("filter", |column: Column, mask: Column| column.pick(&marked(&mask, column.len())?));
    engine.register_fn("choose", |mask: Column, yes: Dynamic, no: Dynamic| choose(&mask, &yes, &no));
    engine.register_fn("reversed", |column: Column| column.pick(&(0..column.len()).rev().collect::<Vec<_>>()));
    engine.register_fn("to_array", |column: Column| column.into_iter().collect::<Array>());
    engine.register_fn("to_blob", |column: Column| column.to_bytes());
    engine.register_fn("to_string", |column: Column| told(&column));
    engine.register_fn("to_debug", |column: Column| told(&column));
}

/// For a line in the log.
fn told(column: &Column) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = column.clone().into_iter().take(SHOWN).map(|number| number.to_string()).collect();
    let more = if column.len() > SHOWN { format!(", and {} more", column.len() - SHOWN) } else { String::new() };
    format!("{}[{}{more}]", column.kind(), shown.join(", "))
}
