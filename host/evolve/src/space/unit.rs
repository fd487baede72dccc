//! A space as a unit cube, which is where samplers work: one coordinate a dimension.
//!
//! A dimension with finitely many values divides its edge into cells, one a value, so that a uniform coordinate gives each
//! value of a linear range, the ends too, the same weight. On a logarithmic range of whole numbers a value has the cell from half
//! below it to half above it.

use super::{Domain, Space};
use crate::{Point, Value};

/// The share of a number by which decimals of it may differ: 16 digits tell all of them apart, and some readers lose the last.
const ROUNDING: f64 = 1e-14;

/// The coordinates of a point, one a dimension; none where a dimension does not matter.
pub(crate) type Units = Vec<Option<f64>>;

impl Domain {
    /// How many values there are; none for reals.
    pub(crate) fn count(&self) -> Option<u128> {
        match self {
            Self::Float { low, high, .. } => (low >= high).then_some(1),
            Self::Integer { low, high, .. } => Some(high.abs_diff(*low) as u128 + 1),
            Self::Choice { options } => Some(options.len() as u128),
            Self::Boolean => Some(2),
        }
    }

    /// Whether neighbouring coordinates are neighbouring values.
    pub(crate) fn ordered(&self) -> bool {
        matches!(self, Self::Float { .. } | Self::Integer { .. })
    }

    /// Whether a value is one of this domain.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Float { low, high, .. }, Value::Float(x)) => low <= x && x <= high,
            (Self::Float { .. }, _) => false,
            _ => self.step_of(value).is_some(),
        }
    }

    /// The same number as this domain writes it: 3 for 3.0, and the other way around.
    pub(crate) fn converted(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Float { .. }, Value::Integer(x)) => Value::Float(*x as f64),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number, and checked against its range later")]
            (Self::Integer { .. }, Value::Float(x)) if x.fract() == 0.0 && x.abs() < 9e18 => Value::Integer(*x as i64),
            _ => value.clone(),
        }
    }

    /// The end of a range for what is just beyond it: whoever writes a number in decimals and reads it again may be.
    pub(super) fn rounded(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Float { low, high, .. }, Value::Float(x)) => {
                let end = x.clamp(*low, *high);
                Value::Float(if (x - end).abs() <= end.abs() * ROUNDING { end } else { *x })
            }
            _ => value.clone(),
        }
    }

    /// Which of the values it is, from 0, as far as they can be counted.
    pub(crate) fn step_of(&self, value: &Value) -> Option<u64> {
        match (self, value) {
            (Self::Integer { low, high, .. }, Value::Integer(x)) => (low <= x && x <= high).then(|| x.abs_diff(*low)),
            (Self::Choice { options }, Value::Choice(x)) => options.iter().position(|o| o == x).map(|at| at as u64),
            (Self::Boolean, Value::Boolean(x)) => Some(u64::from(*x)),
            _ => None,
        }
    }

    /// Which of the values is written so in a graph file.
    pub(super) fn step_written(&self, text: &str) -> Option<u64> {
        let value = match self {
            Self::Float { .. } => return None,
            Self::Integer { .. } => Value::Integer(text.parse().ok()?),
            Self::Choice { .. } => Value::Choice(text.to_owned()),
            Self::Boolean => Value::Boolean(text.parse().ok()?),
        };
        self.step_of(&value)
    }

    /// Which of the values a coordinate is; 0 for reals.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range before")]
    pub(crate) fn step_at(&self, unit: f64) -> u64 {
        let last = self.count().unwrap_or(1).saturating_sub(1) as u64;
        match self {
            Self::Float { .. } => 0,
            Self::Integer { low, high, log: true } => {
                let x = in_log(*low as f64 - 0.5, *high as f64 + 0.5, unit);
                ((x - *low as f64).round().max(0.0) as u64).min(last)
            }
            _ => ((unit * (last as f64 + 1.0)).max(0.0) as u64).min(last),
        }
    }

    /// The value at a coordinate.
    pub(crate) fn at(&self, unit: f64) -> Value {
        let step = self.step_at(unit);
        match self {
            Self::Float { low, high, log } => {
                let x = if *log { in_log(*low, *high, unit) } else { low * (1.0 - unit) + high * unit };
                Value::Float(x.clamp(*low, *high))
            }
            Self::Integer { low, .. } => Value::Integer(low.wrapping_add_unsigned(step)),
            Self::Choice { options } => {
                Value::Choice(usize::try_from(step).ok().and_then(|at| options.get(at)).cloned().unwrap_or_default())
            }
            Self::Boolean => Value::Boolean(step == 1),
        }
    }

    /// The coordinate of a value, in the middle of its cell; none when it is not of the domain.
    pub(crate) fn unit_of(&self, value: &Value) -> Option<f64> {
        match (self, value) {
            (Self::Float { low, high, log }, Value::Float(x)) => {
                if !(low <= x && x <= high) {
                    return None;
                }
                let (low, high, x) =
                    if *log { (libm::log(*low), libm::log(*high), libm::log(*x)) } else { (*low, *high, *x) };
                // Halved, since the width of a range may be more than a number holds.
                let unit = (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
                Some(if unit.is_finite() { unit.clamp(0.0, 1.0) } else { 0.5 })
            }
            _ => {
                let (low, high) = self.cell_of(self.step_of(value)?);
                Some(f64::midpoint(low, high))
            }
        }
    }

    /// From where to where a coordinate is the same value; none for reals.
    pub(crate) fn cell(&self, unit: f64) -> Option<(f64, f64)> {
        (!matches!(self, Self::Float { .. })).then(|| self.cell_of(self.step_at(unit)))
    }

    fn cell_of(&self, step: u64) -> (f64, f64) {
        if let Self::Integer { low, high, log: true } = self {
            let (begin, end) = (libm::log(*low as f64 - 0.5), libm::log(*high as f64 + 0.5));
            let edge = |x: f64| ((libm::log(x) - begin) / (end - begin)).clamp(0.0, 1.0);
            let x = *low as f64 + step as f64;
            return (edge(x - 0.5), edge(x + 0.5));
        }
        let count = self.count().unwrap_or(1) as f64;
        (step as f64 / count, (step as f64 + 1.0) / count)
    }
}

/// Where a share of the way between two numbers is, by orders of magnitude.
fn in_log(low: f64, high: f64, share: f64) -> f64 {
    libm::exp(libm::log(low) * (1.0 - share) + libm::log(high) * share)
}

impl Space {
    /// A point of the cube as a sampler knows it: the middle of the cell of each coordinate, none where a dimension does not
    /// matter. Coordinates that are missing are taken as the middle.
    pub(crate) fn settled(&self, cube: &[f64]) -> Units {
        let mut settled = Vec::with_capacity(self.dimensions.len());
        for (place, dimension) in self.dimensions.iter().enumerate() {
            let at = self.matters(place, &settled).then(|| {
                let unit = cube.get(place).copied().filter(|unit| unit.is_finite()).unwrap_or(0.5).clamp(0.0, 1.0);
                dimension.domain.cell(unit).map_or(unit, |(low, high)| f64::midpoint(low, high))
            });
            settled.push(at);
        }
        settled
    }

    /// Whether a dimension matters, by the coordinates of those before it.
    pub(crate) fn matters(&self, place: usize, before: &[Option<f64>]) -> bool {
        self.hangs_on.get(place).is_some_and(|hangs_on| {
            hangs_on.as_ref().is_none_or(|(on, wanted)| {
                let unit = before.get(*on).copied().flatten();
                let step = self.dimensions.get(*on).and_then(|dimension| Some(dimension.domain.step_at(unit?)));
                step.is_some_and(|step| wanted.contains(&step))
            })
        })
    }

    /// The point at settled coordinates.
    pub(crate) fn point(&self, settled: &[Option<f64>]) -> Point {
        (self.dimensions.iter().zip(settled))
            .filter_map(|(dimension, unit)| Some((dimension.name.clone(), dimension.domain.at((*unit)?))))
            .collect()
    }

    /// The coordinates of a point, none where a dimension does not matter or the point has no value of its domain.
    pub(crate) fn units(&self, point: &Point) -> Units {
        let mut units = Vec::with_capacity(self.dimensions.len());
        for (place, dimension) in self.dimensions.iter().enumerate() {
            let value = point.get(&dimension.name).filter(|_| self.matters(place, &units));
            units.push(value.and_then(|value| dimension.domain.unit_of(value)));
        }
        units
    }
}
