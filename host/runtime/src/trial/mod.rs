//! A trial in quarantine: what a component does when nobody depends on it.
//!
//! It reaches nothing, is granted nothing, and every call has a budget. It has to describe itself in a way that makes
//! sense, to take the points of its own decision space, to learn from a little feedback and take back what it learned,
//! to go on from there when it says that it does, and to answer a handful of observations by the rules, the same each time.

mod described;
mod golden;
mod onward;
mod points;

use std::fmt;
use std::time::{Duration, Instant};

use greenroom_model::{
    Budget, Call, Decision, Descriptor, Digest, Fault, FaultKind, Observation, PayloadKind, State, Usage,
};
use greenroom_sandbox::{Capabilities, Component, Instance, check_payload};
use serde::{Deserialize, Serialize};

/// Changes with what a trial asks, so that verdicts of another one are not taken for its own.
pub(crate) const TRIAL: u32 = 4;

/// What all of it may take. A trial of an agent in Rust takes some tens of milliseconds.
const WALL: Duration = Duration::from_secs(60);

/// For each batch of feedback, and for what is made of all. The feedback of a trial is 1,000 events: a thousandth of what
/// agents learn from in seconds.
const LEARN: Budget = Budget { fuel: 20_000_000_000, deadline_ms: 20_000, memory_max: 512 << 20, ..Budget::PREPARE };

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// Well.
    Passed,
    /// Not well, and why.
    Failed(String),
    /// It was not asked, and why.
    Skipped(String),
}

/// A step of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was asked.
    pub name: String,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What its calls used, those that set instances up among them.
    pub usage: Usage,
}

/// What was asked, and why it went wrong where it did.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Passed => f.write_str(&self.name),
            Outcome::Failed(why) | Outcome::Skipped(why) => write!(f, "{}: {why}", self.name),
        }
    }
}

/// What a component did in its trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// In the order in which they were taken.
    pub steps: Vec<Step>,
    /// What it says of itself.
    pub descriptor: Option<Descriptor>,
}

impl Trial {
    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The steps that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| matches!(step.outcome, Outcome::Failed(_)))
    }

    /// Why it failed, each reason once.
    #[must_use]
    pub fn told(&self) -> String {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for step in self.failures() {
            let Outcome::Failed(why) = &step.outcome else { continue };
            match reasons.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, steps)) => steps.push(&step.name),
                None => reasons.push((why, vec![&step.name])),
            }
        }
        let told = reasons.into_iter().map(|(why, steps)| match steps.as_slice() {
            [first, others @ ..] if !others.is_empty() => format!("{first}, and {} more: {why}", others.len()),
            steps => format!("{}: {why}", steps.concat()),
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

/// Tries a component. Blocks no thread, but takes up to a minute for one that uses up its budgets.
pub async fn trial(component: &Component) -> Trial {
    let mut steps = Steps { component, began: Instant::now(), steps: Vec::new(), used: Usage::default() };
    let (descriptor, described) = steps.describe().await;
    let seed = component.digest().head();
    let points = descriptor.as_ref().map(|descriptor| points::of(descriptor, seed)).unwrap_or_default();
    let usual = points.first().map(points::Point::encoded);
    steps.configure(&points, described).await;
    let state = steps.learn(descriptor.as_ref(), usual.as_deref()).await;
    steps.onward(descriptor.as_ref(), &points, state.is_some()).await;
    steps.decide(descriptor.as_ref(), usual.as_deref(), state.as_ref()).await;
    Trial { steps: steps.steps, descriptor }
}

struct Steps<'a> {
    component: &'a Component,
    began: Instant,
    steps: Vec<Step>,
    /// Since the latest step.
    used: Usage,
}

impl Steps<'_> {
    fn end(&mut self, name: impl Into<String>, outcome: Outcome) {
        self.steps.push(Step { name: name.into(), outcome, usage: std::mem::take(&mut self.used) });
    }

    fn skip(&mut self, name: &str, why: impl Into<String>) {
        self.end(name, Outcome::Skipped(why.into()));
    }

    fn judge(&mut self, name: impl Into<String>, done: Result<(), String>) {
        self.end(name, done.map_or_else(Outcome::Failed, |()| Outcome::Passed));
    }

    /// A budget, of which no more time is left than of the whole trial.
    fn left(&self, budget: Budget) -> Budget {
        let left = u64::try_from(WALL.saturating_sub(self.began.elapsed()).as_millis()).unwrap_or(u64::MAX);
        Budget { deadline_ms: budget.deadline_ms.min(left).max(1), ..budget }
    }

    async fn fresh(&self) -> Result<Instance, Fault> {
        self.component.instantiate(Capabilities::none("trial"), &self.left(Budget::PREPARE)).await
    }

    /// An instance that is configured and restored.
    async fn ready(&mut self, params: Option<&[u8]>, state: Option<&State>) -> Result<Instance, Fault> {
        let instance = self.fresh().await?;
        self.prepared(instance, params, state).await
    }

    async fn prepared(
        &mut self,
        mut instance: Instance,
        params: Option<&[u8]>,
        state: Option<&State>,
    ) -> Result<Instance, Fault> {
        let budget = self.left(Budget::PREPARE);
        if let Some(params) = params {
            let done = instance.configure(params, &budget).await;
            self.used += instance.usage();
            done?;
        }
        if let Some(state) = state {
            let done = instance.restore(state, &budget).await;
            self.used += instance.usage();
            done?;
        }
        Ok(instance)
    }

    /// What it says of itself, and the instance that said so.
    async fn describe(&mut self) -> (Option<Descriptor>, Option<Instance>) {
        if !self.component.interfaces().lifecycle {
            self.skip(Call::Describe.name(), "it does not export `lifecycle`");
            return (None, None);
        }
        let described = match self.fresh().await {
            Ok(mut instance) => {
                let described = instance.describe(&self.left(Budget::PREPARE)).await;
                self.used += instance.usage();
                described.map(|descriptor| (descriptor, instance))
            }
            Err(fault) => Err(fault),
        };
        let (descriptor, instance) = match described {
            Ok(described) => described,
            Err(fault) => {
                self.judge(Call::Describe.name(), Err(fault.to_string()));
                return (None, None);
            }
        };
        let mistakes = described::mistakes(&descriptor);
        let sound = if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("; ")) };
        // What makes no sense is not searched for points, and not asked for more.
        let descriptor = sound.is_ok().then_some(descriptor);
        self.judge(Call::Describe.name(), sound);
        (descriptor, Some(instance))
    }

    /// The first point is taken by the instance that was described, which may be configured still.
    async fn configure(&mut self, points: &[points::Point], mut described: Option<Instance>) {
        if points.is_empty() {
            self.skip(Call::Configure.name(), "its decision space is not known");
            return;
        }
        // An agent may know of points that make no sense together; of the defaults, and of every other one, it may not. At
        // some it may lack what a trial does not grant.
        let (mut refused, mut lacking) = (Vec::new(), Vec::new());
        let mut done = Ok(());
        for (place, point) in points.iter().enumerate() {
            let params = point.encoded();
            let configured = match described.take() {
                Some(instance) => self.prepared(instance, Some(&params), None).await,
                None => self.ready(Some(&params), None).await,
            };
            match configured {
                Err(fault) if fault.kind == FaultKind::InvalidParameters && place > 0 => {
                    refused.push(format!("at {point}: {fault}"));
                }
                Err(fault) if fault.kind == FaultKind::Unavailable => lacking.push(format!("at {point}: {fault}")),
                Err(fault) => {
                    done = Err(format!("at {point}: {fault}"));
                    break;
                }
                Ok(_) => {}
            }
        }
        if done.is_ok() && !refused.is_empty() && refused.len() + lacking.len() == points.len() - 1 {
            done = Err(refused.swap_remove(0));
        }
        let mut name = format!("configure at {} points of its decision space", points.len());
        if !refused.is_empty() {
            name.push_str(&format!(", of which it refused {}", refused.len()));
        }
        if lacking.len() == points.len() {
            return self.end(name, Outcome::Skipped(lacking.swap_remove(0)));
        }
        if !lacking.is_empty() {
            name.push_str(&format!(", of which {} need what is not granted here", lacking.len()));
        }
        self.judge(name, done);
    }

    async fn learn(&mut self, descriptor: Option<&Descriptor>, usual: Option<&[u8]>) -> Option<State> {
        let (Some(descriptor), true) = (descriptor, self.component.interfaces().learner) else {
            let why = if descriptor.is_none() { "it is not described" } else { "it does not export `learner`" };
            self.skip("learn and take back what was learned", why);
            return None;
        };
        let learned = self.learned(descriptor, usual).await;
        let (outcome, state) = match learned {
            Ok(state) => (Outcome::Passed, Some(state)),
            Err(Stopped::Fault(fault)) => (outcome_of(&fault), None),
            Err(Stopped::Wrong(why)) => (Outcome::Failed(why), None),
        };
        self.end("learn and take back what was learned", outcome);
        state
    }

    async fn learned(&mut self, descriptor: &Descriptor, usual: Option<&[u8]>) -> Result<State, Stopped> {
        let mut instance = self.ready(usual, None).await?;
        self.tell(&mut instance, &golden::feedback(descriptor)).await?;
        let state = self.fitted(&mut instance).await?;
        // Its place in the pool is for the next one.
        drop(instance);
        if state.schema != descriptor.snapshot_schema {
            return Err(Stopped::Wrong(format!(
                "its state is of the schema `{}`, where it describes `{}`",
                state.schema, descriptor.snapshot_schema
            )));
        }
        self.ready(usual, Some(&state)).await?;
        Ok(state)
    }

    async fn decide(&mut self, descriptor: Option<&Descriptor>, usual: Option<&[u8]>, state: Option<&State>) {
        if !self.component.interfaces().policy {
            self.skip(Call::Decide.name(), "it does not export `policy`");
            return;
        }
        if descriptor.is_none() && self.component.interfaces().lifecycle {
            self.skip(Call::Decide.name(), "it is not described");
            return;
        }
        let mut answered = 0;
        let mut unavailable = 0;
        let output = descriptor.map(|d| d.output);
        let observations = golden::observations(descriptor);
        // An instance takes longer to make than a decision, most of the time.
        let one = self.in_a_row(&observations, output, usual, state).await;
        let other = self.in_a_row(observations.get(..one.len()).unwrap_or_default(), output, usual, state).await;
        for (place, (name, seen)) in observations.iter().enumerate() {
            let decided = match (one.get(place), other.get(place)) {
                (Some((one, used)), Some((other, also))) if one == other => {
                    self.used += used;
                    self.used += also;
                    Ok(())
                }
                _ => self.twice(seen, output, usual, state).await,
            };
            let outcome = match decided {
                Ok(()) => Outcome::Passed,
                Err(Stopped::Fault(fault)) => outcome_of(&fault),
                Err(Stopped::Wrong(why)) => Outcome::Failed(why),
            };
            answered += u32::from(outcome == Outcome::Passed);
            unavailable += u32::from(matches!(outcome, Outcome::Skipped(_)));
            self.end(format!("decide: {name}"), outcome);
        }
        if answered == 0 && unavailable == 0 {
            self.judge("decide at all", Err("no observation was answered".to_owned()));
        }
    }

    /// Decides on one after the other in an instance, as far as that goes: an agent may not be made for more than one.
    async fn in_a_row(
        &mut self,
        observations: &[(&str, Observation)],
        output: Option<PayloadKind>,
        usual: Option<&[u8]>,
        state: Option<&State>,
    ) -> Vec<(Vec<u8>, Usage)> {
        let mut decided = Vec::new();
        if let Ok(mut instance) = self.ready(usual, state).await {
            for (_, seen) in observations {
                let Ok(decision) = self.once(&mut instance, seen, output).await else { break };
                decided.push((decision, std::mem::take(&mut self.used)));
            }
        }
        self.used = Usage::default();
        decided
    }

    /// Decides in two new instances, by the rules and the same in both.
    async fn twice(
        &mut self,
        seen: &Observation,
        output: Option<PayloadKind>,
        usual: Option<&[u8]>,
        state: Option<&State>,
    ) -> Result<(), Stopped> {
        let mut decided = Vec::new();
        for _ in 0..2 {
            let mut instance = self.ready(usual, state).await?;
            decided.push(self.once(&mut instance, seen, output).await?);
        }
        if decided.first() != decided.last() {
            return Err(Stopped::Wrong("two instances decided differently on the same observation".to_owned()));
        }
        Ok(())
    }

    /// What is decided, encoded, if it is by the rules.
    async fn once(
        &mut self,
        instance: &mut Instance,
        seen: &Observation,
        output: Option<PayloadKind>,
    ) -> Result<Vec<u8>, Stopped> {
        let decided = instance.decide(seen, &self.left(Budget::DECIDE)).await;
        self.used += instance.usage();
        let decision: Decision = decided?;
        let wrong = |why: &dyn fmt::Display| Stopped::Wrong(why.to_string());
        check_payload(&decision.payload, decision.policy.as_ref(), seen.limit, golden::ROWS).map_err(|e| wrong(&e))?;
        let kind = decision.payload.kind();
        if let Some(output) = output.filter(|output| *output != kind) {
            return Err(wrong(&format!("returned {}, where it describes {}", kind.name(), output.name())));
        }
        rmp_serde::to_vec(&decision).map_err(|e| wrong(&e))
    }
}

/// Why a step stopped.
enum Stopped {
    Fault(Fault),
    Wrong(String),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An agent may say that it lacks something that a trial does not grant. Whatever else ends a call is its failure.
fn outcome_of(fault: &Fault) -> Outcome {
    match fault.kind {
        FaultKind::Unavailable => Outcome::Skipped(fault.to_string()),
        _ => Outcome::Failed(fault.to_string()),
    }
}

/// What a verdict is about, beside the component: a trial that asks something else is another trial.
pub(crate) fn asked() -> Digest {
    Digest::of_parts([env!("CARGO_PKG_VERSION").as_bytes(), &TRIAL.to_le_bytes()])
}
