//! Whether what a search found is better: on a part that it has not used, and then, once, on one that nothing was chosen on.

use greenroom_evolve::proof::{Arm, Cell, Judgement, Terms, Unusable, judge};
use greenroom_model::Digest;
use greenroom_runtime::{Arena, Loaded, Score};

use super::Found;
use super::broken::{Broken, scored};
use super::candidate::Maker;
use super::reward::Reward;
use crate::exit::Failure;

/// How many of the best are judged together.
const JUDGED: usize = 5;
/// Declared here, before anything is looked at.
pub(super) const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

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
    let mut kept = Vec::new();
    for found in found.iter().take(JUDGED) {
        kept.push((maker.load(&found.text).map_err(Failure::failed)?, found.clone()));
    }
    let judgement = beside_the_origin(maker, arena, reward, kept.iter().map(|(loaded, _)| loaded))?;
    Ok(Arms { judgement, found: kept.into_iter().map(|(loaded, found)| (loaded.digest(), found)).collect() })
}

/// One graph beside the baseline.
pub(crate) fn proven(maker: &Maker, arena: &Arena, reward: &Reward, text: &str) -> Result<Judgement, Failure> {
    let loaded = maker.load(text).map_err(Failure::failed)?;
    beside_the_origin(maker, arena, reward, [&loaded])
}

/// A graph that fails here, or whose agents break where those of the baseline don't, is not judged, and the others are: what
/// agents did where they were searched says little about what they do elsewhere.
fn beside_the_origin<'l>(
    maker: &Maker,
    arena: &Arena,
    reward: &Reward,
    graphs: impl IntoIterator<Item = &'l Loaded>,
) -> Result<Judgement, Failure> {
    let ended = |why: &dyn std::fmt::Display| Failure::failed(format!("the graph as it is cannot be judged: {why}"));
    let (baseline, its) = arm(maker.origin(), "baseline", arena, reward)?.map_err(|why| ended(&why))?;
    let (mut arms, mut unusable) = (Vec::new(), Vec::new());
    for loaded in graphs {
        let name = loaded.digest().to_string();
        match arm(loaded, &name, arena, reward)?.and_then(|(arm, broken)| broken.beside(&its).map(|()| arm)) {
            Ok(arm) => arms.push(arm),
            Err(why) => unusable.push((name, why)),
        }
    }
    let mut judgement = judge(&terms(), &baseline, &arms).map_err(|why| ended(&why))?;
    judgement.unusable.extend(unusable);
    Ok(judgement)
}

/// What a graph has for each subject with each seed, or why there is nothing. One that draws nothing has the same with all
/// seeds; since an agent may draw and not say so, two seeds have to say the same before the others are spared.
fn arm(
    loaded: &Loaded,
    name: &str,
    arena: &Arena,
    reward: &Reward,
) -> Result<Result<(Arm, Broken), Unusable>, Failure> {
    let (mut cells, mut broken) = (Vec::new(), Broken::default());
    let mut before: Option<Score> = None;
    let mut same = None;
    for seed in SEEDS {
        let values = match &same {
            Some(values) => Vec::clone(values),
            None => {
                let score = match scored(arena, loaded, seed)? {
                    Ok(score) => score,
                    Err(why) => return Ok(Err(why)),
                };
                broken.add(reward, &score);
                let values = reward.by_subject(&score);
                let alike = before.is_some_and(|before| before.judged == score.judged);
                same = (alike && !score.drawn).then(|| values.clone());
                before = Some(score);
                values
            }
        };
        cells.extend(values.into_iter().map(|(user, value)| Cell { user, block: 0, seed, value }));
    }
    Ok(Ok((Arm { name: name.to_owned(), cells }, broken)))
}
