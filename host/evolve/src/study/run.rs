//! Running a study: evaluations beside each other, and a controller that takes no part of their time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::trial::{Again, Cost, Measured, Over, Trial};
use super::{Asked, Config, End, Job, Study, StudyError, Writing};
use crate::sampler::Sampler;
use crate::{Failure, Outcome, Point, Score, child_seed};

/// How often who waits looks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Characters of a failure's reason that are kept: it may come from a guest.
const WHY_CHARS_MAX: usize = 500;

/// What is to be evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The number of the trial.
    pub number: u64,
    /// What is tried.
    pub point: &'a Point,
    /// The seed of this evaluation alone.
    pub seed: u64,
    /// The same for all trials of a round, so that what they share can be drawn alike for all: common random numbers.
    pub shared_seed: u64,
    /// 0 for a trial itself; for the best with fresh seeds, the number of the trial that comes after.
    pub round: u64,
    /// From 0.
    pub rung: usize,
    /// The share of subjects, above 0 and at most 1. Those of a lower rung are among those of a higher one.
    pub share: f64,
}

/// Why there is nothing measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmeasured {
    /// This trial has failed; the study goes on.
    Failed {
        /// What class of failure.
        failure: Failure,
        /// For a person.
        why: String,
        /// What it cost until then.
        cost: Cost,
    },
    /// It was not finished, since whoever evaluates is to stop. The study stops, and evaluates it when it goes on.
    Dropped,
}

/// Evaluates points. What it measures depends on the task alone.
pub trait Evaluator: Sync {
    /// Evaluates a point on a share of the subjects.
    ///
    /// # Errors
    /// [`Unmeasured`] says what became of it.
    fn evaluate(&self, task: &Task<'_>) -> Result<Measured, Unmeasured>;
}

/// What happens in a study: on the threads that evaluate, as it happens; of what is over on a thread of its own, once it
/// is durable.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Something is being evaluated.
    Begun(Job, &'a Trial),
    /// A trial has this at a rung that is not its last.
    Rung {
        /// Its number.
        number: u64,
        /// From 0.
        rung: usize,
        /// What it has.
        score: &'a Score,
    },
    /// Something is over, and that is durable.
    Over(Job, &'a Trial),
}

/// How a study is run.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Evaluations beside each other, 1 or more; more than the study's `lag` wait.
    pub parallel: usize,
    /// Once it is true nothing more is asked for. What is being evaluated is finished, or left for later between rungs.
    pub stop: &'a AtomicBool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Why.
    pub end: End,
    /// Time that the evaluator took, in all threads.
    pub evaluating: Duration,
    /// Time that threads which evaluate spent on asking and telling, and on waiting for each other there: not on
    /// evaluating, nor on waiting for trials to be over.
    pub controller: Duration,
}

impl Summary {
    /// The controller's time as a share of the evaluator's.
    #[must_use]
    pub fn overhead(&self) -> f64 {
        self.controller.as_secs_f64() / self.evaluating.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Runs a study until it ends or is stopped.
///
/// # Errors
/// [`StudyError`] when a record can't be written or the study was taken over; what was told before is kept.
pub fn run(
    study: &mut Study,
    sampler: &dyn Sampler,
    evaluator: &dyn Evaluator,
    options: Options<'_>,
    on_event: &(dyn Fn(&Event<'_>) + Sync),
) -> Result<Summary, StudyError> {
    let (config, lease) = (study.course().config().clone(), study.lease());
    lease.lock().beat()?;
    let every = Duration::from_millis(lease.lock().beat_every_ms());
    let progress = Progress { ended: None, evaluating: Duration::ZERO, controller: Duration::ZERO };
    let stop = options.stop;
    let runner = Runner {
        shared: Mutex::new((study, progress)),
        changed: Condvar::new(),
        config,
        sampler,
        evaluator,
        stop,
        on_event,
    };
    let (finished, waking) = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        let beating = scope.spawn(|| {
            let mut finished = finished.lock();
            while !*finished {
                if waking.wait_for(&mut finished, every).timed_out()
                    && let Err(error) = lease.lock().beat()
                {
                    runner.end(Err(error));
                    return;
                }
            }
        });
        let (told, telling) = channel();
        scope.spawn(|| runner.announce(telling));
        let work = |told: Sender<(Job, Writing)>| {
            let runner = &runner;
            scope.spawn(move || runner.work(&told))
        };
        let workers: Vec<_> = (0..options.parallel.max(1)).map(|_| work(told.clone())).collect();
        drop(told);
        let panicked = workers.into_iter().filter_map(|worker| worker.join().err()).last();
        *finished.lock() = true;
        waking.notify_all();
        drop(beating.join());
        if let Some(panicked) = panicked {
            resume_unwind(panicked);
        }
    });
    let (study, progress) = runner.shared.into_inner();
    let made = study.course().trials().iter().filter(|trial| trial.over().is_some()).count() as u64;
    let end = progress.ended.unwrap_or(Ok(End::Stopped { made }))?;
    Ok(Summary { end, evaluating: progress.evaluating, controller: progress.controller })
}

struct Progress {
    /// Nothing more is asked for.
    ended: Option<Result<End, StudyError>>,
    evaluating: Duration,
    controller: Duration,
}

struct Runner<'a> {
    shared: Mutex<(&'a mut Study, Progress)>,
    changed: Condvar,
    config: Config,
    sampler: &'a dyn Sampler,
    evaluator: &'a dyn Evaluator,
    stop: &'a AtomicBool,
    on_event: &'a (dyn Fn(&Event<'_>) + Sync),
}

/// What became of a job.
enum Done {
    Trial(Over),
    Again(Again),
    Left,
}

impl Runner<'_> {
    /// Tells of what is over once it is durable.
    fn announce(&self, telling: Receiver<(Job, Writing)>) {
        for (job, writing) in telling {
            match writing.wait() {
                Ok(()) => (self.on_event)(&Event::Over(job, writing.trial())),
                Err(error) => self.end(Err(error)),
            }
        }
    }

    fn work(&self, telling: &Sender<(Job, Writing)>) {
        while let Some((job, trial)) = self.ask() {
            (self.on_event)(&Event::Begun(job, &trial));
            let mut evaluating = Duration::ZERO;
            let done = match job {
                Job::Trial { .. } => self.climb(&trial, &mut evaluating),
                Job::Again { before, .. } => self.evaluate_again(before, &trial, &mut evaluating),
            };
            self.tell(job, done, evaluating, telling);
        }
    }

    /// What to do next; waits for it.
    fn ask(&self) -> Option<(Job, Trial)> {
        let mut began = Instant::now();
        let mut shared = self.shared.lock();
        loop {
            let (study, progress) = &mut *shared;
            if progress.ended.is_some() || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let asked = study.ask(self.sampler);
            progress.controller += began.elapsed();
            match asked {
                Ok(Asked::Do(job, trial)) => return Some((job, trial)),
                Ok(Asked::Wait) => {
                    self.changed.wait_for(&mut shared, LOOK);
                    began = Instant::now();
                }
                Ok(Asked::End(end)) => progress.ended = Some(Ok(end)),
                Err(error) => progress.ended = Some(Err(error)),
            }
        }
    }

    fn tell(&self, job: Job, done: Done, evaluating: Duration, telling: &Sender<(Job, Writing)>) {
        let (Job::Trial { number } | Job::Again { number, .. }) = job;
        let began = Instant::now();
        let mut shared = self.shared.lock();
        let (study, progress) = &mut *shared;
        let told = match done {
            Done::Trial(mut over) => {
                over.over_ms = study.now_ms();
                study.tell(number, over).map(Some)
            }
            Done::Again(again) => study.tell_again(number, again).map(Some),
            Done::Left => {
                study.leave(job);
                Ok(None)
            }
        };
        // In the order in which they are written. Nobody listens any more only when whoever did has panicked.
        let told = told.map(|writing| writing.map(|writing| drop(telling.send((job, writing)))));
        progress.evaluating += evaluating;
        progress.controller += began.elapsed();
        drop(shared);
        match told {
            Ok(Some(())) => (),
            Ok(None) => self.end_stopped(),
            Err(error) => self.end(Err(error)),
        }
        self.changed.notify_all();
    }

    fn end(&self, how: Result<End, StudyError>) {
        let ended = &mut self.shared.lock().1.ended;
        // An error says more than an end.
        if !matches!(ended, Some(Err(_))) {
            *ended = Some(how);
        }
        self.changed.notify_all();
    }

    fn end_stopped(&self) {
        let over = |study: &Study| study.course().trials().iter().filter(|trial| trial.over().is_some()).count();
        let made = over(self.shared.lock().0) as u64;
        self.end(Ok(End::Stopped { made }));
    }

    /// Whether nothing more is to be done, not even for a trial that is on its way.
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || matches!(self.shared.lock().1.ended, Some(Ok(End::Stopped { .. }) | Err(_)))
    }

    /// Evaluates a trial, rung by rung.
    fn climb(&self, trial: &Trial, evaluating: &mut Duration) -> Done {
        let number = trial.number;
        let mut over = Over {
            outcome: Outcome::Failed { failure: Failure::Host, why: "it has no rung".to_owned() },
            rungs: Vec::new(),
            cost: Cost::default(),
            inner: std::collections::BTreeMap::new(),
            again: Vec::new(),
            over_ms: 0,
        };
        for (rung, share) in self.config.rungs.iter().copied().enumerate() {
            if rung > 0 && self.stops() {
                return Done::Left;
            }
            let task = self.task(trial, trial.seed, 0, (rung, share));
            let (scored, cost) = match self.measure(&task, evaluating) {
                Ok((scored, measured)) => {
                    over.inner = measured.inner;
                    (scored, measured.cost)
                }
                Err(Unmeasured::Dropped) => return Done::Left,
                Err(Unmeasured::Failed { failure, why, cost }) => (Err((failure, why)), cost),
            };
            over.cost = over.cost.and(cost);
            let score = match scored {
                Ok(score) => score,
                Err((failure, why)) => {
                    over.outcome = Outcome::Failed { failure, why };
                    return Done::Trial(over);
                }
            };
            over.rungs.push(score.clone());
            let Score { values, violations } = score.clone();
            if rung + 1 == self.config.rungs.len() {
                over.outcome = Outcome::Complete { values, violations };
                break;
            }
            (self.on_event)(&Event::Rung { number, rung, score: &score });
            if self.gives_up(number, rung, &score) {
                over.outcome = Outcome::Pruned { rung: u32::try_from(rung).unwrap_or(u32::MAX), values };
                break;
            }
        }
        Done::Trial(over)
    }

    fn gives_up(&self, number: u64, rung: usize, score: &Score) -> bool {
        let began = Instant::now();
        let mut shared = self.shared.lock();
        let gives_up = shared.0.gives_up(number, rung, score);
        shared.1.controller += began.elapsed();
        gives_up
    }

    /// Evaluates one of the best on all subjects, with fresh seeds.
    fn evaluate_again(&self, before: u64, trial: &Trial, evaluating: &mut Duration) -> Done {
        let seed = child_seed(child_seed(self.config.seed, trial.number), before.saturating_add(1));
        let last = self.config.rungs.len().saturating_sub(1);
        let task = self.task(trial, seed, before, (last, 1.0));
        let (scored, cost) = match self.measure(&task, evaluating) {
            Ok((scored, measured)) => (scored, measured.cost),
            Err(Unmeasured::Dropped) => return Done::Left,
            Err(Unmeasured::Failed { failure, why, cost }) => (Err((failure, why)), cost),
        };
        let outcome = match scored {
            Ok(Score { values, violations }) => Outcome::Complete { values, violations },
            Err((failure, why)) => Outcome::Failed { failure, why },
        };
        Done::Again(Again { before, outcome, cost })
    }

    fn task<'t>(&self, trial: &'t Trial, seed: u64, round: u64, (rung, share): (usize, f64)) -> Task<'t> {
        let shared_seed = child_seed(child_seed(self.config.seed, u64::MAX), round);
        Task { number: trial.number, point: &trial.point, seed, shared_seed, round, rung, share }
    }

    /// Asks the evaluator. If it panics, that ends the trial alone.
    #[expect(clippy::type_complexity, reason = "a score or why there is none, beside what it cost")]
    fn measure(
        &self,
        task: &Task<'_>,
        evaluating: &mut Duration,
    ) -> Result<(Result<Score, (Failure, String)>, Measured), Unmeasured> {
        let began = Instant::now();
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.evaluator.evaluate(task)));
        *evaluating += began.elapsed();
        let evaluated = evaluated.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied().map(ToOwned::to_owned);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            let why = format!("the evaluator panicked: {text}");
            Err(Unmeasured::Failed { failure: Failure::Host, why, cost: Cost::default() })
        });
        match evaluated {
            Ok(measured) => Ok((self.config.score(&measured), measured)),
            Err(Unmeasured::Failed { failure, why, cost }) => {
                let why = why.chars().take(WHY_CHARS_MAX).collect();
                Err(Unmeasured::Failed { failure, why, cost })
            }
            Err(Unmeasured::Dropped) => Err(Unmeasured::Dropped),
        }
    }
}
