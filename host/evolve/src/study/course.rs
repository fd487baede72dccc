//! What comes next in a study. Pure: what is asked for depends on the study and on trials by number, never on time.

use std::collections::BTreeSet;

use super::config::{Budget, Config};
use super::trial::{Cost, Trial};
use crate::{Point, Score, Told, best};

/// Something to evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// The trial of this number.
    Trial {
        /// Its number.
        number: u64,
    },
    /// One of the best, with fresh seeds.
    Again {
        /// Before the trial of which number.
        before: u64,
        /// Its number.
        number: u64,
    },
}

/// Why nothing more is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All trials were made.
    Trials {
        /// How many.
        made: u64,
    },
    /// The fuel is spent.
    Fuel {
        /// By the trials that the next one may know.
        spent: u64,
        /// How much there was.
        budget: u64,
        /// How many trials were made.
        made: u64,
    },
    /// The time is spent.
    Time {
        /// By the trials that the next one may know, in microseconds.
        spent_us: u64,
        /// How much there was.
        budget_us: u64,
        /// How many trials were made.
        made: u64,
    },
    /// Somebody said stop. The study goes on when it is run again.
    Stopped {
        /// How many trials are over.
        made: u64,
    },
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Trials { made } => write!(f, "all {made} trials were made"),
            Self::Fuel { spent, budget, made: 1 } => {
                write!(f, "the first trial alone took {spent} fuel of {budget}: the budget is too small for more")
            }
            Self::Fuel { spent, budget, made } => write!(f, "{spent} fuel of {budget} are spent after {made} trials"),
            Self::Time { spent_us, budget_us, made } => {
                let [spent, budget] = [spent_us, budget_us].map(|us| *us as f64 / 1e6);
                write!(f, "{spent:.1} s of {budget:.1} s of evaluation are spent after {made} trials")
            }
            Self::Stopped { made } => write!(f, "stopped after {made} trials; run it again to go on"),
        }
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Evaluate this. A trial whose number is that of no trial yet is asked for first.
    Do(Job),
    /// Nothing before something that is being evaluated is over.
    Wait,
    /// Nothing more.
    End(End),
}

/// The trials of a study and what of them is being evaluated now.
#[derive(Debug, Clone)]
pub struct Course {
    config: Config,
    trials: Vec<Trial>,
    busy: BTreeSet<Job>,
    /// What the trial that is asked for next may know; warm starts first.
    told: Vec<Told>,
    /// Before which number the best were evaluated anew when `told` was made.
    told_at: u64,
}

impl Course {
    /// With the trials that there are, by number, none missing.
    #[must_use]
    pub fn new(config: Config, trials: Vec<Trial>) -> Self {
        Self { config, trials, busy: BTreeSet::new(), told: Vec::new(), told_at: 0 }
    }

    /// What the study is about.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its trials, by number.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The trial of a number.
    #[must_use]
    pub fn trial(&self, number: u64) -> Option<&Trial> {
        usize::try_from(number).ok().and_then(|at| self.trials.get(at))
    }

    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next {
        let number = self.trials.len() as u64;
        let left = self.trials.iter().filter(|trial| trial.over().is_none()).map(|trial| trial.number);
        if let Some(job) = left.map(|number| Job::Trial { number }).find(|job| !self.busy.contains(job)) {
            return Next::Do(job);
        }
        if let Some(next) = self.elites_first(number) {
            return next;
        }
        let known = self.known(number);
        if known.len() as u64 != self.known_count(number) {
            return Next::Wait;
        }
        let spent = known.iter().fold(Cost::default(), |cost, trial| cost.and(trial.cost(number)));
        let Budget { trials, fuel, time_us } = self.config.budget;
        let made = number;
        let over = |spent: u64, budget: Option<u64>| budget.filter(|budget| spent >= *budget);
        if number >= trials {
            Next::End(End::Trials { made })
        } else if let Some(budget) = over(spent.fuel, fuel) {
            Next::End(End::Fuel { spent: spent.fuel, budget, made })
        } else if let Some(budget_us) = over(spent.time_us, time_us) {
            Next::End(End::Time { spent_us: spent.time_us, budget_us, made })
        } else {
            Next::Do(Job::Trial { number })
        }
    }

    /// What is left to evaluate anew before the trial of this number, if anything.
    fn elites_first(&self, number: u64) -> Option<Next> {
        let elites = self.config.elites?;
        if number == 0 || !number.is_multiple_of(elites.every) {
            return None;
        }
        if self.trials.iter().any(|trial| trial.over().is_none()) {
            return Some(Next::Wait);
        }
        let left = |trial: u64| {
            let over = self.trial(trial).and_then(Trial::over);
            !over.is_some_and(|over| over.again.iter().any(|again| again.before == number))
        };
        let left: Vec<Job> = self
            .elites(elites.top, number - 1)
            .into_iter()
            .filter(|elite| left(*elite))
            .map(|elite| Job::Again { before: number, number: elite })
            .collect();
        let idle = left.iter().find(|job| !self.busy.contains(job));
        idle.map(|job| Next::Do(*job)).or_else(|| (!left.is_empty()).then_some(Next::Wait))
    }

    /// The numbers of the best trials that are complete, the best first, by what is known when the trial `at` is asked for.
    #[must_use]
    pub fn elites(&self, top: usize, at: u64) -> Vec<u64> {
        let told = self.trials.iter().filter_map(|trial| trial.told(at));
        let (numbers, scores): (Vec<u64>, Vec<Score>) =
            told.filter_map(|told| Some((told.number, Score::of(&told.outcome)?))).unzip();
        best(&scores, top).into_iter().filter_map(|place| numbers.get(place).copied()).collect()
    }

    /// How many trials the trial of a number may know the end of.
    fn known_count(&self, number: u64) -> u64 {
        (number + 1).saturating_sub(self.config.lag)
    }

    /// Those that it may know, up to the first that is not over.
    fn known(&self, number: u64) -> &[Trial] {
        let count = usize::try_from(self.known_count(number)).unwrap_or(usize::MAX).min(self.trials.len());
        let known = self.trials.get(..count).unwrap_or_default();
        let over = known.iter().position(|trial| trial.over().is_none()).unwrap_or(count);
        known.get(..over).unwrap_or_default()
    }

    /// What the sampler goes by for the trial that is asked for next: what became of trials, what else is tried, and what
    /// the study is about.
    pub fn seen(&mut self) -> (&[Told], Vec<Point>, &Config) {
        let number = self.trials.len() as u64;
        let at = self.config.elites.map_or(0, |elites| number - number % elites.every.max(1));
        if self.told.is_empty() || self.told_at != at {
            self.told = self.config.warm.clone();
            self.told_at = at;
        }
        let made = self.told.len().saturating_sub(self.config.warm.len());
        let count = self.known(number).len();
        let fresh: Vec<Told> =
            self.trials.iter().take(count).skip(made).filter_map(|trial| trial.told(number)).collect();
        self.told.extend(fresh);
        let pending = self.trials.iter().skip(count).map(|trial| trial.point.clone()).collect();
        (&self.told, pending, &self.config)
    }

    /// Whether a trial that has this at a rung is given up.
    #[must_use]
    pub fn gives_up(&self, number: u64, rung: usize, score: &Score) -> bool {
        if rung + 1 >= self.config.rungs.len() {
            return false;
        }
        let others = self.known(number).iter().filter_map(|trial| trial.over()?.rungs.get(rung));
        self.config.pruner.gives_up(score, others)
    }

    /// Something is evaluated from now on.
    pub(crate) fn begin(&mut self, job: Job) {
        self.busy.insert(job);
    }

    /// Something is not evaluated any more: it is over, or left for later.
    pub(crate) fn end(&mut self, job: Job) {
        self.busy.remove(&job);
    }

    /// Puts a trial where its number says; the next one at the end.
    pub(crate) fn put(&mut self, trial: Trial) {
        match usize::try_from(trial.number).ok().and_then(|at| self.trials.get_mut(at)) {
            Some(place) => *place = trial,
            None => self.trials.push(trial),
        }
    }
}
