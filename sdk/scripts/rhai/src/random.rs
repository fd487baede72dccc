//! Chance that is repeatable: drawn from `seen.seed`, or from a hash of whatever a script names.

use rhai::{Dynamic, Engine};

use crate::columns::{Column, Number, script_of};
use crate::fault::{Told, wrong};

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone, Copy)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// In [0, 1), of 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn real(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// In [0, n), by the high half of a product (Lemire, "Fast random integer generation in an interval", 2019); what is
    /// uneven in it is below 1 in 2^64 / n.
    fn below(&mut self, n: i64) -> Told<i64> {
        let n = u64::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| wrong(format!("nothing is below {n}")))?;
        let high = (u128::from(self.next()) * u128::from(n)) >> 64;
        i64::try_from(high).map_err(|_| wrong("it does not fit"))
    }

    /// A place, each as likely as its weight says.
    fn place(&mut self, weights: &Column) -> Told<Dynamic> {
        let weight = |number: Number| Some(number.real()).filter(|weight| weight.is_finite() && *weight >= 0.0);
        let all: Option<Vec<f64>> = weights.iter().map(weight).collect();
        let all = all.ok_or_else(|| wrong("weights are finite and not negative"))?;
        let total: f64 = all.iter().sum();
        if total <= 0.0 {
            return Err(wrong("no weight is above 0"));
        }
        let mut left = self.real() * total;
        let hit = all.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding may leave a little at the end.
        Ok(hit.or_else(|| all.iter().rposition(|weight| *weight > 0.0)).map_or(Dynamic::UNIT, script_of))
    }
}

/// FNV-1a of 64 bits: for buckets, and for telling bytes apart; not against anybody who wants two to be the same.
fn hash(bytes: &[u8], from: i64) -> i64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(from.cast_unsigned(), step).cast_signed()
}

const OFFSET: i64 = 0xcbf2_9ce4_8422_2325_u64.cast_signed();

fn bytes_of(value: &Dynamic) -> Told<Vec<u8>> {
    if let Ok(bytes) = value.as_blob_ref() {
        return Ok(bytes.clone());
    }
    match value.clone().into_immutable_string() {
        Ok(text) => Ok(text.as_bytes().to_vec()),
        Err(_) => Err(wrong("a hash is of a text or of bytes")),
    }
}

pub(crate) fn add_to(engine: &mut Engine) {
    engine.register_type_with_name::<Random>("Random");
    engine.register_fn("random", |seed: i64| Random(seed.cast_unsigned()));
    engine.register_fn("next", Random::real);
    engine.register_fn("below", Random::below);
    engine.register_fn("place", |random: &mut Random, weights: Column| random.place(&weights));
    engine.register_fn("hash", |value: Dynamic| Ok::<_, Box<rhai::EvalAltResult>>(hash(&bytes_of(&value)?, OFFSET)));
    engine.register_fn("hash", |value: Dynamic, from: i64| {
        Ok::<_, Box<rhai::EvalAltResult>>(hash(&bytes_of(&value)?, from))
    });
}
