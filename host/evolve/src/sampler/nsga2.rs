//! Parents that are not beaten, and children between and beside them.

use super::order::ranked;
use super::{QuasiRandom, Sampler, Seen, random};
use crate::space::Units;
use crate::{Domain, Draws, Point, Space};

/// How many trials live.
const POPULATION: usize = 20;
/// How often a child is crossed with a second parent.
const CROSSED: f64 = 0.9;
/// How near children stay to their parents: the distribution indices of crossover and mutation (Deb and Agrawal 1995).
const NEAR: f64 = 15.0;
/// How often a child that was tried already is made anew.
const TRIES: usize = 20;

/// NSGA-II (Deb 2002), for several objectives with constraints. Those who live are the best of all trials: by fronts, and
/// within a front by how lonely they are; trials that break constraints stand behind all that hold them. Which of two parents
/// breeds is decided by a tournament. Numbers are crossed by simulated binary crossover and mutated polynomially, choices are
/// taken from either parent and drawn anew.
///
/// It chooses among all trials, not the latest generation: what is dominated once stays so, and elites are never lost.
#[derive(Debug, Clone, Copy)]
pub struct Nsga2;

impl Sampler for Nsga2 {
    fn name(&self) -> &'static str {
        "nsga2"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        if seen.told.len() < POPULATION {
            // One sequence for all studies: what follows depends on the draws.
            return if seen.objectives > 1 {
                QuasiRandom::new(0).suggest(space, seen, number, draws)
            } else {
                space.point(&space.settled(&random::cube(space, draws)))
            };
        }
        let (order, fronts) = ranked(seen);
        let parents: Vec<(usize, Units)> = (order.iter().take(POPULATION))
            .filter_map(|place| Some((*fronts.get(*place)?, space.units(&seen.told.get(*place)?.point))))
            .collect();
        let mut child = Point::new();
        for _ in 0..TRIES {
            let mother = tournament(&parents, draws);
            let father = if draws.unit() < CROSSED { tournament(&parents, draws) } else { mother };
            child = bred(space, mother, father, draws);
            if !seen.told.iter().map(|trial| &trial.point).chain(seen.pending).any(|known| *known == child) {
                break;
            }
        }
        child
    }
}

/// The better of two: an earlier front, or the lonelier one on the same, which parents are sorted by.
fn tournament<'a>(parents: &'a [(usize, Units)], draws: &mut Draws) -> &'a [Option<f64>] {
    let (a, b) = (draws.below(parents.len() as u64), draws.below(parents.len() as u64));
    let better = usize::try_from(a.min(b)).unwrap_or(0);
    parents.get(better).map_or(&[], |(_, units)| units.as_slice())
}

fn bred(space: &Space, mother: &[Option<f64>], father: &[Option<f64>], draws: &mut Draws) -> Point {
    let rate = 1.0 / (mother.iter().flatten().count().max(1) as f64);
    let mut cube = Vec::with_capacity(space.dimensions().len());
    for (place, dimension) in space.dimensions().iter().enumerate() {
        let of = |parent: &[Option<f64>]| parent.get(place).copied().flatten();
        let gene = match (of(mother), of(father)) {
            (Some(a), Some(b)) if dimension.domain.ordered() => crossed(a, b, draws),
            (Some(a), Some(b)) => {
                if draws.bits() & 1 == 0 {
                    a
                } else {
                    b
                }
            }
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => draws.unit(),
        };
        cube.push(if draws.unit() < rate { mutated(&dimension.domain, gene, draws) } else { gene });
    }
    space.point(&space.settled(&cube))
}

/// Simulated binary crossover; half of the dimensions are one parent's alone.
fn crossed(a: f64, b: f64, draws: &mut Draws) -> f64 {
    let (one, u, side) = (draws.bits() & 1 == 0, draws.unit(), draws.bits() & 1 == 0);
    if one {
        return if side { a } else { b };
    }
    let power = 1.0 / (NEAR + 1.0);
    let spread = if u < 0.5 { libm::pow(2.0 * u, power) } else { libm::pow(1.0 / (2.0 * (1.0 - u)), power) };
    let spread = if side { spread } else { -spread };
    (0.5 * ((1.0 + spread) * a + (1.0 - spread) * b)).clamp(0.0, 1.0)
}

/// Polynomial mutation, or another value where there are few.
fn mutated(domain: &Domain, gene: f64, draws: &mut Draws) -> f64 {
    let u = draws.unit();
    match domain.count() {
        Some(count) if !domain.ordered() || count <= 8 => u,
        _ => {
            let power = 1.0 / (NEAR + 1.0);
            let step = if u < 0.5 { libm::pow(2.0 * u, power) - 1.0 } else { 1.0 - libm::pow(2.0 * (1.0 - u), power) };
            (gene + step).clamp(0.0, 1.0)
        }
    }
}
