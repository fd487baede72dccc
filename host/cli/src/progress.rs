//! Progress bars for long work; nothing where nobody looks.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_runtime::{Progress, Quiet};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Bars on stderr, or nothing when it is no terminal.
pub(crate) fn watched() -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() { Arc::new(Bars::default()) } else { Arc::new(Quiet) }
}

#[derive(Default)]
struct Bars {
    all: MultiProgress,
    by_name: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    fn with(&self, work: impl FnOnce(&mut HashMap<String, ProgressBar>)) {
        work(&mut self.by_name.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, name: &str, steps: u64) {
        let style = ProgressStyle::with_template("{prefix:24!} {bar:32} {pos:>6}/{len} {elapsed:>4} left {eta}");
        let bar = self.all.add(ProgressBar::new(steps));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name.to_owned());
        bar.tick();
        self.with(|bars| {
            if let Some(before) = bars.insert(name.to_owned(), bar) {
                before.finish_and_clear();
            }
        });
    }

    fn step(&self, name: &str) {
        self.with(|bars| {
            if let Some(bar) = bars.get(name) {
                bar.inc(1);
            }
        });
    }

    fn end(&self, name: &str, _kept: bool) {
        self.with(|bars| {
            if let Some(bar) = bars.remove(name) {
                bar.finish_and_clear();
            }
        });
    }
}
