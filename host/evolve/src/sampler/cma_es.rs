//! A normal distribution that moves to where trials are better, and takes their shape.

mod state;

use super::order::ranked;
use super::{Sampler, Seen, Tpe, random};
use crate::{Draws, Point, Space};
use state::State;

/// How often a point outside the cube is drawn anew before it is moved to its edge.
const REDRAWS: usize = 50;

/// CMA-ES (Hansen and Ostermeier 2001) with margin for whole numbers (Hamano 2022): no value beside the one in the middle becomes
/// less likely than `1 / (dimensions * generation)`, so that a whole number never freezes.
///
/// What it knows is built anew from the trials that are over: a generation is as many of them as the distribution takes,
/// by number, and each moves it on. It works on the dimensions that have an order and always matter; the others are
/// suggested by [`Tpe::independent`]. One objective: with several, of which trials are better goes by their fronts.
#[derive(Debug, Clone, Copy)]
pub struct CmaEs;

impl Sampler for CmaEs {
    fn name(&self) -> &'static str {
        "cma-es"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        let places: Vec<usize> = (space.dimensions().iter().enumerate())
            .filter(|(_, dimension)| dimension.condition.is_none() && dimension.domain.ordered())
            .map(|(place, _)| place)
            .collect();
        let mut cube = random::cube(space, draws);
        if places.len() < space.dimensions().len() {
            let others = space.units(&Tpe::independent().suggest(space, seen, number, draws));
            cube.iter_mut().zip(others).for_each(|(slot, unit)| *slot = unit.unwrap_or(*slot));
        }
        let state = replayed(space, &places, seen);
        let drawn = (0..REDRAWS).find_map(|_| {
            let drawn = state.draw(draws);
            drawn.iter().all(|unit| (0.0..=1.0).contains(unit)).then_some(drawn)
        });
        for (place, unit) in places.iter().zip(drawn.unwrap_or_else(|| state.draw(draws))) {
            if let Some(slot) = cube.get_mut(*place) {
                *slot = unit;
            }
        }
        space.point(&space.settled(&cube))
    }
}

/// The distribution after all whole generations among the trials that are over.
fn replayed<'a>(space: &'a Space, places: &[usize], seen: Seen<'_>) -> State<'a> {
    let domains = places.iter().filter_map(|place| space.dimensions().get(*place)).map(|dimension| &dimension.domain);
    let mut state = State::new(domains.collect());
    let (order, _) = ranked(seen);
    let mut rank = vec![0; order.len()];
    for (behind, place) in order.iter().enumerate() {
        if let Some(slot) = rank.get_mut(*place) {
            *slot = behind;
        }
    }
    let trials: Vec<(usize, Vec<f64>)> = (seen.told.iter().zip(rank))
        .filter_map(|(trial, rank)| {
            let units = space.units(&trial.point);
            let coordinates: Option<Vec<f64>> =
                places.iter().map(|place| units.get(*place).copied().flatten()).collect();
            Some((rank, coordinates?))
        })
        .collect();
    for generation in trials.chunks_exact(state.generation()) {
        let mut generation: Vec<&(usize, Vec<f64>)> = generation.iter().collect();
        generation.sort_by_key(|(rank, _)| *rank);
        state.update(&generation.iter().map(|(_, trial)| trial.as_slice()).collect::<Vec<_>>());
    }
    state
}
