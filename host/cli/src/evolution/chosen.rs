//! Whether what a search found is better: on a part that it has not used, and then, once, on one that nothing was chosen on.

use greenroom_evolve::proof::{Arm, Cell, Judgement, Terms, judge};
use greenroom_model::Digest;
use greenroom_runtime::{Arena, Loaded};

use super::Found;
use super::candidate::Maker;
use super::reward::Reward;
use crate::exit::Failure;

/// How many of the best are judged together.
const JUDGED: usize = 5;
/// Declared here, before anything is looked at.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// A graph that was judged.
pub(crate) struct Arms {
    pub(crate) judgement: Judgement,
    /// The graphs, in the order of the arms.
    pub(crate) found: Vec<(Digest, Found)>,
}

pub(crate) fn terms() -> Terms {
    Terms::of_seeds(SEEDS.to_vec())
}

/// Judges the best of what was found beside the graph that the search began with.
pub(crate) fn judged(maker: &Maker, arena: &Arena, reward: &Reward, found: &[Found]) -> Result<Arms, Failure> {
    let baseline = arm(maker.origin(), "baseline", arena, reward)?;
    let (mut arms, mut kept) = (Vec::new(), Vec::new());
    for found in found.iter().take(JUDGED) {
        let loaded = maker.load(&found.text).map_err(Failure::failed)?;
        let digest = loaded.digest();
        arms.push(arm(&loaded, &digest.to_string(), arena, reward)?);
        kept.push((digest, found.clone()));
    }
    let judgement = judge(&terms(), &baseline, &arms).map_err(|why| Failure::failed(format!("the baseline: {why}")))?;
    Ok(Arms { judgement, found: kept })
}

/// One graph beside the baseline.
pub(crate) fn proven(maker: &Maker, arena: &Arena, reward: &Reward, text: &str) -> Result<Judgement, Failure> {
    let baseline = arm(maker.origin(), "baseline", arena, reward)?;
    let loaded = maker.load(text).map_err(Failure::failed)?;
    let arms = [arm(&loaded, &loaded.digest().to_string(), arena, reward)?];
    judge(&terms(), &baseline, &arms).map_err(|why| Failure::failed(format!("the baseline: {why}")))
}

/// What a graph has for each subject with each seed. One that draws nothing has the same with all.
fn arm(loaded: &Loaded, name: &str, arena: &Arena, reward: &Reward) -> Result<Arm, Failure> {
    let mut cells = Vec::new();
    let mut same = None;
    for seed in SEEDS {
        let values = match &same {
            Some(values) => Vec::clone(values),
            None => {
                let score = arena.score(loaded, 1.0, seed)?;
                let values = reward.by_subject(&score);
                same = (!score.drawn).then(|| values.clone());
                values
            }
        };
        cells.extend(values.into_iter().map(|(user, value)| Cell { user, block: 0, seed, value }));
    }
    Ok(Arm { name: name.to_owned(), cells })
}
