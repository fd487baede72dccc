//! Columns of numbers as scripts have them. A number of a script is 16 bytes with its type, and takes some hundred
//! instructions to touch; a column is what the host wrote, shared until somebody writes, and is worked on as a whole.

mod arithmetic;
mod make;
mod methods;
mod summaries;

pub(crate) use make::any;
pub(crate) use methods::{marked, places};
pub(crate) use summaries::script_of;

use std::rc::Rc;

use greenroom_sdk::Values;
use rhai::{Dynamic, Engine};

use crate::fault::{Told, wrong};

/// Numbers of one type. What the contract has as u64 is the same 64 bits here as s64, and u8 is u32.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    F32s(Rc<Vec<f32>>),
    U32s(Rc<Vec<u32>>),
    S64s(Rc<Vec<i64>>),
}

/// A number of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Whole(i64),
    Real(f64),
}

impl Number {
    /// The number that a value is; true is 1 and false is 0.
    pub(crate) fn of(value: &Dynamic) -> Told<Self> {
        if let Ok(whole) = value.as_int() {
            return Ok(Self::Whole(whole));
        }
        if let Ok(real) = value.as_float() {
            return Ok(Self::Real(real));
        }
        value
            .as_bool()
            .map(|truth| Self::Whole(truth.into()))
            .map_err(|found| wrong(format!("a number or a column is expected, not a value of type {}", short(found))))
    }

    #[expect(clippy::cast_precision_loss, reason = "as a script's own numbers are mixed")]
    pub(crate) fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    /// As a script has it.
    pub(crate) fn value(self) -> Dynamic {
        match self {
            Self::Whole(whole) => whole.into(),
            Self::Real(real) => real.into(),
        }
    }
}

/// A type's name without the path.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// Rounds to the nearest, ties to even: the only way in which numbers get into columns of f32.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
pub(crate) fn f32_of(real: f64) -> f32 {
    real as f32
}

impl From<Vec<f32>> for Column {
    fn from(values: Vec<f32>) -> Self {
        Self::F32s(Rc::new(values))
    }
}

impl From<Vec<u32>> for Column {
    fn from(values: Vec<u32>) -> Self {
        Self::U32s(Rc::new(values))
    }
}

impl From<Vec<i64>> for Column {
    fn from(values: Vec<i64>) -> Self {
        Self::S64s(Rc::new(values))
    }
}

impl From<Vec<u64>> for Column {
    fn from(values: Vec<u64>) -> Self {
        values.into_iter().map(u64::cast_signed).collect::<Vec<_>>().into()
    }
}

impl From<Vec<u8>> for Column {
    fn from(values: Vec<u8>) -> Self {
        values.into_iter().map(u32::from).collect::<Vec<_>>().into()
    }
}

impl From<Values> for Column {
    fn from(values: Values) -> Self {
        match values {
            Values::F32s(values) => values.into(),
            Values::U32s(values) => values.into(),
            Values::S64s(values) => values.into(),
        }
    }
}

impl From<Column> for Values {
    fn from(column: Column) -> Self {
        match column {
            Column::F32s(values) => Self::F32s(Rc::unwrap_or_clone(values)),
            Column::U32s(values) => Self::U32s(Rc::unwrap_or_clone(values)),
            Column::S64s(values) => Self::S64s(Rc::unwrap_or_clone(values)),
        }
    }
}

impl Column {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32s(values) => values.len(),
            Self::U32s(values) => values.len(),
            Self::S64s(values) => values.len(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::F32s(_) => "f32s",
            Self::U32s(_) => "u32s",
            Self::S64s(_) => "s64s",
        }
    }

    pub(crate) fn at(&self, place: usize) -> Option<Number> {
        match self {
            Self::F32s(values) => values.get(place).map(|value| Number::Real((*value).into())),
            Self::U32s(values) => values.get(place).map(|value| Number::Whole((*value).into())),
            Self::S64s(values) => values.get(place).map(|value| Number::Whole(*value)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Number> {
        (0..self.len()).filter_map(|place| self.at(place))
    }

    /// A place of a script, which may count from the end; within the column.
    pub(crate) fn place(&self, place: i64) -> Told<usize> {
        let len = self.len();
        let found =
            usize::try_from(place).ok().or_else(|| len.checked_sub(usize::try_from(place.unsigned_abs()).ok()?));
        found
            .filter(|place| *place < len)
            .ok_or_else(|| wrong(format!("there is no place {place} in a column of {len} numbers")))
    }

    /// That two columns are of one length.
    pub(crate) fn beside(&self, other: &Self) -> Told<()> {
        let (len, others) = (self.len(), other.len());
        if len == others {
            Ok(())
        } else {
            Err(wrong(format!("columns of {len} and of {others} numbers do not fit each other")))
        }
    }

    /// As rows, places or sources.
    pub(crate) fn into_u32s(self) -> Told<Vec<u32>> {
        match self {
            Self::U32s(values) => Ok(Rc::unwrap_or_clone(values)),
            other => other.iter().enumerate().map(|(place, number)| make::u32_of(number, place)).collect(),
        }
    }

    pub(crate) fn into_f32s(self) -> Vec<f32> {
        match self {
            Self::F32s(values) => Rc::unwrap_or_clone(values),
            other => other.iter().map(|number| f32_of(number.real())).collect(),
        }
    }

    pub(crate) fn into_u64s(self) -> Told<Vec<u64>> {
        match self {
            Self::F32s(values) if !values.is_empty() => Err(wrong("whole numbers are expected, not a column of f32s")),
            other => Ok(other.wholes().map(i64::cast_unsigned).collect()),
        }
    }

    /// Whole numbers; of f32s nothing.
    pub(crate) fn wholes(&self) -> impl Iterator<Item = i64> {
        self.iter().filter_map(|number| match number {
            Number::Whole(whole) => Some(whole),
            Number::Real(_) => None,
        })
    }

    /// Little-endian. Every NaN is the same one, so that the same state gives the same bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::F32s(values) => {
                values.iter().flat_map(|x| if x.is_nan() { 0x7fc0_0000 } else { x.to_bits() }.to_le_bytes()).collect()
            }
            Self::U32s(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::S64s(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// The numbers at these places; beyond the end is a mistake.
    pub(crate) fn pick(&self, places: &[usize]) -> Told<Self> {
        fn at<T: Copy>(from: &[T], places: &[usize]) -> Option<Vec<T>> {
            places.iter().map(|place| from.get(*place).copied()).collect()
        }
        let picked = match self {
            Self::F32s(values) => at(values, places).map(Self::from),
            Self::U32s(values) => at(values, places).map(Self::from),
            Self::S64s(values) => at(values, places).map(Self::from),
        };
        picked.ok_or_else(|| wrong(format!("a place is beyond the end of a column of {} numbers", self.len())))
    }

    /// The places of what is not 0.
    pub(crate) fn marked(&self) -> Vec<usize> {
        self.iter().enumerate().filter(|(_, number)| number.real() != 0.0).map(|(place, _)| place).collect()
    }
}

/// One for true.
pub(crate) fn mask(truths: impl Iterator<Item = bool>) -> Column {
    truths.map(u32::from).collect::<Vec<_>>().into()
}

/// Registers columns and all that works on them.
pub(crate) fn add_to(engine: &mut Engine) {
    engine.register_type_with_name::<Column>("Column");
    make::add_to(engine);
    arithmetic::add_to(engine);
    summaries::add_to(engine);
    methods::add_to(engine);
}
