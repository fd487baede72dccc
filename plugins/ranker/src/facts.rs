//! What is known of items, as far as it is granted.

use greenroom_sdk::{Column, Values, memory};

/// How many labels fit into the bits of a number.
pub(crate) const LABELS_MAX: usize = 64;
// A batch that the host takes, and that leaves room for the answer.
const BATCH: usize = 8192;

/// Which facts there are.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    genres: Field,
    year: Field,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Field {
    #[default]
    Untried,
    Known,
    Missing(String),
}

/// The facts of some rows, in their order.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// One bit a genre; 0 where unknown.
    pub(crate) genres: Vec<i64>,
    /// NaN where unknown.
    pub(crate) years: Vec<f32>,
}

impl Facts {
    /// Reads the facts of rows.
    pub(crate) fn of(&mut self, rows: &[u32]) -> Known {
        let (mut genres, mut years) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for batch in rows.chunks(BATCH) {
            if let Some((bits, numbers)) = self.both(batch) {
                genres.extend(bits);
                years.extend(numbers);
                continue;
            }
            match self.genres.read("genres", batch) {
                Some(Values::S64s(bits)) if bits.len() == batch.len() => genres.extend(bits),
                _ => genres.resize(genres.len() + batch.len(), 0),
            }
            match self.year.read("year", batch) {
                Some(Values::F32s(numbers)) if numbers.len() == batch.len() => years.extend(numbers),
                _ => years.resize(years.len() + batch.len(), f32::NAN),
            }
        }
        Known { genres, years }
    }

    // Both fields in one call of the host, as long as both are there.
    fn both(&mut self, rows: &[u32]) -> Option<(Vec<i64>, Vec<f32>)> {
        if self.genres != Field::Known || self.year != Field::Known {
            return None;
        }
        let mut columns = memory::gather(rows, &["genres".to_owned(), "year".to_owned()]).ok()?.into_iter();
        match (columns.next()?.values, columns.next()?.values) {
            (Values::S64s(bits), Values::F32s(years)) if bits.len() == rows.len() && years.len() == rows.len() => {
                Some((bits, years))
            }
            _ => None,
        }
    }

    /// What is missing, and why.
    pub(crate) fn missing(&self) -> Vec<String> {
        let of = |name: &str, field: &Field| match field {
            Field::Missing(why) => Some(format!("works without the field `{name}`: {why}")),
            Field::Untried | Field::Known => None,
        };
        of("genres", &self.genres).into_iter().chain(of("year", &self.year)).collect()
    }
}

impl Field {
    // What is not granted or not there stays so for the life of an instance; anything else may work the next time.
    fn read(&mut self, name: &str, rows: &[u32]) -> Option<Values> {
        if matches!(self, Self::Missing(_)) {
            return None;
        }
        match memory::gather(rows, &[name.to_owned()]) {
            Ok(columns) => {
                *self = Self::Known;
                columns.into_iter().next().map(|Column { values, .. }| values)
            }
            Err(memory::Error::Denied(what)) => {
                *self = Self::Missing(format!("{what} is not granted"));
                None
            }
            Err(memory::Error::NotFound(what)) => {
                *self = Self::Missing(what);
                None
            }
            Err(_) => None,
        }
    }
}

/// How much each genre is in some items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taste {
    shares: [f32; LABELS_MAX],
}

impl Default for Taste {
    fn default() -> Self {
        Self { shares: [0.0; LABELS_MAX] }
    }
}

impl Taste {
    /// The weighted mean of items. An item's genres are a vector of length 1.
    pub(crate) fn of(items: impl Iterator<Item = (i64, f32)>) -> Self {
        let mut taste = Self::default();
        let mut total = 0.0;
        for (bits, weight) in items {
            total += weight;
            let each = weight * per_genre(bits);
            labels(bits).for_each(|label| {
                if let Some(share) = taste.shares.get_mut(label) {
                    *share += each;
                }
            });
        }
        if total > 0.0 {
            taste.shares.iter_mut().for_each(|share| *share /= total);
        }
        taste
    }

    pub(crate) fn from_shares(shares: &[f32]) -> Option<Self> {
        let shares: [f32; LABELS_MAX] = shares.try_into().ok()?;
        shares.iter().all(|share| share.is_finite()).then_some(Self { shares })
    }

    pub(crate) fn shares(&self) -> &[f32] {
        &self.shares
    }

    /// What is more in this one than in another.
    pub(crate) fn beyond(mut self, other: &Self) -> Self {
        self.shares.iter_mut().zip(&other.shares).for_each(|(share, other)| *share -= other);
        self
    }

    /// How much an item is to this taste.
    pub(crate) fn likes(&self, bits: i64) -> f32 {
        let sum: f32 = labels(bits).filter_map(|label| self.shares.get(label)).sum();
        sum * per_genre(bits)
    }
}

fn per_genre(bits: i64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    let count = bits.count_ones().max(1) as f32;
    1.0 / count.sqrt()
}

fn labels(bits: i64) -> impl Iterator<Item = usize> {
    let mut rest = bits;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let label = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            label
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taste_is_what_a_subject_likes_more_than_everybody() {
        let everybody = Taste::of([(0b01, 1.0), (0b10, 1.0)].into_iter());
        let taste = Taste::of([(0b01, 3.0), (0b10, 1.0)].into_iter()).beyond(&everybody);
        assert_eq!([0b01, 0b10, 0].map(|bits| taste.likes(bits)), [0.25, -0.25, 0.0]);
        assert_eq!(taste.likes(0b11), 0.0);
    }

    #[test]
    fn the_last_bit_is_a_label_like_others() {
        assert_eq!(labels(i64::MIN | 1).collect::<Vec<_>>(), [0, 63]);
    }
}
