//! Which subjects a sample holds.

/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same on every machine and in every version.
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// As many places below `count` as there are, drawn with replacement. Each number of 64 bits draws two, since `count`
    /// is below 2^32.
    pub(crate) fn places(&mut self, count: u64, mut each: impl FnMut(usize)) {
        for _ in 0..count / 2 {
            let number = self.next();
            each((((number >> 32) * count) >> 32) as usize);
            each((((number & 0xffff_ffff) * count) >> 32) as usize);
        }
        if count % 2 == 1 {
            each((((self.next() >> 32) * count) >> 32) as usize);
        }
    }

    /// The sum of as many values as there are, drawn with replacement.
    #[expect(clippy::indexing_slicing, reason = "a number below 2^32 times the length, over 2^32, is below the length")]
    pub(crate) fn sum(&mut self, values: &[f64], count: u64) -> f64 {
        let (mut first, mut second) = (0.0, 0.0);
        for _ in 0..count / 2 {
            let number = self.next();
            first += values[(((number >> 32) * count) >> 32) as usize];
            second += values[(((number & 0xffff_ffff) * count) >> 32) as usize];
        }
        if count % 2 == 1 {
            first += values[(((self.next() >> 32) * count) >> 32) as usize];
        }
        first + second
    }
}

/// Spreads what is in a number over all its bits.
#[must_use]
pub fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
