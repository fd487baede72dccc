//! What an operator may set.

use greenroom_sdk::Parameters;

#[derive(Debug, Clone, Parameters)]
pub(crate) struct Settings {
    /// whether what is in the history is left out
    #[parameter(default = true)]
    pub(crate) hide_seen: bool,
    /// items that are never shown
    #[parameter(items)]
    pub(crate) blocklist: Vec<u32>,
    /// what unlikeness in genres weighs beside the score (MMR)
    #[parameter(low = 0.0, high = 1.0, default = 0.05)]
    pub(crate) diversity: f32,
    /// standard deviations of the score that a new item gains
    #[parameter(low = 0.0, high = 5.0, default = 0.0)]
    pub(crate) freshness: f32,
    /// years after which that gain is half
    #[parameter(low = 0.1, high = 50.0, default = 2.0, log)]
    pub(crate) freshness_half_life: f32,
    /// rows of an answer that may share a genre; 0 for any number
    #[parameter(low = 0, high = 100, default = 0)]
    pub(crate) genre_max: usize,
    /// rows from the top that the order is made of
    #[parameter(low = 1, high = 10_000, default = 100, log)]
    pub(crate) depth: u32,
    /// how often a place shows something from further down
    #[parameter(low = 0.0, high = 1.0, default = 0.0)]
    pub(crate) epsilon: f64,
}

impl Settings {
    /// Whether the order depends on genres.
    pub(crate) fn needs_genres(&self) -> bool {
        self.diversity > 0.0 || self.genre_max > 0
    }

    /// Whether the order depends on years.
    pub(crate) fn needs_years(&self) -> bool {
        self.freshness > 0.0
    }
}
