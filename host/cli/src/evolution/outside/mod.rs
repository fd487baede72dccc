//! A sampler that is a program of the operator's: whatever optimiser it asks, or a person.
//!
//! It is asked over JSON lines, which `docs/samplers.md` tells. It may keep what it likes as long as it runs, but nothing of it
//! outlives it: begun anew, after a kill or with another study, it gets all that was told before.

mod lines;
mod program;
mod words;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use greenroom_evolve::sampler::{Sampler, Seen};
use greenroom_evolve::study::Config;
use greenroom_evolve::{Draws, Point, Space, Told};

use lines::{answered, asking, begins};
use program::Program;
pub(crate) use words::words;

/// A program that is asked what a study tries next. It runs from the first question until this is dropped.
pub(crate) struct Outside {
    /// What the study calls its sampler: another program is another sampler.
    name: String,
    command: Vec<String>,
    limit: Duration,
    config: Config,
    running: Mutex<Option<Running>>,
}

/// A program, and what it knows.
struct Running {
    program: Program,
    told: Vec<Told>,
}

impl Outside {
    /// What a study calls a sampler that is this command.
    pub(crate) fn called(command: &str) -> String {
        format!("command {command}")
    }

    /// For a study. The program has so long to answer a question.
    pub(crate) fn new(command: &str, limit: Duration, config: &Config) -> Result<Self, String> {
        let (name, command, config) = (Self::called(command), words(command)?, config.clone());
        Ok(Self { name, command, limit, config, running: Mutex::new(None) })
    }

    /// Asks, with the program begun when there is none, or when what it knows is not how it was.
    fn ask(
        &self,
        running: &mut Option<Running>,
        seen: Seen<'_>,
        number: u64,
        draws: &mut Draws,
    ) -> Result<String, String> {
        if running.as_ref().is_some_and(|running| !seen.told.starts_with(&running.told)) {
            // Means over more evaluations took the place of single ones.
            *running = None;
        }
        let running = match running {
            Some(running) => running,
            None => {
                let mut program = Program::start(&self.command, self.limit)?;
                program.tell(begins(&self.config));
                running.insert(Running { program, told: Vec::new() })
            }
        };
        let line = asking(&self.config, seen, running.told.len(), number, draws);
        let answer = running.program.ask(line)?;
        running.told = seen.told.to_vec();
        Ok(answer)
    }
}

impl Sampler for Outside {
    fn name(&self) -> &str {
        &self.name
    }

    /// Without an answer the empty point, which is of no space.
    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        self.try_suggest(space, seen, number, draws).unwrap_or_default()
    }

    fn try_suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Result<Point, String> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.ask(&mut running, seen, number, draws);
        let point = answer.and_then(|line| answered(space, &line));
        if point.is_err() {
            // Nobody knows what it would answer next.
            *running = None;
        }
        point.map_err(|why| format!("the program of `--sampler-command`, `{}`, {why}", self.command.join(" ")))
    }
}
