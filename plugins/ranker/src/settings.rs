//! What an operator may set.

use greenroom_sdk::Parameters;

use crate::past::Fading;

#[derive(Debug, Clone, Parameters)]
pub(crate) struct Settings {
    /// for how many positives the order that came in counts
    #[parameter(low = 0.01, high = 10_000.0, default = 10.0, log, shapes_state)]
    pub(crate) strength: f64,
    /// rows without reward that a request teaches with, at most
    #[parameter(low = 1, high = 10_000, default = 100, log, shapes_state)]
    pub(crate) negatives: usize,
    /// events after which a liked item's neighbours weigh half
    #[parameter(low = 0.5, high = 26.0, default = 4.0, log, shapes_state)]
    pub(crate) sequence_half_life: f64,
    /// how far apart two items of a sequence are neighbours; 0 for never
    #[parameter(low = 0, high = 200, default = 40, shapes_state)]
    window: u32,
    /// places apart at which neighbours weigh half
    #[parameter(low = 0.5, high = 200.0, default = 20.0, log, shapes_state)]
    distance_half_life: f64,
    /// what a neighbour before weighs beside one after
    #[parameter(low = 0.0, high = 1.0, default = 0.3, shapes_state)]
    backward: f32,
    /// how much more popular every item is taken to be
    #[parameter(low = 0.0, high = 100.0, default = 5.0, shapes_state)]
    shrinkage: f32,
    /// events after which a liked item's genres weigh half
    #[parameter(low = 0.5, high = 26.0, default = 20.0, log, shapes_state)]
    pub(crate) genre_half_life: f64,
    /// the same for the genres of the moment
    #[parameter(low = 0.5, high = 26.0, default = 3.0, log, shapes_state)]
    pub(crate) recent_genre_half_life: f64,
}

impl Settings {
    /// What neighbours in a sequence weigh by how far apart they are.
    pub(crate) fn fading(&self) -> Fading {
        #[expect(clippy::cast_possible_truncation, reason = "weights of features in f32")]
        let at = |places: u32| 0.5_f64.powf(f64::from(places) / self.distance_half_life) as f32;
        Fading::new((0..self.window).map(at).collect(), self.backward, self.shrinkage)
    }
}
