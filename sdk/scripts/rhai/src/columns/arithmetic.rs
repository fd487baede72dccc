//! Operators between columns, and between columns and numbers. With any real number in it the work is done in f32, each step
//! rounded; of whole numbers alone it is done in 64 bits, and what does not fit is an error.

use std::borrow::Cow;

use rhai::{Dynamic, Engine};

use super::{Column, Number, f32_of, mask};
use crate::fault::{Told, wrong};

#[derive(Debug, Clone, Copy)]
enum Step {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Less,
    AtMost,
    More,
    AtLeast,
    Same,
    Other,
}

#[derive(Debug, Clone, Copy)]
enum Bits {
    And,
    Or,
    Xor,
}

/// One side of an operator.
enum Side {
    One(Number),
    Many(Column),
}

impl Side {
    fn of(value: &Dynamic) -> Told<Self> {
        match value.clone().try_cast::<Column>() {
            Some(column) => Ok(Self::Many(column)),
            None => Number::of(value).map(Self::One),
        }
    }

    fn is_whole(&self) -> bool {
        matches!(self, Self::One(Number::Whole(_)) | Self::Many(Column::U32s(_) | Column::S64s(_)))
    }

    fn f32s(&self, len: usize) -> Cow<'_, [f32]> {
        match self {
            Self::One(number) => vec![f32_of(number.real()); len].into(),
            Self::Many(Column::F32s(values)) => Cow::Borrowed(values),
            Self::Many(other) => other.iter().map(|number| f32_of(number.real())).collect(),
        }
    }

    fn f64s(&self, len: usize) -> Vec<f64> {
        match self {
            Self::One(number) => vec![number.real(); len],
            Self::Many(column) => column.iter().map(Number::real).collect(),
        }
    }

    fn i64s(&self, len: usize) -> Cow<'_, [i64]> {
        match self {
            Self::One(Number::Whole(whole)) => vec![*whole; len].into(),
            Self::One(Number::Real(_)) => Cow::default(),
            Self::Many(Column::S64s(values)) => Cow::Borrowed(values),
            Self::Many(other) => other.wholes().collect(),
        }
    }
}

fn sides(a: &Dynamic, b: &Dynamic) -> Told<(Side, Side, usize)> {
    let (a, b) = (Side::of(a)?, Side::of(b)?);
    let len = match (&a, &b) {
        (Side::Many(a), Side::Many(b)) => {
            a.beside(b)?;
            a.len()
        }
        (Side::Many(column), _) | (_, Side::Many(column)) => column.len(),
        _ => 0,
    };
    Ok((a, b, len))
}

fn calculate(step: Step, a: &Dynamic, b: &Dynamic) -> Told<Column> {
    let (a, b, len) = sides(a, b)?;
    if a.is_whole() && b.is_whole() {
        return whole(step, &a.i64s(len), &b.i64s(len));
    }
    let (a, b) = (a.f32s(len), b.f32s(len));
    let pairs = a.iter().zip(b.iter());
    let values: Vec<f32> = match step {
        Step::Add => pairs.map(|(a, b)| a + b).collect(),
        Step::Sub => pairs.map(|(a, b)| a - b).collect(),
        Step::Mul => pairs.map(|(a, b)| a * b).collect(),
        Step::Div => pairs.map(|(a, b)| a / b).collect(),
        Step::Rem => pairs.map(|(a, b)| a % b).collect(),
        Step::Pow => pairs.map(|(a, b)| a.powf(*b)).collect(),
    };
    Ok(values.into())
}

fn whole(step: Step, a: &[i64], b: &[i64]) -> Told<Column> {
    let of: fn(i64, i64) -> Option<i64> = match step {
        Step::Add => i64::checked_add,
        Step::Sub => i64::checked_sub,
        Step::Mul => i64::checked_mul,
        Step::Div => i64::checked_div,
        Step::Rem => i64::checked_rem,
        Step::Pow => |a, b| a.checked_pow(u32::try_from(b).ok()?),
    };
    let each = a.iter().zip(b).enumerate().map(|(place, (a, b))| {
        of(*a, *b).ok_or_else(|| wrong(format!("{a} and {b} at place {place} give no whole number of 64 bits")))
    });
    each.collect::<Told<Vec<i64>>>().map(Into::into)
}

fn compare(order: Order, a: &Dynamic, b: &Dynamic) -> Told<Column> {
    fn each<T: PartialOrd>(order: Order, a: &[T], b: &[T]) -> Column {
        let of: fn(&T, &T) -> bool = match order {
            Order::Less => T::lt,
            Order::AtMost => T::le,
            Order::More => T::gt,
            Order::AtLeast => T::ge,
            Order::Same => T::eq,
            Order::Other => T::ne,
        };
        mask(a.iter().zip(b).map(|(a, b)| of(a, b)))
    }
    let (a, b, len) = sides(a, b)?;
    if a.is_whole() && b.is_whole() {
        return Ok(each(order, &a.i64s(len), &b.i64s(len)));
    }
    Ok(each(order, &a.f64s(len), &b.f64s(len)))
}

/// `column == ()` asks whether there is a column, as with any other value.
fn equal(order: Order, a: &Dynamic, b: &Dynamic) -> Told<Dynamic> {
    if a.is_unit() || b.is_unit() {
        return Ok(matches!(order, Order::Other).into());
    }
    compare(order, a, b).map(Dynamic::from)
}

fn combine(bits: Bits, a: &Dynamic, b: &Dynamic) -> Told<Column> {
    let (a, b, len) = sides(a, b)?;
    if !(a.is_whole() && b.is_whole()) {
        return Err(wrong("bits are combined of whole numbers, and of what comparisons give, not of reals"));
    }
    let (a, b) = (a.i64s(len), b.i64s(len));
    let pairs = a.iter().zip(b.iter());
    let values: Vec<i64> = match bits {
        Bits::And => pairs.map(|(a, b)| a & b).collect(),
        Bits::Or => pairs.map(|(a, b)| a | b).collect(),
        Bits::Xor => pairs.map(|(a, b)| a ^ b).collect(),
    };
    Ok(values.into())
}

/// An operator that has a column on one side, or on both.
fn operator<T: Copy + 'static, R: Clone + 'static>(
    engine: &mut Engine,
    name: &str,
    what: T,
    of: fn(T, &Dynamic, &Dynamic) -> Told<R>,
) {
    engine.register_fn(name, move |a: Column, b: Column| of(what, &Dynamic::from(a), &Dynamic::from(b)));
    engine.register_fn(name, move |a: Column, b: Dynamic| of(what, &Dynamic::from(a), &b));
    engine.register_fn(name, move |a: Dynamic, b: Column| of(what, &a, &Dynamic::from(b)));
}

pub(super) fn add_to(engine: &mut Engine) {
    for (name, step) in
        [("+", Step::Add), ("-", Step::Sub), ("*", Step::Mul), ("/", Step::Div), ("%", Step::Rem), ("**", Step::Pow)]
    {
        operator(engine, name, step, calculate);
    }
    for (name, order) in [("<", Order::Less), ("<=", Order::AtMost), (">", Order::More), (">=", Order::AtLeast)] {
        operator(engine, name, order, compare);
    }
    for (name, order) in [("==", Order::Same), ("!=", Order::Other)] {
        operator(engine, name, order, equal);
    }
    for (name, bits) in [("&", Bits::And), ("|", Bits::Or), ("^", Bits::Xor)] {
        operator(engine, name, bits, combine);
    }
    engine.register_fn("!", |column: Column| mask(column.iter().map(|number| number.real() == 0.0)));
    engine.register_fn("-", |column: Column| calculate(Step::Mul, &(-1_i64).into(), &Dynamic::from(column)));
}
