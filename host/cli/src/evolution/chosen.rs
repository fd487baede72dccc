//! Whether what a search found is better: on a part that it has not used, and then, once, on one that nothing was chosen on.

use std::collections::BTreeMap;

use greenroom_evolve::proof::{Arm, Cell, Judgement, Terms, Unusable, judge};
use greenroom_model::Digest;
use greenroom_runtime::{Arena, Loaded, Score};
use serde::Serialize;

use super::Found;
use super::broken::{Broken, scored};
use super::candidate::Maker;
use super::reward::Reward;
use crate::exit::Failure;

/// How many of the best are judged together.
const JUDGED: usize = 5;
/// Declared here, before anything is looked at.
pub(super) const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// Graphs that were judged.
pub(crate) struct Arms {
    pub(crate) judgement: Judgement,
    /// The graphs, in the order of the arms.
    pub(crate) found: Vec<(Digest, Found)>,
    /// Objectives that do not decide.
    pub(crate) beside: Vec<Beside>,
    /// Inner rewards by arm, with those of the baseline.
    pub(crate) inner: BTreeMap<String, BTreeMap<String, f64>>,
}

/// How arms did by an objective that does not decide. Intervals are for all arms together, of each objective by itself.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Beside {
    pub(crate) objective: String,
    #[serde(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Of {
    /// Subjects have values, so that differences have intervals.
    Subjects(Judgement),
    /// Only all lists together have one: by arm, with the baseline's.
    Whole(BTreeMap<String, f64>),
    /// Why nothing can be said.
    Nothing(String),
}

const BASELINE: &str = "baseline";

/// What an evaluation of an arm says, with all seeds.
struct Told {
    broken: Broken,
    decisive: Arm,
    /// One an objective that does not decide.
    beside: Vec<(String, Result<Arm, f64>)>,
    inner: BTreeMap<String, f64>,
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
    let (judgement, told) = beside_the_origin(maker, arena, reward, kept.iter().map(|(loaded, _)| loaded))?;
    let found = kept.into_iter().map(|(loaded, found)| (loaded.digest(), found)).collect();
    let beside = told.split_first().map_or_else(Vec::new, |(baseline, arms)| {
        let objectives = baseline.beside.iter().enumerate();
        objectives.map(|(at, (name, its))| Beside { objective: name.clone(), of: of(at, its, arms) }).collect()
    });
    let inner = told.into_iter().map(|arm| (arm.decisive.name, arm.inner)).collect();
    Ok(Arms { judgement, found, beside, inner })
}

/// How arms did by the objective at a place among those beside.
fn of(at: usize, baseline: &Result<Arm, f64>, arms: &[Told]) -> Of {
    let its = |arm: &Told| arm.beside.get(at).map(|(_, values)| values.clone());
    match baseline {
        Ok(baseline) => {
            let arms: Vec<Arm> = arms.iter().filter_map(|arm| its(arm)?.ok()).collect();
            judge(&terms(), baseline, &arms).map_or_else(|why| Of::Nothing(why.to_string()), Of::Subjects)
        }
        Err(value) => {
            let arms = arms.iter().filter_map(|arm| Some((arm.decisive.name.clone(), its(arm)?.err()?)));
            Of::Whole(std::iter::once((BASELINE.to_owned(), *value)).chain(arms).collect())
        }
    }
}

/// One graph beside the baseline.
pub(crate) fn proven(maker: &Maker, arena: &Arena, reward: &Reward, text: &str) -> Result<Judgement, Failure> {
    let loaded = maker.load(text).map_err(Failure::failed)?;
    beside_the_origin(maker, arena, reward, [&loaded]).map(|(judgement, _)| judgement)
}

/// A graph that fails here, or whose agents break where those of the baseline don't, is not judged, and the others are: what
/// agents did where they were searched says little about what they do elsewhere. With the judgement comes what there is of the
/// baseline and of those that were judged.
fn beside_the_origin<'l>(
    maker: &Maker,
    arena: &Arena,
    reward: &Reward,
    graphs: impl IntoIterator<Item = &'l Loaded>,
) -> Result<(Judgement, Vec<Told>), Failure> {
    let ended = |why: &dyn std::fmt::Display| Failure::failed(format!("the graph as it is cannot be judged: {why}"));
    let baseline = told(maker.origin(), BASELINE, arena, reward)?.map_err(|why| ended(&why))?;
    let (mut arms, mut unusable) = (Vec::new(), Vec::new());
    for loaded in graphs {
        let name = loaded.digest().to_string();
        let found = told(loaded, &name, arena, reward)?;
        match found.and_then(|arm| arm.broken.beside(&baseline.broken).map(|()| arm)) {
            Ok(arm) => arms.push(arm),
            Err(why) => unusable.push((name, why)),
        }
    }
    let decisive: Vec<Arm> = arms.iter().map(|arm| arm.decisive.clone()).collect();
    let mut judgement = judge(&terms(), &baseline.decisive, &decisive).map_err(|why| ended(&why))?;
    judgement.unusable.extend(unusable);
    arms.insert(0, baseline);
    Ok((judgement, arms))
}

/// What a graph has for each subject with each seed, or why there is nothing. One that draws nothing has the same with all
/// seeds; since an agent may draw and not say so, two seeds have to say the same before the others are spared. Inner rewards,
/// and what is of no subject, are those of the first.
fn told(loaded: &Loaded, name: &str, arena: &Arena, reward: &Reward) -> Result<Result<Told, Unusable>, Failure> {
    let arm = || Arm { name: name.to_owned(), cells: Vec::new() };
    let (decisive, inner) = (arm(), BTreeMap::new());
    let mut told = Told { broken: Broken::default(), decisive, beside: Vec::new(), inner };
    let mut before: Option<Score> = None;
    let mut same = false;
    for seed in SEEDS {
        let score = match before.take() {
            Some(score) if same => score,
            before => match scored(arena, loaded, seed)? {
                Ok(score) => {
                    told.broken.add(reward, &score);
                    same = !score.drawn && before.is_some_and(|before| before.judged == score.judged);
                    score
                }
                Err(why) => return Ok(Err(why)),
            },
        };
        let cells =
            |values: Vec<(u32, f64)>| values.into_iter().map(move |(user, value)| Cell { user, block: 0, seed, value });
        if seed == SEEDS[0] {
            told.inner = reward.measured(&score).inner;
            let empty = reward.beside(&score).into_iter().map(|(objective, values)| (objective, values.map(|_| arm())));
            told.beside = empty.collect();
        }
        told.decisive.cells.extend(cells(reward.by_subject(&score)));
        for ((_, kept), (_, values)) in told.beside.iter_mut().zip(reward.beside(&score)) {
            if let (Ok(kept), Ok(values)) = (kept, values) {
                kept.cells.extend(cells(values));
            }
        }
        before = Some(score);
    }
    Ok(Ok(told))
}
