//! Evolution of a graph: two levels of search that alternate, what is chosen on data that the search has not used, and what is
//! proven on data that nothing was chosen on.

mod broken;
pub(crate) mod candidate;
pub(crate) mod case;
mod chosen;
mod evidence;
mod kept;
pub(crate) mod known;
pub(crate) mod outside;
pub(crate) mod page;
mod past;
mod reward;

pub(crate) use candidate::{Level, Maker, Scope};
pub(crate) use chosen::{judged, proven, terms};
pub(crate) use evidence::evidence;
pub(crate) use kept::{Candidate, Evolution, Round};
pub(crate) use outside::Outside;
pub(crate) use past::Past;
pub(crate) use reward::{Replay, Reward};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenroom_evolve::knowledge::{self, Change};
use greenroom_evolve::sampler::{self, Sampler};
use greenroom_evolve::study::{Budget, Config, Data, Elites, End, Holder, Options, Record, Study, Trial, run};
use greenroom_evolve::{Outcome, Pruner, Told, child_seed};
use greenroom_memory::KeyValue;
use greenroom_model::Digest;
use greenroom_model::text::shown;
use greenroom_runtime::Arena;

use crate::exit::Failure;
use crate::study_progress::StudyProgress;
use past::Hopeless;

/// Growing shares of the subjects that a trial is evaluated on.
const RUNGS: [f64; 2] = [1.0 / 3.0, 1.0];
/// Others that a trial is compared with before any is given up.
const OTHERS_MIN: usize = 8;
/// How many trials a level is given at a time, when levels alternate.
const ROUND: u64 = 20;
/// A level is saturated when its last round gained less than this share of the objective.
const GAIN_MIN: f64 = 0.002;

/// How an evolution is run.
pub(crate) struct Plan<'a> {
    pub(crate) name: &'a str,
    pub(crate) seed: u64,
    pub(crate) trials: u64,
    /// What studies call their sampler.
    pub(crate) sampler: &'a str,
    /// The command of one that is another program, and how long it may take to answer.
    pub(crate) command: Option<(&'a str, Duration)>,
    pub(crate) levels: &'a [Level],
    pub(crate) parallel: usize,
    /// Whether it begins with what is known from before.
    pub(crate) warm: bool,
    pub(crate) data: Data,
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
    /// Larger is better.
    pub(crate) value: f64,
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
    /// The best first; the graph that it began with is not among them.
    pub(crate) found: Vec<Found>,
    /// What later rounds began with.
    pub(crate) bases: Vec<Found>,
    /// What is known of each trial now.
    pub(crate) records: Vec<knowledge::Record>,
    /// Whether it was stopped before its end.
    pub(crate) stopped: bool,
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
        let scored = self.arena.score(self.maker.origin(), 1.0, 0)?;
        let baseline = self.reward.measured(&scored);
        let baseline = Config { objectives: self.reward.objectives(), ..self.config(plan, "baseline", None)? }
            .score(&baseline)
            .map_err(|(_, why)| Failure::failed(format!("the graph as it is cannot be evaluated: {why}")))?;
        let baseline = baseline.values.first().copied().unwrap_or_default();
        let mut evolution = Evolution::new(plan, baseline, origin);
        if let Some(fault) = scored.fault.filter(|_| scored.degraded > 0) {
            let (degraded, questions) = (scored.degraded, scored.questions);
            evolution.notes.push(format!(
                "the graph as it is answers {degraded} of {questions} requests degraded, or not at all, so that little is better; \
                 the first fault: {}",
                shown(&fault.to_string())
            ));
        }
        for (agent, given) in &self.maker.origin().given {
            evolution.notes.push(format!(
                "agent `{agent}` has the state of {}, which may have learned what is asked here: a proof holds as far as it has \
                 not",
                given.path
            ));
        }
        let (mut text, mut best) = (origin.clone(), evolution.baseline);
        let (mut all, mut bases): (Vec<Found>, Vec<Found>) = (Vec::new(), Vec::new());
        let mut records = Vec::new();
        let (mut spent, mut saturated) = (0, 0);
        let mut at = plan.levels.first().copied().unwrap_or(Level::Individual);
        let mut stopped = false;
        while spent < plan.trials && saturated < plan.levels.len() && !stopped {
            let scope = Scope::of(self.maker, &text, at)?;
            for left_out in scope.iter().flat_map(|scope| &scope.left_out) {
                evolution.note(at, &format!("not searched: {left_out}"));
            }
            let Some(scope) = scope.filter(|scope| !scope.space.dimensions().is_empty()) else {
                evolution.note(at, "there is nothing to change at this level");
                saturated += 1;
                at = next(plan, at);
                continue;
            };
            let name = format!("{}.{}-{}", plan.name, evolution.rounds.len() + 1, at.name());
            let began = best;
            let loaded = self.maker.load(&text).map_err(Failure::failed)?;
            let (parent, whose) = (loaded.digest(), known::whose(&loaded, at));
            let mut round = Round::new(&name, at);
            let hints = self.past.hints(
                self.maker,
                &scope,
                &whose,
                &self.config(plan, &name, Some(&scope))?,
                (parent, began),
            )?;
            (round.known, round.foreign) = (hints.told.len(), hints.foreign);
            let hopeless = self.past.hopeless(&whose);
            // What is known to be better need not be found again, and is no gain of this round.
            best = hints.better.iter().map(|found| found.value).fold(best, f64::max);
            all.extend(hints.better);
            let at_first = best;
            // The same study goes on with more trials as long as they gain. One level alone has nothing to give way to: a new
            // study would know less than this one.
            let at_a_time = if plan.levels.len() > 1 { ROUND } else { plan.trials };
            loop {
                let before = best;
                let budget = (round.trials + at_a_time).min(round.trials + plan.trials - spent);
                let mut config = self.config(plan, &name, Some(&scope))?;
                config.seed = child_seed(plan.seed, evolution.rounds.len() as u64);
                config.budget = Budget { trials: budget, fuel: None, time_us: None };
                config.warm = vec![Told {
                    number: 0,
                    point: scope.now.clone(),
                    outcome: Outcome::Complete { values: vec![began], violations: vec![0.0; config.constraints.len()] },
                }];
                config.warm.extend(hints.told.iter().cloned());
                let asked = config.clone();
                let (mut trials, end) = self.study(plan, (&scope, &hopeless), config, evolution.baseline)?;
                // One that goes on has later ones already, which must not have a say before their turn; and one that was
                // stopped may have left some for later.
                trials.retain(|trial| trial.number < budget && trial.over().is_some());
                spent += trials.len() as u64 - round.trials.min(trials.len() as u64);
                round.trials = trials.len() as u64;
                all.retain(|found| found.round != name);
                all.extend(found(&scope, &name, parent, &trials));
                let round_best = all.iter().filter(|found| found.round == name).map(|found| found.value);
                best = round_best.fold(best, f64::max);
                stopped = matches!(end, End::Stopped { .. });
                if stopped || spent >= plan.trials || best - before < GAIN_MIN * before.abs() {
                    records.extend(known::trials(self.maker, &scope, (whose, parent), &asked, &trials)?);
                    break;
                }
            }
            round.best = best;
            let gained = best - at_first;
            round.reason = format!("{} trials gained {gained:.5} ({at_first:.5} to {best:.5})", round.trials);
            saturated = if gained < GAIN_MIN * at_first.abs() { saturated + 1 } else { 0 };
            if let Some(better) =
                all.iter().filter(|found| found.value > began).max_by(|a, b| a.value.total_cmp(&b.value))
            {
                text.clone_from(&better.text);
                bases.push(better.clone());
            }
            evolution.rounds.push(round);
            at = next(plan, at);
        }
        all.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.round.cmp(&b.round)).then(a.number.cmp(&b.number)));
        let mut seen = std::collections::HashSet::from([origin.clone()]);
        all.retain(|found| seen.insert(found.text.clone()));
        Ok(Searched { evolution, found: all, bases, records, stopped })
    }

    fn config(&self, plan: &Plan<'_>, name: &str, scope: Option<&Scope>) -> Result<Config, Failure> {
        Ok(Config {
            name: name.to_owned(),
            seed: plan.seed,
            space: scope.map(|scope| scope.space.clone()).unwrap_or_default(),
            objectives: self.reward.objectives(),
            constraints: self.reward.constraints(),
            sampler: plan.sampler.to_owned(),
            lag: plan.parallel.max(1) as u64,
            budget: Budget { trials: plan.trials, fuel: None, time_us: None },
            rungs: RUNGS.to_vec(),
            pruner: Pruner::Median { others_min: OTHERS_MIN },
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
        mut config: Config,
        baseline: f64,
    ) -> Result<(Vec<Trial>, End), Failure> {
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
        let replay = Replay { maker: self.maker, scope, arena: self.arena, reward: self.reward, hopeless };
        let options = Options { parallel: plan.parallel, stop: self.stop };
        let summary = run(&mut study, sampler.as_ref(), &replay, options, &|event| progress.see(event))
            .map_err(|error| Failure::failed(error.to_string()))?;
        progress.finish();
        let trials = study.course().trials().to_vec();
        let stopped = self.stop.load(Ordering::Relaxed);
        let made = trials.len() as u64;
        Ok((trials, if stopped { End::Stopped { made } } else { summary.end }))
    }
}

/// Which level comes next.
fn next(plan: &Plan<'_>, at: Level) -> Level {
    if plan.levels.len() > 1 { at.other() } else { at }
}

/// The trials of a study that keep to the constraints.
fn found(scope: &Scope, round: &str, parent: Digest, trials: &[Trial]) -> Vec<Found> {
    let keeps = |trial: &Trial| {
        let Outcome::Complete { values, violations } = trial.told(u64::MAX)?.outcome else { return None };
        let kept = violations.iter().all(|violation| *violation <= 0.0);
        let text = scope.text(&trial.point).ok()?;
        let (value, round) = (values.first().copied()?, round.to_owned());
        let changes = scope.changes(&trial.point);
        kept.then_some(Found { text, value, round, number: trial.number, changes, parent })
    };
    trials.iter().filter_map(keeps).collect()
}
