//! What becomes of each number of a column alone, and what a whole column comes to.

use rhai::{Dynamic, Engine};

use super::{Column, Number, f32_of, mask};
use crate::fault::{Told, wrong};

/// Functions of one f32, rounded to f32.
const OF_REALS: [(&str, fn(f32) -> f32); 8] = [
    ("sqrt", f32::sqrt),
    ("exp", f32::exp),
    ("ln", f32::ln),
    ("floor", f32::floor),
    ("ceiling", f32::ceil),
    ("round", f32::round),
    ("tanh", f32::tanh),
    ("sigmoid", |x| 1.0 / (1.0 + (-x).exp())),
];

fn abs(column: Column) -> Told<Column> {
    match column {
        Column::F32s(values) => Ok(values.iter().map(|x| x.abs()).collect::<Vec<_>>().into()),
        rows @ Column::U32s(_) => Ok(rows),
        Column::S64s(values) => {
            let all: Option<Vec<i64>> = values.iter().map(|x| x.checked_abs()).collect();
            all.map(Column::from).ok_or_else(|| wrong("the least whole number has no absolute value"))
        }
    }
}

/// Into a range; NaN stays. Whole numbers stay whole when the bounds are.
fn clamp(column: &Column, low: &Dynamic, high: &Dynamic) -> Told<Column> {
    let (low, high) = (Number::of(low)?, Number::of(high)?);
    if low.real().is_nan() || high.real().is_nan() || low.real() > high.real() {
        return Err(wrong(format!("nothing is between {} and {}", low.real(), high.real())));
    }
    match (low, high, column) {
        (Number::Whole(low), Number::Whole(high), Column::U32s(_) | Column::S64s(_)) => {
            Ok(column.wholes().map(|whole| whole.clamp(low, high)).collect::<Vec<_>>().into())
        }
        _ => {
            let (low, high) = (f32_of(low.real()), f32_of(high.real()));
            Ok(column.clone().into_f32s().into_iter().map(|x| x.clamp(low, high)).collect::<Vec<_>>().into())
        }
    }
}

/// Added up in f64, or in whole numbers.
fn sum(column: &Column) -> Told<Dynamic> {
    if let Column::F32s(values) = column {
        return Ok(values.iter().copied().map(f64::from).sum::<f64>().into());
    }
    let whole = column.wholes().try_fold(0_i64, i64::checked_add);
    whole.map(Dynamic::from).ok_or_else(|| wrong("the sum is no whole number of 64 bits"))
}

#[expect(clippy::cast_precision_loss, reason = "a column has no 2^53 numbers")]
fn mean(column: &Column) -> Dynamic {
    match column.len() {
        0 => Dynamic::UNIT,
        len => (column.iter().map(Number::real).sum::<f64>() / len as f64).into(),
    }
}

/// The place of the number that is before all others in an order, NaNs left out; the first of equals.
fn foremost(column: &Column, before: fn(&f64, &f64) -> bool, before_whole: fn(&i64, &i64) -> bool) -> Option<usize> {
    fn first<T: Copy>(all: impl Iterator<Item = (usize, T)>, before: fn(&T, &T) -> bool) -> Option<usize> {
        all.reduce(|best, next| if before(&next.1, &best.1) { next } else { best }).map(|(place, _)| place)
    }
    match column {
        Column::F32s(values) => {
            let known = values.iter().enumerate().filter(|(_, x)| !x.is_nan());
            first(known.map(|(place, x)| (place, f64::from(*x))), before)
        }
        other => first(other.wholes().enumerate(), before_whole),
    }
}

fn number_or_nothing(column: &Column, place: Option<usize>) -> Dynamic {
    place.and_then(|place| column.at(place)).map_or(Dynamic::UNIT, Number::value)
}

fn place_or_nothing(place: Option<usize>) -> Dynamic {
    place.map_or(Dynamic::UNIT, script_of)
}

/// A length or a place as a number of a script.
pub(crate) fn script_of(place: usize) -> Dynamic {
    i64::try_from(place).map_or(Dynamic::UNIT, Dynamic::from)
}

/// Added up in f64.
fn dot(a: &Column, b: &Column) -> Told<f64> {
    a.beside(b)?;
    Ok(a.iter().zip(b.iter()).map(|(a, b)| a.real() * b.real()).sum())
}

/// What came before is added to each number.
fn running(column: &Column) -> Told<Column> {
    if let Column::F32s(values) = column {
        let mut total = 0.0_f64;
        let sums = values.iter().map(|x| {
            total += f64::from(*x);
            f32_of(total)
        });
        return Ok(sums.collect::<Vec<_>>().into());
    }
    let mut total = Some(0_i64);
    let sums = column.wholes().map(|x| {
        total = total.and_then(|total| total.checked_add(x));
        total
    });
    let sums: Option<Vec<i64>> = sums.collect();
    sums.map(Column::from).ok_or_else(|| wrong("a sum is no whole number of 64 bits"))
}

/// The places in the order of their numbers, the highest first: ties by place, NaNs last.
fn order(column: &Column) -> Vec<u32> {
    let mut places: Vec<u32> = (0..).take(column.len()).collect();
    match column {
        Column::F32s(values) => {
            let key = |place: &u32| values.get(*place as usize).copied().filter(|x| !x.is_nan());
            places.sort_by(|a, b| match (key(a), key(b)) {
                (Some(a), Some(b)) => b.partial_cmp(&a).unwrap_or(std::cmp::Ordering::Equal),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        Column::U32s(values) => places.sort_by_key(|place| std::cmp::Reverse(values.get(*place as usize))),
        Column::S64s(values) => places.sort_by_key(|place| std::cmp::Reverse(values.get(*place as usize))),
    }
    places
}

pub(super) fn add_to(engine: &mut Engine) {
    for (name, of) in OF_REALS {
        engine.register_fn(name, move |column: Column| {
            Column::from(column.into_f32s().into_iter().map(of).collect::<Vec<_>>())
        });
    }
    engine.register_fn("abs", abs);
    engine.register_fn("clamp", |column: Column, low: Dynamic, high: Dynamic| clamp(&column, &low, &high));
    engine.register_fn("clamp", |number: f64, low: f64, high: f64| number.max(low).min(high));
    engine.register_fn("is_nan", |column: Column| mask(column.iter().map(|number| number.real().is_nan())));
    engine.register_fn("fill_nan", |column: Column, number: Dynamic| -> Told<Column> {
        let number = f32_of(Number::of(&number)?.real());
        let filled = column.into_f32s().into_iter().map(|x| if x.is_nan() { number } else { x });
        Ok(filled.collect::<Vec<_>>().into())
    });
    engine.register_fn("sum", |column: Column| sum(&column));
    engine.register_fn("mean", |column: Column| mean(&column));
    for (name, of) in
        [("max", (f64::gt as fn(&f64, &f64) -> bool, i64::gt as fn(&i64, &i64) -> bool)), ("min", (f64::lt, i64::lt))]
    {
        engine.register_fn(name, move |column: Column| number_or_nothing(&column, foremost(&column, of.0, of.1)));
        engine.register_fn(format!("place_of_{name}"), move |column: Column| {
            place_or_nothing(foremost(&column, of.0, of.1))
        });
    }
    engine.register_fn("dot", |a: Column, b: Column| dot(&a, &b));
    engine.register_fn("running", |column: Column| running(&column));
    engine.register_fn("order", |column: Column| Column::from(order(&column)));
    engine.register_fn("top", |column: Column, n: i64| {
        let mut places = order(&column);
        places.truncate(usize::try_from(n).unwrap_or_default());
        Column::from(places)
    });
    engine.register_fn("any", |column: Column| !column.marked().is_empty());
    engine.register_fn("all", |column: Column| column.marked().len() == column.len());
    engine.register_fn("count", |column: Column| script_of(column.marked().len()));
    engine.register_fn("places", |column: Column| -> Column {
        column.marked().iter().map(|place| *place as i64).collect::<Vec<_>>().into()
    });
}
