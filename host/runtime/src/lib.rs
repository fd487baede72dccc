//! The runtime: plans that serve, requests that run through them, agents that learn.
//!
//! [`load`] reads a graph, [`train`] has its agents learn, [`ActivePlan`] answers requests, [`Host`] puts it all over a
//! store and keeps it running.

mod active;
mod admit;
mod agent;
mod breaker;
mod cores;
mod evaluate;
pub mod evaluation;
mod examples;
mod execute;
mod given;
mod guests;
mod host;
mod load;
mod memory;
mod past;
mod plans;
mod rate;
mod replay;
mod request;
mod revoked;
mod rollout;
mod state_file;
mod states;
mod train;
mod trial;
mod watch;

pub use active::{ActivePlan, PrepareError, StatesByAgent};
pub use admit::{Admission, Verdict, admit};
pub use agent::{Agent, ParamsError, Source};
pub use breaker::Circuit;
pub use evaluate::{
    Arena, Bench, EvaluateError, Evaluated, InnerReward, Score, evaluate, evaluate_with, more_is_better,
};
pub use execute::Outputs;
pub use given::{Given, GivenError, try_given};
pub use greenroom_events as events;
pub use greenroom_model::{Ask, LIMIT_MAX, Told};
pub use greenroom_telemetry as telemetry;
pub use guests::{Gone, Guests};
pub use host::{
    Activated, AskError, AskMistake, Cadence, Change, Config, Differences, EVOLUTION, FeedbackError, FeedbackMistake,
    Host, HostError, ImportError, Imported, Item, KeepError, Learned, Limits, Part, Probation, Proposal, REPLAYS,
    Refused, Reply, Retention, StateChange, SweepError, Swept, Took, sweep_evolution,
};
pub use load::{Admitted, Components, GraphText, LoadGraphError, Loaded, Offered, load, load_from};
pub use memory::{Layer, declared, keep_facts};
pub use past::Past;
pub use plans::{Basis, Content, Gate, HistoryError, LearnedRecord, PlanRecord, RefusedRecord, Tally};
pub use replay::{Ended, Recording, ReplayError, Replays, Rerun, forget_recordings, rerun};
pub use request::{Answer, Answered, Degraded, Request, Trace};
pub use revoked::{Revocations, Revoked, RevokedError};
pub use state_file::{StateFileError, sealed, unsealed};
pub use states::{States, Training};
pub use train::{Lessons, Overspent, Progress, Quiet, TrainError, Trained, Trainer};
pub use trial::{Outcome, Step, Trial, trial};
pub use watch::{Found, SETTLE_MIN, Watch, WatchError};
