//! Studies: what is asked for, what came of it, and all of it written down.
//!
//! A trial is written down when it is asked for and when it is over, each with one swap. What is asked for follows from the
//! study and the trials before, so that a study that was killed at any point goes on as if it had not been: trials that
//! are over are over, those that ran are run again with the same number, seed and point. Nothing waits for a disk but who
//! wants to know that something is durable, since the store keeps the order of writes: whatever is durable of a trial,
//! all that it was asked for by is too.

mod config;
mod course;
mod error;
mod lease;
mod run;
mod stored;
mod trial;

use std::sync::Arc;

use greenroom_memory::KeyValue;
use parking_lot::Mutex;

pub use config::{Bound, Budget, Config, Constraint, Data, Direction, Elites, Objective};
pub use course::{Course, End, Job, Next};
pub use error::StudyError;
pub use lease::{Clock, Holder, Lease};
pub use run::{Evaluator, Event, Options, Summary, Task, Unmeasured, run};
pub use stored::Record;
pub(crate) use stored::SPACE;
pub use trial::{Again, Cost, Measured, Over, State, Trial};

use crate::records::{Queued, RecordError, Records};
use crate::sampler::{Sampler, Seen};
use crate::{Draws, Score, child_seed};

/// What a study asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Evaluate this trial.
    Do(Job, Trial),
    /// Nothing before something that is being evaluated is over.
    Wait,
    /// Nothing more.
    End(End),
}

/// A study that this process runs.
pub struct Study {
    records: Records,
    holder: Holder,
    lease: Arc<Mutex<Lease>>,
    epoch: u64,
    course: Course,
    /// Of the trials, by number; the latest may be on their way.
    revisions: Vec<Queued>,
}

/// What a study was told, on its way to the store. What was told first is durable first.
#[must_use = "it is durable only once that was waited for"]
pub struct Writing {
    trial: Trial,
    queued: Queued,
    epoch: u64,
}

impl Writing {
    /// The trial as it is by now.
    #[must_use]
    pub fn trial(&self) -> &Trial {
        &self.trial
    }

    /// Until it is durable.
    ///
    /// # Errors
    /// [`StudyError::Lost`] when somebody else runs the study by now, or it can't be written.
    pub fn wait(&self) -> Result<(), StudyError> {
        self.queued.wait().map(drop).map_err(|error| lost_by(error, self.epoch))
    }
}

/// Where the randomness of what a study tries as the trial of a number comes from.
#[must_use]
pub fn draws(seed: u64, number: u64) -> Draws {
    Draws::new(child_seed(child_seed(seed, number), 0))
}

/// Nobody else writes the records of a study that this process holds the lease of.
fn lost_by(error: RecordError, epoch: u64) -> StudyError {
    match error {
        RecordError::Conflict { .. } => StudyError::Lost { epoch },
        error => error.into(),
    }
}

impl Study {
    /// Begins a study, or goes on with it: with the budget that it is given now, and otherwise as it was begun.
    ///
    /// # Errors
    /// [`StudyError`] when it can't be run, is run by another, or was begun on other data or in another way.
    pub fn open(kv: Arc<dyn KeyValue>, config: Config, holder: &Holder) -> Result<Self, StudyError> {
        let mistakes = config.mistakes();
        if !mistakes.is_empty() {
            return Err(StudyError::Config { study: config.name, mistakes });
        }
        let records = Records::new(kv, SPACE);
        let lease = Lease::take(&records, &config.name, holder)?;
        match stored::config(&records, &config.name)? {
            None => stored::write_config(&records, &config, None)?,
            Some((begun, revision)) => {
                begun.expect_same(&config)?;
                if begun != config {
                    stored::write_config(&records, &config, Some(revision))?;
                }
            }
        }
        let epoch = lease.epoch();
        let (mut trials, mut revisions) = (Vec::new(), Vec::new());
        for (mut trial, mut revision) in stored::trials(&records, &config.name)? {
            if let State::Running { epoch: begun } = &mut trial.state {
                // From now on whoever began it can't tell what became of it.
                *begun = epoch;
                revision = records.swap(&stored::trial_key(&config.name, trial.number), Some(revision), &trial)?;
            }
            trials.push(trial);
            revisions.push(Queued::done(revision));
        }
        let course = Course::new(config, trials);
        Ok(Self { records, holder: holder.clone(), lease: Arc::new(Mutex::new(lease)), epoch, course, revisions })
    }

    /// What it is about, and its trials.
    #[must_use]
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// What comes next. That a trial is asked for is written down, and not waited for: if it is lost by a kill, the same
    /// trial is asked for again.
    ///
    /// # Errors
    /// When the sampler is not the study's own, or the trial can't be written down.
    pub fn ask(&mut self, sampler: &dyn Sampler) -> Result<Asked, StudyError> {
        let job = match self.course.next() {
            Next::Wait => return Ok(Asked::Wait),
            Next::End(end) => return Ok(Asked::End(end)),
            Next::Do(job) => job,
        };
        let (Job::Trial { number } | Job::Again { number, .. }) = job;
        let trial = match self.course.trial(number) {
            Some(trial) => trial.clone(),
            None => self.begin(number, sampler)?,
        };
        self.course.begin(job);
        Ok(Asked::Do(job, trial))
    }

    fn begin(&mut self, number: u64, sampler: &dyn Sampler) -> Result<Trial, StudyError> {
        let (told, pending, config) = self.course.seen();
        if sampler.name() != config.sampler {
            let (study, its, found) = (config.name.clone(), config.sampler.clone(), sampler.name().to_owned());
            return Err(StudyError::OtherSampler { study, its, found });
        }
        let of_trial = child_seed(config.seed, number);
        let seen = Seen { told, pending: &pending, objectives: config.objectives.len() };
        let point = sampler.try_suggest(&config.space, seen, number, &mut draws(config.seed, number));
        let no_point = |why| StudyError::NoPoint { study: config.name.clone(), number, why };
        let point = point.map_err(no_point)?;
        let wrong = config.space.check(&point);
        if !wrong.is_empty() {
            let why =
                format!("its sampler `{}` suggested what is not of its space: {}", sampler.name(), wrong.join("; "));
            return Err(no_point(why));
        }
        let state = State::Running { epoch: self.epoch };
        let trial = Trial { number, seed: child_seed(of_trial, 1), point, state };
        let queued = self.records.queue(&stored::trial_key(&config.name, number), None, &trial)?;
        self.revisions.push(queued);
        self.course.put(trial.clone());
        Ok(trial)
    }

    /// Says what became of a trial.
    ///
    /// # Errors
    /// [`StudyError::Lost`] when somebody else runs the study by now, or it can't be written.
    pub fn tell(&mut self, number: u64, over: Over) -> Result<Writing, StudyError> {
        self.change(Job::Trial { number }, number, |trial| trial.state = State::Over(over))
    }

    /// Says what became of one of the best with fresh seeds.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub fn tell_again(&mut self, number: u64, again: Again) -> Result<Writing, StudyError> {
        let job = Job::Again { before: again.before, number };
        self.change(job, number, |trial| {
            if let State::Over(over) = &mut trial.state {
                over.again.push(again);
            }
        })
    }

    fn change(&mut self, job: Job, number: u64, change: impl FnOnce(&mut Trial)) -> Result<Writing, StudyError> {
        let study = &self.course.config().name;
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let (Some(trial), Some(before)) = (self.course.trial(number), self.revisions.get(at)) else {
            let what = format!("trial {number} was told of, and never asked for");
            return Err(StudyError::Damaged { study: study.clone(), what });
        };
        let (mut trial, key) = (trial.clone(), stored::trial_key(study, number));
        let revision = match before.wait() {
            Err(RecordError::Conflict { .. }) if trial.over().is_none() => self.adopt(&key, &trial)?,
            revision => revision.map_err(|error| self.lost_by(error))?,
        };
        change(&mut trial);
        let queued = self.records.queue(&key, Some(revision), &trial)?;
        if let Some(place) = self.revisions.get_mut(at) {
            *place = queued.clone();
        }
        self.course.put(trial.clone());
        self.course.end(job);
        Ok(Writing { trial, queued, epoch: self.epoch })
    }

    /// Takes over a trial that whoever held the lease before asked for after this process read the trials. It is the same
    /// trial, since what is asked for follows from those before it, so what it came to here counts.
    fn adopt(&self, key: &str, ours: &Trial) -> Result<u64, StudyError> {
        let found = self.records.get::<Trial>(key)?;
        let same = found.filter(|(trial, _)| (&trial.point, trial.seed) == (&ours.point, ours.seed));
        let earlier = same.filter(|(trial, _)| match trial.state {
            State::Running { epoch } => epoch < self.epoch,
            State::Over(_) => true,
        });
        earlier.map(|(_, revision)| revision).ok_or(StudyError::Lost { epoch: self.epoch })
    }

    /// Leaves something for later: it is asked for again.
    pub fn leave(&mut self, job: Job) {
        self.course.end(job);
    }

    /// Whether a trial that has this at a rung is given up.
    #[must_use]
    pub fn gives_up(&self, number: u64, rung: usize, score: &Score) -> bool {
        self.course.gives_up(number, rung, score)
    }

    /// The right to run it, to be kept fresh by [`Lease::beat`] while it is run.
    #[must_use]
    pub fn lease(&self) -> Arc<Mutex<Lease>> {
        Arc::clone(&self.lease)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.holder.now_ms()
    }

    fn lost_by(&self, error: RecordError) -> StudyError {
        lost_by(error, self.epoch)
    }
}

impl Config {
    /// Whether a study that was begun with this can go on with `now`: all but the budget is the same.
    fn expect_same(&self, now: &Self) -> Result<(), StudyError> {
        let study = self.name.clone();
        if self.data != now.data {
            let (its, found) = (Box::new(self.data.clone()), Box::new(now.data.clone()));
            return Err(StudyError::OtherData { study, its, found });
        }
        let same = [
            ("seed", self.seed == now.seed),
            ("space", self.space == now.space),
            ("objectives", self.objectives == now.objectives),
            ("constraints", self.constraints == now.constraints),
            ("sampler", self.sampler == now.sampler),
            ("lag", self.lag == now.lag),
            ("rungs", self.rungs == now.rungs),
            ("pruner", self.pruner == now.pruner),
            ("elites", self.elites == now.elites),
            ("warm starts", self.warm == now.warm),
        ];
        let differ: Vec<&str> = same.into_iter().filter_map(|(what, same)| (!same).then_some(what)).collect();
        if differ.is_empty() { Ok(()) } else { Err(StudyError::OtherConfig { study, differ }) }
    }
}
