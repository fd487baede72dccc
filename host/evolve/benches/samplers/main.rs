//! How good the samplers are, beside Optuna's on tabular problems and beside each other on functions, and what they take.
//!
//!     target/peers/bin/python scripts/peers_samplers.py       # once: see there
//!     cargo bench --package greenroom-evolve --bench samplers
//!
//! Reads `target/figures/samplers/` (or `$GREENROOM_TABLES`) and writes `$GREENROOM_FIGURES` (see `docs/figures.md`). With
//! `$GREENROOM_SAMPLERS`, names with commas between, only these are measured. `docs/samplers.md` has the results.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on should stop"
)]

mod figures;
mod functions;
mod study;
mod tables;

use std::time::Instant;

use figures::Figure;
use greenroom_evolve::sampler::NAMES;
use greenroom_evolve::{Dimension, Domain, Space};

fn main() {
    let chosen = std::env::var("GREENROOM_SAMPLERS");
    let samplers: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| chosen.as_ref().map_or(true, |list| list.split(',').any(|s| s == *name)))
        .collect();
    let mut figures = own_time(&samplers);
    figures.extend(tables::measured(&samplers));
    functions::print(&samplers);
    figures::report(&figures);
}

/// Milliseconds of 300 suggestions in a space of 20 dimensions, half of them whole numbers.
fn own_time(samplers: &[&str]) -> Vec<Figure> {
    let domain = |i: i64| match i % 2 {
        0 => Domain::Float { low: 0.0, high: 1.0, log: false },
        _ => Domain::Integer { low: 0, high: 1 + 7 * i, log: false },
    };
    let dimensions = (0..20).map(|i| Dimension { name: format!("x{i:02}"), domain: domain(i), condition: None });
    let space = Space::new(dimensions.collect()).unwrap();
    println!("{:<18} {:>10}", "sampler", "300 in ms");
    let mut figures = Vec::new();
    for name in samplers {
        let mut times: Vec<f64> = (0..5)
            .map(|seed| {
                let began = Instant::now();
                study::incumbent(name, &space, 300, seed, |point, _| -study::numbers(point).iter().sum::<f64>());
                began.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name:<18} {:>10.1}", times[2]);
        if *name == "auto" {
            figures.push(Figure {
                id: "evolution.sampler_ms".to_owned(),
                what: "300 suggestions of the default sampler in 20 dimensions".to_owned(),
                value: times[2],
                unit: "ms",
                target: Some(1_000.0),
                baseline: None,
                samples: 5,
                spread: (times[3] - times[1]) / 2.0,
            });
        }
    }
    figures
}
