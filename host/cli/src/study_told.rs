//! What is told of a search while it goes on, a line for each graph that was tried: on stderr, and only where somebody looks.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use greenroom_evolve::Outcome;
use greenroom_evolve::study::Event;
use indicatif::{ProgressBar, ProgressStyle};

/// Tells.
pub(crate) struct Telling {
    bar: ProgressBar,
    metric: String,
    began: Instant,
    over: AtomicU64,
    best: Mutex<f64>,
}

impl Telling {
    pub(crate) fn new(metric: &str, trials: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(trials) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {elapsed} left {eta}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let best = Mutex::new(f64::NEG_INFINITY);
        Self { bar, metric: metric.to_owned(), began: Instant::now(), over: AtomicU64::new(0), best }
    }

    pub(crate) fn event(&self, study: &str, event: &Event<'_>) {
        let Event::Over(_, trial) = event else { return };
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Outcome::Complete { values, .. }) = trial.over().map(|over| &over.outcome) {
            *best = values.first().copied().unwrap_or(f64::NEG_INFINITY).max(*best);
        }
        let over = self.over.fetch_add(1, Ordering::Relaxed) + 1;
        let rate = over as f64 / self.began.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_position(over);
        self.bar.set_message(format!("{} {best:.4}, {rate:.2} trials/s, {study}", self.metric));
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
