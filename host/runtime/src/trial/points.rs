//! Points of a decision space: the defaults, its bounds one parameter at a time, and a sample of the rest.

use std::fmt;

use greenroom_model::{Descriptor, Domain, ParamValue, Parameter, Params};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Points that are tried.
const POINTS_MAX: usize = 32;
/// How many of them are drawn, for each parameter and at the most.
const DRAWN: usize = 2;
const DRAWN_MAX: usize = 8;

/// A point, and how it differs from the defaults.
pub(super) struct Point {
    params: Params,
    differs: Vec<String>,
}

impl Point {
    /// As agents take it.
    pub(super) fn encoded(&self) -> Vec<u8> {
        // A map of names to plain values: there is nothing in it that does not encode.
        rmp_serde::to_vec_named(&self.params).unwrap_or_default()
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            self.differs.iter().filter_map(|name| self.params.get(name).map(|value| format!("{name} = {value}")));
        let names: Vec<String> = names.collect();
        f.write_str(if names.is_empty() { "the defaults" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

/// The defaults first. The same seed draws the same points.
pub(super) fn of(descriptor: &Descriptor, seed: u64) -> Vec<Point> {
    let usual: Params =
        descriptor.parameters.iter().filter_map(|p| Some((p.name.clone(), p.domain.usual()?))).collect();
    let at = |values: Vec<(String, ParamValue)>| {
        let mut params = usual.clone();
        let differs = values.iter().map(|(name, _)| name.clone()).collect();
        params.extend(values);
        Point { params, differs }
    };
    let searched: Vec<&Parameter> =
        descriptor.parameters.iter().filter(|p| !matches!(p.domain, Domain::Items | Domain::Numbers)).collect();
    let mut bounds: Vec<Point> = searched
        .iter()
        .flat_map(|p| bounds(&p.domain).into_iter().map(|value| (p.name.clone(), value)))
        .filter(|(name, value)| usual.get(name) != Some(value))
        .map(|one| at(vec![one]))
        .collect();
    let mut random = StdRng::seed_from_u64(seed);
    // Of more bounds than there are places, some.
    while bounds.len() > POINTS_MAX - DRAWN_MAX - 1 {
        bounds.swap_remove(random.random_range(0..bounds.len()));
    }
    let mut points = vec![at(Vec::new())];
    points.extend(bounds);
    if !searched.is_empty() {
        let mut draw = || at(searched.iter().map(|p| (p.name.clone(), drawn(&p.domain, &mut random))).collect());
        points.extend((0..DRAWN_MAX.min(searched.len() * DRAWN)).map(|_| draw()));
    }
    points
}

fn bounds(domain: &Domain) -> Vec<ParamValue> {
    match domain {
        Domain::Float { low, high, .. } => vec![ParamValue::Float(*low), ParamValue::Float(*high)],
        Domain::Integer { low, high, .. } => vec![ParamValue::Integer(*low), ParamValue::Integer(*high)],
        Domain::Choice { options, .. } => options.iter().cloned().map(ParamValue::Text).collect(),
        Domain::Boolean { .. } => vec![ParamValue::Boolean(false), ParamValue::Boolean(true)],
        Domain::Items | Domain::Numbers => Vec::new(),
    }
}

fn drawn(domain: &Domain, random: &mut StdRng) -> ParamValue {
    match domain {
        Domain::Float { low, high, log: true, .. } if *low > 0.0 => {
            let drawn = random.random_range(low.ln()..=high.ln()).exp();
            ParamValue::Float(drawn.clamp(*low, *high))
        }
        // A sum of halves: a difference of the bounds may be more than a number holds.
        Domain::Float { low, high, .. } => {
            let place = random.random_range(0.0..=1.0);
            ParamValue::Float((low * (1.0 - place) + high * place).clamp(*low, *high))
        }
        Domain::Integer { low, high, .. } => ParamValue::Integer(random.random_range(*low..=*high)),
        Domain::Choice { options, default } => {
            let drawn = options.get(random.random_range(0..options.len().max(1)));
            ParamValue::Text(drawn.unwrap_or(default).clone())
        }
        Domain::Boolean { .. } => ParamValue::Boolean(random.random_range(0..2) == 1),
        Domain::Items | Domain::Numbers => ParamValue::Numbers(Vec::new()),
    }
}
