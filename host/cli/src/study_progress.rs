//! What a person sees of a study while it runs: how far it is, what is best so far, what it costs, how long it takes yet.
//!
//! A terminal has a few lines that are drawn anew; elsewhere there is a line after a trial, at most one a second. What
//! they say is made from what happened and from the time that is handed in, so that it is tested without either.

mod course;

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use course::Course;
use greenroom_evolve::study::{Config, Event, Trial};
use indicatif::{ProgressBar, ProgressStyle};

/// Between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// Where it is not known how wide a terminal is.
const WIDTH_DEFAULT: usize = 80;

/// Watches one study. It is fed with what happens, from any thread.
pub(crate) struct StudyProgress {
    began: Instant,
    /// None when nobody looks at a terminal.
    drawn: Option<ProgressBar>,
    state: Mutex<(Course, Option<Duration>)>,
}

impl StudyProgress {
    /// Of a study with the trials that it has already. `baseline` is what the plan that it begins with has of the first
    /// objective, in the objective's own direction.
    pub(crate) fn new(config: &Config, trials: &[Trial], baseline: Option<f64>) -> Self {
        let drawn = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        let course = Course::new(config, trials, baseline);
        let progress = Self { began: Instant::now(), drawn, state: Mutex::new((course, None)) };
        progress.with(|course, _, now| progress.draw(course, now));
        progress
    }

    /// Something happened.
    pub(crate) fn see(&self, event: &Event<'_>) {
        self.with(|course, told, now| {
            if !course.see(event, now) {
                return;
            }
            self.draw(course, now);
            if self.drawn.is_none() && (told.is_none_or(|told| now >= told + LINE_EVERY) || course.is_done()) {
                *told = Some(now);
                say(&course.line(now));
            }
        });
    }

    /// Nothing more will happen: what was drawn gives way to one line.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
            self.with(|course, _, now| say(&course.line(now)));
        }
    }

    fn draw(&self, course: &Course, now: Duration) {
        if let Some(bar) = &self.drawn {
            let width = terminal_size::terminal_size_of(std::io::stderr());
            let width = width.map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0));
            // The last column stays free: some terminals fold a line that fills it.
            bar.set_message(course.lines(now, width.saturating_sub(1)).join("\n"));
            bar.tick();
        }
    }

    fn with(&self, work: impl FnOnce(&mut Course, &mut Option<Duration>, Duration)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (course, told) = &mut *state;
        work(course, told, self.began.elapsed());
    }
}

fn say(line: &str) {
    // Whoever closed it does not want to know.
    let _ = writeln!(std::io::stderr(), "{line}");
}
