//! Counting, and telling.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::metric::Metric;
use crate::plan::{NodeSeries, PlanSeries};
use crate::series::{Series, encode_one};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Ok,
    /// With an answer, though a node failed.
    Degraded,
    /// Without an answer.
    Failed,
    /// It did not run: it was wrong, there was no room, or no plan is active.
    Refused,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Degraded, Self::Failed, Self::Refused];

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It serves.
    Activated,
    /// It does not: something is wrong with it.
    Refused,
    /// It serves again, instead of a later one.
    RolledBack,
}

/// Whether a node is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// It is.
    Closed,
    /// Some calls try whether it works again.
    HalfOpen,
    /// Its fallback is taken at once.
    Open,
}

/// What was looked for in a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookups {
    /// How often it was there.
    pub hits: u64,
    /// How often it was not.
    pub misses: u64,
}

/// Numbers that others keep, as they are when the text is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Places of the pool that are taken.
    pub instances_live: u64,
    /// Places that the pool has.
    pub instances_capacity: u64,
    /// Of the active plan; 0 when there is none.
    pub generation: u64,
    /// Compiled components; none without a cache.
    pub components: Option<Lookups>,
    /// Verdicts about components; none without a cache.
    pub verdicts: Option<Lookups>,
    /// Writes that wait for the store.
    pub writes_queued: u64,
}

/// All that a host counts. Cloning shares it.
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    requests: Series<Counter>,
    /// The series of `requests`, in the order of [`Outcome::ALL`].
    ended: [Counter; 4],
    request_seconds: Histogram,
    node_seconds: Series<Histogram>,
    pub(crate) faults: Series<Counter>,
    fuel: Series<Counter>,
    activations: Series<Counter>,
    refusals: Series<Counter>,
    roll_backs: Series<Counter>,
    breakers: Series<Gauge>,
    learner_runs: Series<Counter>,
    /// Milliseconds since 1970.
    learned_at: Series<Gauge>,
    feedback: Series<Counter>,
    started: SystemTime,
    /// Those that live, and maybe some that do no more.
    plans: Mutex<Vec<Weak<PlanSeries>>>,
}

/// From a tenth of a millisecond to 13 s, each twice the one before: a call of an agent takes tens of microseconds, a
/// request some milliseconds, and a deadline may be seconds.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 2.0, 18))
}

impl Default for Telemetry {
    fn default() -> Self {
        let counters = |metric| Series::new(metric, Counter::default);
        let requests = counters(Metric::Requests);
        let inner = Inner {
            ended: Outcome::ALL.map(|outcome| requests.of(&[outcome.name()])),
            requests,
            request_seconds: seconds(),
            node_seconds: Series::new(Metric::NodeSeconds, seconds),
            faults: counters(Metric::Faults),
            fuel: counters(Metric::Fuel),
            activations: counters(Metric::Activations),
            refusals: counters(Metric::Refusals),
            roll_backs: counters(Metric::RollBacks),
            breakers: Series::new(Metric::Breaker, Gauge::default),
            learner_runs: counters(Metric::LearnerRuns),
            learned_at: Series::new(Metric::ModelAge, Gauge::default),
            feedback: counters(Metric::Feedback),
            started: SystemTime::now(),
            plans: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }
}

impl Telemetry {
    /// The series of a plan that is to serve, by its nodes and their agents in the plan's order. They are told until the
    /// last handle of it is dropped, and go on where those of an earlier plan with the same names are.
    #[must_use]
    pub fn plan<'n>(&self, nodes: impl IntoIterator<Item = (&'n str, &'n str)>) -> Arc<PlanSeries> {
        let inner = &self.inner;
        // Held until the plan is among those that live: its series are not forgotten before.
        let mut plans = inner.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = nodes.into_iter().map(|(name, agent)| NodeSeries {
            name: name.into(),
            agent: agent.into(),
            seconds: inner.node_seconds.of(&[name]),
            fuel: inner.fuel.of(&[agent]),
        });
        let plan = Arc::new(PlanSeries { of: Arc::clone(inner), nodes: nodes.collect() });
        plans.push(Arc::downgrade(&plan));
        inner.retain(&mut plans);
        plan
    }

    /// Counts a request, and how long it took unless it was refused.
    pub fn request(&self, outcome: Outcome, took: Duration) {
        let [ok, degraded, failed, refused] = &self.inner.ended;
        let counter = match outcome {
            Outcome::Ok => ok,
            Outcome::Degraded => degraded,
            Outcome::Failed => failed,
            Outcome::Refused => refused,
        };
        counter.inc();
        if outcome != Outcome::Refused {
            self.inner.request_seconds.observe(took.as_secs_f64());
        }
    }

    /// Counts a change of what serves, or an attempt. `reason` is one of few words.
    pub fn change(&self, change: Change, reason: &'static str) {
        let counter = match change {
            Change::Activated => &self.inner.activations,
            Change::Refused => &self.inner.refusals,
            Change::RolledBack => &self.inner.roll_backs,
        };
        counter.of(&[reason]).inc();
    }

    /// Says whether a node of a plan that lives is called.
    pub fn breaker(&self, node: &str, state: Breaker) {
        let state = match state {
            Breaker::Closed => 0,
            Breaker::HalfOpen => 1,
            Breaker::Open => 2,
        };
        self.inner.breakers.of(&[node]).set(state);
    }

    /// Counts that an agent of a plan that lives learned, or failed to.
    pub fn learner_run(&self, agent: &str, ok: bool) {
        self.inner.learner_runs.of(&[agent, if ok { "ok" } else { "failed" }]).inc();
    }

    /// Says when the state was learned with which an agent of a plan that lives serves.
    pub fn model(&self, agent: &str, learned_at: SystemTime) {
        self.inner.learned_at.of(&[agent]).set(ms(learned_at));
    }

    /// Counts events that were told, by what became of them: one of few words.
    pub fn feedback(&self, outcome: &'static str, events: u64) {
        self.inner.feedback.of(&[outcome]).inc_by(events);
    }

    /// Forgets the series of nodes and agents that no plan has any more. Done by itself whenever a plan comes or the text
    /// is made.
    pub fn retain(&self) {
        self.inner.retain(&mut self.inner.plans.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn text(&self, reading: &Reading) -> String {
        self.retain();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Told { inner: Arc::clone(&self.inner), reading: *reading }));
        let mut text = String::new();
        match prometheus_text::encode(&mut text, &registry) {
            Ok(()) => text,
            // Writing to a string does not fail.
            Err(fmt::Error) => String::new(),
        }
    }
}

impl Inner {
    fn retain(&self, plans: &mut Vec<Weak<PlanSeries>>) {
        plans.retain(|plan| plan.strong_count() > 0);
        let live: Vec<Arc<PlanSeries>> = plans.iter().filter_map(Weak::upgrade).collect();
        let nodes = || live.iter().flat_map(|plan| &plan.nodes);
        let (nodes, agents): (HashSet<&str>, HashSet<&str>) = nodes().map(|node| (&*node.name, &*node.agent)).unzip();
        self.node_seconds.retain("node", |node| nodes.contains(node));
        self.faults.retain("node", |node| nodes.contains(node));
        self.breakers.retain("node", |node| nodes.contains(node));
        self.fuel.retain("agent", |agent| agents.contains(agent));
        self.learner_runs.retain("agent", |agent| agents.contains(agent));
        self.learned_at.retain("agent", |agent| agents.contains(agent));
    }
}

/// What one text says.
struct Told {
    inner: Arc<Inner>,
    reading: Reading,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("reading", &self.reading).finish_non_exhaustive()
    }
}

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        Metric::ALL.iter().try_for_each(|metric| self.metric(*metric, &mut encoder))
    }
}

impl Told {
    fn metric(&self, metric: Metric, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Self { inner, reading } = self;
        match metric {
            Metric::Requests => inner.requests.encode(encoder),
            Metric::RequestSeconds => encode_one(metric, &inner.request_seconds, encoder),
            Metric::NodeSeconds => inner.node_seconds.encode(encoder),
            Metric::Faults => inner.faults.encode(encoder),
            Metric::Fuel => inner.fuel.encode(encoder),
            Metric::InstancesLive => encode_one(metric, &ConstGauge::new(reading.instances_live), encoder),
            Metric::InstancesCapacity => encode_one(metric, &ConstGauge::new(reading.instances_capacity), encoder),
            Metric::Generation => encode_one(metric, &ConstGauge::new(reading.generation), encoder),
            Metric::Activations => inner.activations.encode(encoder),
            Metric::Refusals => inner.refusals.encode(encoder),
            Metric::RollBacks => inner.roll_backs.encode(encoder),
            Metric::Breaker => inner.breakers.encode(encoder),
            Metric::LearnerRuns => inner.learner_runs.encode(encoder),
            Metric::ModelAge => {
                let now = ms(SystemTime::now());
                inner.learned_at.encode_as(encoder, |at| ConstGauge::new(in_seconds((now - at.get()).max(0))))
            }
            Metric::CacheLookups => self.lookups().encode_as(encoder, |found| ConstCounter::new(found.get())),
            Metric::Feedback => inner.feedback.encode(encoder),
            Metric::WritesQueued => encode_one(metric, &ConstGauge::new(reading.writes_queued), encoder),
            Metric::StartTime => encode_one(metric, &ConstGauge::new(in_seconds(ms(inner.started))), encoder),
        }
    }

    fn lookups(&self) -> Series<Counter> {
        let series = Series::new(Metric::CacheLookups, Counter::default);
        for (cache, lookups) in [("component", self.reading.components), ("verdict", self.reading.verdicts)] {
            if let Some(Lookups { hits, misses }) = lookups {
                series.of(&[cache, "hit"]).inc_by(hits);
                series.of(&[cache, "miss"]).inc_by(misses);
            }
        }
        series
    }
}

/// Milliseconds since 1970.
fn ms(time: SystemTime) -> i64 {
    i64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of some thousand years are exact")]
fn in_seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
