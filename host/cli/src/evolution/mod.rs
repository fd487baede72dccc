//! Evolution of a graph: two levels of search that alternate, what is chosen on data that the search has not used, and what is
//! proven on data that nothing was chosen on.

mod broken;
pub(crate) mod candidate;
pub(crate) mod case;
mod chosen;
mod course;
mod evidence;
mod kept;
pub(crate) mod known;
pub(crate) mod outside;
pub(crate) mod page;
mod past;
mod reward;
mod turn;

pub(crate) use candidate::{Level, Maker, Scope};
pub(crate) use chosen::{Arms, Of, judged, proven, terms};
pub(crate) use evidence::evidence;
pub(crate) use kept::{Candidate, Evolution, Round};
pub(crate) use outside::Outside;
pub(crate) use past::Past;
pub(crate) use reward::{Replay, Reward};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenroom_evolve::knowledge::{self, Change};
use greenroom_evolve::sampler::{self, Sampler};
use greenroom_evolve::study::{
    Budget, Config, Cost, Data, Direction, Elites, End, Holder, Options, Record, Study, Summary, Trial, run,
};
use greenroom_evolve::{Front, Member, Outcome, Pruner, Told, Yardstick, child_seed};
use greenroom_memory::KeyValue;
use greenroom_model::Digest;
use greenroom_model::text::shown;
use greenroom_runtime::Arena;

use crate::exit::Failure;
use crate::study_progress::StudyProgress;
use crate::table::large;
use course::{Base, Course, gain};
use past::Hopeless;
use turn::{InnerAim, Turn};

/// Growing shares of the subjects that a trial is evaluated on.
const RUNGS: [f64; 2] = [1.0 / 3.0, 1.0];
/// Others that a trial is compared with before any is given up.
const OTHERS_MIN: usize = 8;
/// How many trials a level is given at a time, when levels alternate.
const ROUND: u64 = 20;
/// A level is saturated when its last round gained less than this share of the objective.
const GAIN_MIN: f64 = 0.002;
/// How many turns there are at least, when levels alternate: small gains of one level leave the other its trials.
const TURNS: u64 = 3;

/// How an evolution is run.
pub(crate) struct Plan<'a> {
    pub(crate) name: &'a str,
    pub(crate) seed: u64,
    pub(crate) trials: u64,
    pub(crate) most: Most,
    /// What studies call their sampler.
    pub(crate) sampler: &'a str,
    /// The command of one that is another program, and how long it may take to answer.
    pub(crate) command: Option<(&'a str, Duration)>,
    pub(crate) levels: &'a [Level],
    /// Whether agents are searched by their inner rewards where they have one.
    pub(crate) inner: bool,
    pub(crate) parallel: usize,
    /// Whether it begins with what is known from before.
    pub(crate) warm: bool,
    pub(crate) data: Data,
}

/// What trials may take in all, where that is said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) fuel: Option<u64>,
    /// Microseconds.
    pub(crate) time_us: Option<u64>,
}

impl Most {
    /// What is left, once some is spent.
    fn left(self, spent: Cost) -> Self {
        Self {
            fuel: self.fuel.map(|fuel| fuel.saturating_sub(spent.fuel)),
            time_us: self.time_us.map(|time| time.saturating_sub(spent.time_us)),
        }
    }

    /// What of it is spent, if anything.
    fn is_over(self, spent: Cost) -> Option<String> {
        let Self { fuel, time_us } = self.left(spent);
        let fuel = fuel.filter(|left| *left == 0).and(self.fuel);
        let time = time_us.filter(|left| *left == 0).and(self.time_us);
        let seconds = |us: u64| us as f64 / 1e6;
        match (fuel, time) {
            (Some(all), _) => {
                Some(format!("all fuel is spent ({} of {})", large(spent.fuel as f64), large(all as f64)))
            }
            (_, Some(all)) => {
                Some(format!("all time is spent ({:.1} s of {:.1} s)", seconds(spent.time_us), seconds(all)))
            }
            (None, None) => None,
        }
    }
}

/// Who runs it.
pub(crate) struct Search<'a> {
    pub(crate) maker: &'a Maker,
    pub(crate) arena: &'a Arena,
    pub(crate) reward: &'a Reward,
    pub(crate) kv: Arc<dyn KeyValue>,
    pub(crate) past: &'a Past,
    pub(crate) stop: &'a AtomicBool,
}

/// A graph that was found, with what the search saw of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) text: String,
    /// Of the first objective. Larger is better.
    pub(crate) value: f64,
    /// One an objective, likewise.
    pub(crate) values: Vec<f64>,
    /// Inner rewards, by node and metric.
    pub(crate) inner: BTreeMap<String, f64>,
    pub(crate) round: String,
    pub(crate) number: u64,
    /// What tells it from the graph that its round began with.
    pub(crate) changes: Vec<Change>,
    /// The plan of that graph.
    pub(crate) parent: Digest,
}

/// What a search came to.
pub(crate) struct Searched {
    pub(crate) evolution: Evolution,
    /// The best first; the graph that it began with is not among them. With several objectives, those that no other beats.
    pub(crate) found: Vec<Found>,
    /// What later rounds began with.
    pub(crate) bases: Vec<Found>,
    /// What is known of each trial now.
    pub(crate) records: Vec<knowledge::Record>,
    /// Whether it was stopped before its end.
    pub(crate) stopped: bool,
    pub(crate) took: Took,
}

/// What this run took, without what was there from an earlier one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Took {
    /// Evaluations, those beside each other added up.
    pub(crate) evaluating: Duration,
    /// Saying what is tried, and writing down what came of it.
    pub(crate) controller: Duration,
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or_default()
}

impl Search<'_> {
    /// Searches until the trials are spent, or no level gains any more, or it is stopped. Killed, and run again with the same
    /// arguments, it goes on.
    pub(crate) fn run(&self, plan: &Plan<'_>) -> Result<Searched, Failure> {
        let origin = &self.maker.origin().source.text;
        let (origin_base, fault) = self.origin(plan, 1.0)?;
        let (values, inner) = (origin_base.values.clone(), origin_base.inner.clone());
        let mut rungs = RUNGS.to_vec();
        // A segment may have nobody among the first subjects: then nothing can be said before all are asked.
        if self.reward.segmented() && self.origin(plan, RUNGS[0]).is_err() {
            rungs = vec![1.0];
        }
        let yardstick = Yardstick::of(&values);
        let baseline = values.first().copied().unwrap_or_default();
        let mut course = Course {
            evolution: Evolution::new(plan, baseline, inner, origin),
            best: yardstick.worth([values.as_slice()]),
            yardstick,
            origin: values.clone(),
            base: origin_base,
            all: Vec::new(),
            bases: Vec::new(),
            records: Vec::new(),
            spent: 0,
            cost: Cost::default(),
            stopped: false,
            took: Took::default(),
            rungs,
        };
        course.evolution.notes.extend(fault);
        for (agent, given) in &self.maker.origin().given {
            course.evolution.notes.push(format!(
                "agent `{agent}` has the state of {}, which may have learned what is asked here: a proof holds as far as it has \
                 not",
                given.path
            ));
        }
        let mut saturated = 0;
        let mut at = plan.levels.first().copied().unwrap_or(Level::Individual);
        while !course.is_over(plan) && saturated < plan.levels.len() {
            let (mut gains, mut any) = (false, false);
            for turn in turn::turns(self.maker, &course.base.text, at, plan.inner)? {
                if !course.is_over(plan)
                    && let Some(gained) = self.round(plan, &turn, &mut course)?
                {
                    (gains, any) = (gains || gained, true);
                }
            }
            if !any {
                course.evolution.note(at, "there is nothing to change at this level");
            }
            saturated = if gains { 0 } else { saturated + 1 };
            at = next(plan, at);
        }
        Ok(self.searched(course, &values, origin))
    }

    /// The graph as it is, with what it has on a share of the subjects, and what there is to say of how it answers.
    fn origin(&self, plan: &Plan<'_>, share: f64) -> Result<(Base, Option<String>), Failure> {
        let scored = self.arena.score(self.maker.origin(), share, 0)?;
        let measured = self.reward.measured(&scored);
        let score = self
            .config(plan, "baseline", None, &RUNGS)?
            .score(&measured)
            .map_err(|(_, why)| Failure::failed(format!("the graph as it is cannot be evaluated: {why}")))?;
        let violations = score.violations.into_iter().map(|violation| violation.max(0.0)).collect();
        let text = self.maker.origin().source.text.clone();
        let (degraded, questions) = (scored.degraded, scored.questions);
        let fault = scored.fault.filter(|_| degraded > 0).map(|fault| {
            format!(
                "the graph as it is answers {degraded} of {questions} requests degraded, or not at all, so that little is better; \
                 the first fault: {}",
                shown(&fault.to_string())
            )
        });
        Ok((Base { text, values: score.values, violations, inner: measured.inner }, fault))
    }

    /// One study, and whether the outer reward gained by it. None when there is nothing to change, or no inner reward to go by.
    fn round(&self, plan: &Plan<'_>, turn: &Turn, course: &mut Course) -> Result<Option<bool>, Failure> {
        let scope = turn.scope(self.maker, &course.base.text)?;
        for left_out in scope.iter().flat_map(|scope| &scope.left_out) {
            course.evolution.note(turn.level, &format!("not searched: {left_out}"));
        }
        let Some(scope) = scope.filter(|scope| !scope.space.dimensions().is_empty()) else { return Ok(None) };
        let Some(now) = turn.goes_by(&course.base.inner, &course.base.values) else { return Ok(None) };
        let name = format!("{}.{}-{}", plan.name, course.evolution.rounds.len() + 1, turn.level.name());
        let loaded = self.maker.load(&course.base.text).map_err(Failure::failed)?;
        let (parent, whose) = (loaded.digest(), known::whose(&loaded, turn.level));
        let mut round = Round::new(&name, turn);
        let mut config = self.config(plan, &name, Some(&scope), &course.rungs)?;
        config.seed = child_seed(plan.seed, course.evolution.rounds.len() as u64);
        config.objectives = turn.objectives(config.objectives);
        // What is known to be good by an inner reward is nothing to go on with; of several objectives none is the best.
        let better_than = match (&turn.by, now.first()) {
            (Some(_), _) => f64::INFINITY,
            (None, Some(now)) if config.objectives.len() == 1 => *now,
            _ => f64::NEG_INFINITY,
        };
        let hints = self.past.hints(self.maker, &scope, &whose, &config, (parent, better_than))?;
        (round.known, round.foreign) = (hints.told.len(), hints.foreign);
        let hopeless = self.past.hopeless(&whose);
        let violations = course.base.violations.clone();
        let outcome = Outcome::Complete { values: now.clone(), violations };
        config.warm = vec![Told { number: 0, point: scope.now.clone(), outcome }];
        config.warm.extend(hints.told);
        // What is known to be better need not be found again, and is no gain of this round.
        course.all.extend(hints.better);
        course.weigh();
        let at_first = course.best;
        let by_first = now.first().copied().unwrap_or_default();
        let mut by = by_first;
        // The same study goes on with more trials as long as they gain by what it goes by. One level alone has nothing to give way
        // to: a new study would know less than this one.
        let (at_a_time, most) = match plan.levels.len() > 1 || plan.inner {
            true => (ROUND, plan.trials.div_ceil(TURNS).max(ROUND)),
            false => (plan.trials, plan.trials),
        };
        let cost_before = course.cost;
        let end = loop {
            let (before, by_before) = (course.best, by);
            let budget = (round.trials + at_a_time).min(round.trials + plan.trials - course.spent).min(most);
            let Most { fuel, time_us } = plan.most.left(cost_before);
            config.budget = Budget { trials: budget, fuel, time_us };
            let baseline = turn.by.as_ref().map_or(course.evolution.baseline, |aim| aim.oriented(by_first));
            let (mut trials, summary) =
                self.study(plan, (&scope, &hopeless), turn.by.as_ref(), config.clone(), baseline)?;
            course.took.evaluating += summary.evaluating;
            course.took.controller += summary.controller;
            // One that goes on has later ones already, which must not have a say before their turn; and one that was
            // stopped may have left some for later.
            trials.retain(|trial| trial.number < budget && trial.over().is_some());
            course.spent += trials.len() as u64 - round.trials.min(trials.len() as u64);
            round.trials = trials.len() as u64;
            course.cost = trials.iter().fold(cost_before, |cost, trial| cost.and(trial.cost(u64::MAX)));
            course.all.retain(|found| found.round != name);
            course.all.extend(self.found(&scope, turn, &name, parent, &trials));
            course.weigh();
            by = course.best_by(turn, &name).fold(by, f64::max);
            course.stopped = matches!(summary.end, End::Stopped { .. });
            let gains = match &turn.by {
                Some(_) => by > by_before && by - by_before >= GAIN_MIN * by_before.abs(),
                None => course.best - before >= course.yardstick.step(before, GAIN_MIN),
            };
            let why = match plan.most.is_over(course.cost) {
                _ if course.stopped => "stopped".to_owned(),
                Some(spent) => spent,
                None if course.spent >= plan.trials => "all trials are spent".to_owned(),
                None if !gains => "the last of them gained too little".to_owned(),
                None if round.trials >= most => "its share of the trials is spent".to_owned(),
                None => continue,
            };
            course.records.extend(known::trials(self.maker, &scope, (whose, parent), &config, &trials)?);
            break why;
        };
        round.best = course.best;
        let several = course.origin.len() > 1;
        let gained = gain(&round, turn, (by_first, by), (at_first, course.best), several);
        round.reason = format!("{gained}; {end}");
        course.hold_back(turn, &name);
        course.promote();
        course.evolution.rounds.push(round);
        Ok(Some(course.best - at_first >= course.yardstick.step(at_first, GAIN_MIN)))
    }

    /// All that was found in the order in which it is judged; with several objectives the front alone, without what the graph
    /// as it is beats.
    fn searched(&self, course: Course, values: &[f64], origin: &str) -> Searched {
        let Course { mut evolution, yardstick, mut all, bases, records, best, stopped, took, .. } = course;
        all.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.round.cmp(&b.round)).then(a.number.cmp(&b.number)));
        let mut seen = std::collections::HashSet::from([origin.to_owned()]);
        all.retain(|found| seen.insert(found.text.clone()));
        let objectives = self.reward.objectives();
        if objectives.len() > 1 {
            let points: Vec<&[f64]> = std::iter::once(values).chain(all.iter().map(|f| f.values.as_slice())).collect();
            let places = yardstick.front(&points);
            let front: Vec<Found> =
                places.into_iter().filter_map(|place| all.get(place.checked_sub(1)?)).cloned().collect();
            let own = |values: &[f64]| {
                let each = values.iter().zip(&objectives);
                each.map(|(value, of)| if of.direction == Direction::Maximise { *value } else { -value }).collect()
            };
            let member = |found: &Found| Member {
                study: found.round.clone(),
                trial: found.number,
                values: own(&found.values),
                changes: found.changes.clone(),
            };
            evolution.front = Some(Front {
                origin: own(values),
                reference: own(&yardstick.reference()),
                hypervolume: best,
                hypervolume_origin: yardstick.worth([values]),
                members: front.iter().map(member).collect(),
                objectives,
            });
            all = front;
        }
        Searched { evolution, found: all, bases, records, stopped, took }
    }

    fn config(&self, plan: &Plan<'_>, name: &str, scope: Option<&Scope>, rungs: &[f64]) -> Result<Config, Failure> {
        let prunes = rungs.len() > 1;
        Ok(Config {
            name: name.to_owned(),
            seed: plan.seed,
            space: scope.map(|scope| scope.space.clone()).unwrap_or_default(),
            objectives: self.reward.objectives(),
            constraints: self.reward.constraints(),
            sampler: plan.sampler.to_owned(),
            lag: plan.parallel.max(1) as u64,
            budget: Budget { trials: plan.trials, fuel: None, time_us: None },
            rungs: rungs.to_vec(),
            pruner: if prunes { Pruner::Median { others_min: OTHERS_MIN } } else { Pruner::Never },
            // All graphs are asked the same requests with the same seeds, and one that draws nothing answers them alike
            // however often it is asked: evaluating the best anew would cost trials and change no value.
            elites: None::<Elites>,
            warm: Vec::new(),
            data: plan.data.clone(),
        })
    }

    fn study(
        &self,
        plan: &Plan<'_>,
        (scope, hopeless): (&Scope, &Hopeless),
        by: Option<&InnerAim>,
        mut config: Config,
        baseline: f64,
    ) -> Result<(Vec<Trial>, Summary), Failure> {
        // What a study was given is written down with it, and it goes on with that.
        let begun = Record::config(Arc::clone(&self.kv), &config.name).map_err(|e| Failure::failed(e.to_string()))?;
        if let Some(begun) = begun {
            config.warm = begun.warm;
        }
        let sampler: Box<dyn Sampler> = match plan.command {
            Some((command, limit)) => Box::new(Outside::new(command, limit, &config).map_err(Failure::arguments)?),
            None => sampler::named(plan.sampler, config.seed).ok_or_else(|| {
                Failure::arguments(format!("no sampler {:?}; there are {}", plan.sampler, sampler::NAMES.join(", ")))
            })?,
        };
        let mut study = Study::open(Arc::clone(&self.kv), config, &Holder::this_process(true))
            .map_err(|error| Failure::failed(error.to_string()))?;
        let progress = StudyProgress::new(study.course().config(), study.course().trials(), Some(baseline));
        let replay = Replay { maker: self.maker, scope, arena: self.arena, reward: self.reward, hopeless, by };
        let options = Options { parallel: plan.parallel, stop: self.stop };
        let mut summary = run(&mut study, sampler.as_ref(), &replay, options, &|event| progress.see(event))
            .map_err(|error| Failure::failed(error.to_string()))?;
        progress.finish();
        let trials = study.course().trials().to_vec();
        if self.stop.load(Ordering::Relaxed) {
            summary.end = End::Stopped { made: trials.len() as u64 };
        }
        Ok((trials, summary))
    }

    /// The trials of a study that keep to the constraints, by the outer reward whatever the study went by.
    fn found(&self, scope: &Scope, turn: &Turn, round: &str, parent: Digest, trials: &[Trial]) -> Vec<Found> {
        let keeps = |trial: &Trial| {
            let Outcome::Complete { values, violations } = trial.told(u64::MAX)?.outcome else { return None };
            let kept = violations.iter().all(|violation| *violation <= 0.0);
            let text = scope.text(&trial.point).ok()?;
            let mut inner = trial.over()?.inner.clone();
            let values = if turn.by.is_some() { self.reward.outer(&mut inner)? } else { values };
            let (value, round) = (values.first().copied()?, round.to_owned());
            let changes = scope.changes(&trial.point);
            kept.then_some(Found { text, value, values, inner, round, number: trial.number, changes, parent })
        };
        trials.iter().filter_map(keeps).collect()
    }
}

/// Which level comes next.
fn next(plan: &Plan<'_>, at: Level) -> Level {
    if plan.levels.len() > 1 { at.other() } else { at }
}
