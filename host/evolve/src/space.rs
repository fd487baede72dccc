//! Decision spaces: typed dimensions, and conditions between them.

mod unit;
mod validate;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use unit::Units;

use crate::{Draws, Point};

/// What values a dimension takes. Ends are included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[expect(missing_docs, reason = "a range is a range")]
pub enum Domain {
    /// A real in `[low, high]`; `log` when its order of magnitude matters rather than its value, and `low` is above 0 then.
    Float { low: f64, high: f64, log: bool },
    /// A whole number in `[low, high]`.
    Integer { low: i64, high: i64, log: bool },
    /// One of several names, without order.
    Choice { options: Vec<String> },
    /// A switch.
    Boolean,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float { low, high, .. } => write!(f, "a number from {low} to {high}"),
            Self::Integer { low, high, .. } => write!(f, "a whole number from {low} to {high}"),
            Self::Choice { options } => write!(f, "one of {}", options.join(", ")),
            Self::Boolean => write!(f, "true or false"),
        }
    }
}

/// When a dimension matters: when `dimension`, which comes before it, matters and has one of `values`, written as in a graph
/// file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Another dimension.
    pub dimension: String,
    /// Its values.
    pub values: Vec<String>,
}

/// One dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// Its name, one in the space: `agent.parameter`.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// When it matters; always when absent.
    pub condition: Option<Condition>,
}

/// A decision space whose dimensions were checked: names are used once, ranges hold something, conditions speak of values
/// that earlier dimensions can have. One without dimensions has one point, the empty one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Authored")]
pub struct Space {
    dimensions: Vec<Dimension>,
    /// One a dimension, when it has a condition.
    #[serde(skip)]
    hangs_on: Vec<Option<Hook>>,
}

/// The place of the dimension that another one hangs on, and the steps of it that the other wants.
type Hook = (usize, Vec<u64>);

/// A space as it is written, before it was checked.
#[derive(Deserialize)]
struct Authored {
    dimensions: Vec<Dimension>,
}

impl TryFrom<Authored> for Space {
    type Error = String;

    fn try_from(authored: Authored) -> Result<Self, String> {
        Self::new(authored.dimensions).map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

/// What is wrong with a space. All of it is told at once by [`Space::new`].
#[derive(Debug, Clone, PartialEq, Error)]
#[error("dimension `{dimension}`: {what}")]
pub struct SpaceError {
    /// Which.
    pub dimension: String,
    /// What was found, and what was expected.
    pub what: String,
}

impl Space {
    /// Checks dimensions.
    ///
    /// # Errors
    /// Everything that is wrong with them: a name that is empty or used twice, a range that holds nothing or is not finite, a
    /// logarithm of 0 or less, no options or one twice, and a condition on a dimension that is unknown, comes later, or cannot
    /// have the value.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Self, Vec<SpaceError>> {
        let hangs_on = validate::hangs_on(&dimensions)?;
        Ok(Self { dimensions, hangs_on })
    }

    /// In the order of the file; a dimension comes after the one that its condition speaks of.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Which dimensions matter at a point, by place.
    #[must_use]
    pub fn active(&self, point: &Point) -> Vec<bool> {
        let mut active: Vec<bool> = Vec::with_capacity(self.dimensions.len());
        for hangs_on in &self.hangs_on {
            let holds = hangs_on.as_ref().is_none_or(|(place, wanted)| {
                active.get(*place) == Some(&true)
                    && self.dimensions.get(*place).is_some_and(|on| {
                        let step = point.get(&on.name).and_then(|value| on.domain.step_of(value));
                        step.is_some_and(|step| wanted.contains(&step))
                    })
            });
            active.push(holds);
        }
        active
    }

    /// Everything that is wrong with a point; nothing when it is of this space. Each dimension that matters has a value of its
    /// domain, and there are no other values.
    #[must_use]
    pub fn check(&self, point: &Point) -> Vec<String> {
        let mut wrong = Vec::new();
        for (dimension, active) in self.dimensions.iter().zip(self.active(point)) {
            let Dimension { name, domain, condition } = dimension;
            match (point.get(name), active) {
                (None, true) => wrong.push(format!("`{name}` is missing: expected {domain}")),
                (Some(value), true) if !domain.holds(value) => {
                    wrong.push(format!("`{name}` is {value}: expected {domain}"));
                }
                (Some(value), false) => {
                    let when = condition.as_ref().map_or_else(String::new, |condition| {
                        format!(": it matters when `{}` is {}", condition.dimension, condition.values.join(" or "))
                    });
                    wrong.push(format!("`{name}` is {value}, but does not matter here{when}"));
                }
                _ => {}
            }
        }
        let unknown = point.keys().filter(|name| self.dimensions.iter().all(|dimension| dimension.name != **name));
        wrong.extend(unknown.map(|name| format!("`{name}` is unknown: the space has no such dimension")));
        wrong
    }

    /// The same point with numbers as their dimensions write them: 3 for 3.0 where they are whole, and an end of the range for
    /// what is beyond it by no more than decimals are rounded by. What else is wrong with it stays.
    #[must_use]
    pub fn read(&self, point: &Point) -> Point {
        let mut read = point.clone();
        for Dimension { name, domain, .. } in &self.dimensions {
            if let Some(value) = read.get_mut(name) {
                *value = domain.rounded(&domain.converted(value));
            }
        }
        read
    }

    /// A point of this space that keeps what `given` says where that can be, draws what it does not say, and leaves out the
    /// rest: how a point of another version of a space, or of a graph file, is carried over.
    #[must_use]
    pub fn complete(&self, given: &Point, draws: &mut Draws) -> Point {
        let mut cube = Vec::with_capacity(self.dimensions.len());
        for Dimension { name, domain, .. } in &self.dimensions {
            // Drawn even when it is not needed, so that what one dimension is given changes no other.
            let drawn = draws.unit();
            cube.push(given.get(name).and_then(|value| domain.unit_of(&domain.converted(value))).unwrap_or(drawn));
        }
        let mut point = self.point(&self.settled(&cube));
        // Reals are taken as they are: the way to the unit cube and back rounds.
        for Dimension { name, domain, .. } in &self.dimensions {
            if let (Some(value), Some(given)) = (point.get_mut(name), given.get(name)) {
                let given = domain.converted(given);
                if domain.holds(&given) {
                    *value = given;
                }
            }
        }
        point
    }

    /// How many points there are. None when a dimension that can matter is real, or when they are more than `u64` counts.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        // Points of a dimension and all that hangs on it, from the last dimension to the first.
        let mut counts: Vec<Option<u128>> = vec![None; self.dimensions.len()];
        for (place, dimension) in self.dimensions.iter().enumerate().rev() {
            let hanging: Vec<(Option<u128>, &[u64])> = (self.hangs_on.iter().zip(&counts).skip(place + 1))
                .filter_map(|(hangs_on, count)| {
                    let (on, steps) = hangs_on.as_ref()?;
                    (*on == place).then_some((*count, steps.as_slice()))
                })
                .collect();
            let mut steps: Vec<u64> = hanging.iter().flat_map(|(_, steps)| steps.iter().copied()).collect();
            steps.sort_unstable();
            steps.dedup();
            let total = dimension.domain.count().and_then(|count| {
                let alone = count.saturating_sub(steps.len() as u128);
                steps.iter().try_fold(alone, |sum, step| {
                    let mut below = hanging.iter().filter(|(_, wanted)| wanted.contains(step));
                    below.try_fold(1_u128, |product, (count, _)| product.checked_mul((*count)?))?.checked_add(sum)
                })
            });
            if let Some(count) = counts.get_mut(place) {
                *count = total;
            }
        }
        let mut free = self.hangs_on.iter().zip(&counts).filter(|(hangs_on, _)| hangs_on.is_none());
        let size = free.try_fold(1_u128, |product, (_, count)| product.checked_mul((*count)?))?;
        u64::try_from(size).ok()
    }
}
