//! What calls cost, each beside raw wasmtime on the same component in the same run, and what the movie graph costs
//! beside the same agents compiled natively.
//!
//!     make figures-calls
//!
//! Writes `$GREENROOM_FIGURES` (see DESIGN of figures in `docs/figures.md`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on should stop"
)]

mod figures;
mod graph;
mod native;
mod probe;
mod raw;

fn main() {
    let mut criterion = criterion::Criterion::default()
        .sample_size(60)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2))
        .configure_from_args();
    probe::calls(&mut criterion);
    criterion.final_summary();
    let mut figures = figures::of_calls();
    figures.extend(graph::figures());
    greenroom_kit::report(&figures);
}
