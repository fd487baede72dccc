//! Weights of features by name.

use greenroom_sdk::{Fault, StateReader, StateWriter};

use crate::features::FIXED;

/// What each feature is worth. Empty before the first `fit`.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Model {
    /// By ascending name; features come in this order after the fixed ones.
    pub(crate) sources: Vec<String>,
    weights: Vec<f64>,
}

impl Model {
    pub(crate) fn new(sources: Vec<String>, weights: Vec<f64>) -> Self {
        Self { sources, weights }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Where learning begins for features of `sources`: what was learned before, and otherwise the order as it came.
    pub(crate) fn prior(&self, sources: &[String]) -> Vec<f64> {
        let of_fixed = |i: usize| self.weights.get(i).copied().unwrap_or(if i == 0 { 1.0 } else { 0.0 });
        let of_source = |name: &String| {
            let place = self.sources.iter().position(|known| known == name);
            let from = place.map(|p| FIXED.len() + 2 * p);
            from.and_then(|from| self.weights.get(from..)?.first_chunk()).copied().unwrap_or([0.0; 2])
        };
        (0..FIXED.len()).map(of_fixed).chain(sources.iter().flat_map(of_source)).collect()
    }

    pub(crate) fn score(&self, features: &[f32]) -> f32 {
        let score: f64 = features.iter().zip(&self.weights).map(|(x, w)| f64::from(*x) * w).sum();
        #[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
        let score = score.clamp(-1e30, 1e30) as f32;
        score
    }

    /// Each feature with its weight, for a person.
    pub(crate) fn notes(&self) -> Vec<String> {
        let of_sources = self.sources.iter().flat_map(|name| [format!("{name}.score"), format!("{name}.offered")]);
        let names = FIXED.iter().map(|&name| name.to_owned()).chain(of_sources);
        names.zip(&self.weights).map(|(name, weight)| format!("{name}: {weight:.3}")).collect()
    }

    pub(crate) fn write(&self, writer: &mut StateWriter) {
        writer.u32s(&self.sources.join("\n").bytes().map(u32::from).collect::<Vec<_>>());
        writer.s64s(&self.weights.iter().map(|w| w.to_bits().cast_signed()).collect::<Vec<_>>());
    }

    /// The model, or none when its columns don't fit each other.
    pub(crate) fn read(reader: &mut StateReader<'_>) -> Result<Option<Self>, Fault> {
        let letters = reader.u32s()?;
        let weights: Vec<f64> = reader.s64s()?.iter().map(|bits| f64::from_bits(bits.cast_unsigned())).collect();
        let bytes: Option<Vec<u8>> = letters.iter().map(|&letter| u8::try_from(letter).ok()).collect();
        let Some(names) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Ok(None) };
        let sources: Vec<String> = names.split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let width = FIXED.len() + 2 * sources.len();
        let fits = (weights.is_empty() && sources.is_empty() || weights.len() == width)
            && weights.iter().all(|weight| weight.is_finite());
        Ok(fits.then_some(Self { sources, weights }))
    }
}
