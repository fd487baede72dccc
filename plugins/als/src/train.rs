//! Alternating between subjects and items.

use greenroom_sdk::Lists;

use crate::root::Root;
use crate::solve::Points;
use crate::tiles::{Panels, WIDE, gram};
use crate::whitened::Solver;

/// What shapes the points.
#[derive(Debug, Default, Clone)]
pub(crate) struct Settings {
    pub(crate) factors: usize,
    pub(crate) regularization: f32,
    pub(crate) alpha: f32,
    pub(crate) iterations: u32,
}

// The next round goes on where this one ends. On a cut of train a third step, as `implicit` takes without a preconditioner,
// gains nothing.
const STEPS: usize = 2;

// Where the first points come from: where they end depends little on it, and a search would take the luckiest one.
const SEED: u64 = 42;

/// The points of items, and their Gram matrix with the regularisation on its diagonal.
pub(crate) fn train(subjects: &Lists, items: usize, settings: &Settings) -> (Points, Vec<f32>) {
    if items == 0 {
        return (Points::default(), Vec::new());
    }
    let fans = subjects.transposed(items);
    let mut random = Random(SEED);
    let mut of_subjects = random.points(subjects.len(), settings.factors).widened(WIDE);
    let mut of_items = random.points(items, settings.factors).widened(WIDE);
    let mut half = Half { solver: Solver::default(), settings };
    for _ in 0..settings.iterations {
        half.solve(&mut of_subjects, &of_items, subjects);
        half.solve(&mut of_items, &of_subjects, &fans);
    }
    let of_items = of_items.narrowed(settings.factors);
    let gram = of_items.gram(settings.regularization);
    (of_items, gram)
}

struct Half<'a> {
    solver: Solver,
    settings: &'a Settings,
}

impl Half<'_> {
    // Solves for all of `of` while `given` stands still. What widens the points stays 0: there their Gram matrix is the
    // regularisation alone.
    fn solve(&mut self, of: &mut Points, given: &Points, likes: &Lists) {
        let width = given.width();
        let mut gram = gram(given);
        gram.iter_mut().step_by(width + 1).for_each(|x| *x += f64::from(self.settings.regularization));
        let root = Root::of(gram, width);
        let mut whitened = given.clone();
        Panels::upper(&root.inverse, width).apply(&mut whitened);
        Panels::lower(&root.lower, width).apply(of);
        for (point, liked) in of.iter_mut().zip(likes.iter()) {
            match liked {
                [] => point.fill(0.0),
                _ => self.solver.improve(point, &whitened, liked, self.settings.alpha, STEPS),
            }
        }
        Panels::lower(&root.inverse, width).apply(of);
    }
}

// SplitMix64: first points need to differ, no more.
struct Random(u64);

impl Random {
    fn points(&mut self, n: usize, width: usize) -> Points {
        Points::of(width, (0..n * width).map(|_| 0.01 * self.unit()).collect())
    }

    #[expect(clippy::cast_precision_loss, reason = "24 bits fit a f32")]
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }
}
