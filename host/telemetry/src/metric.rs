//! Which metrics there are. There are no others.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows while the process lives.
    Counter,
    /// A number as it is now.
    Gauge,
    /// How often something took how long.
    Histogram,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! metrics {
    ($($variant:ident = $kind:ident $name:literal [$($label:literal),*] $unit:literal $help:literal;)+) => {
        /// A metric.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Metric {
            $(#[doc = $help] $variant,)+
        }

        impl Metric {
            /// All of them, in the order in which they are told.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it is.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// The names of its labels, in the order of their values.
            #[must_use]
            pub fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($label),*],)+ }
            }

            /// What is counted or measured.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// What it says, in a sentence.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

metrics! {
    Requests = Counter "greenroom_requests_total" ["outcome"] "requests"
        "Requests by how they ended: ok, degraded, failed, refused.";
    RequestSeconds = Histogram "greenroom_request_duration_seconds" [] "seconds"
        "How long requests took that were not refused.";
    NodeSeconds = Histogram "greenroom_node_duration_seconds" ["node"] "seconds"
        "How long a node took, with what it waited for an instance and for its rate.";
    Faults = Counter "greenroom_faults_total" ["node", "source", "kind"] "faults"
        "Calls of a node that failed, by whose fault it was and of which kind.";
    Fuel = Counter "greenroom_fuel_total" ["agent"] "units of fuel"
        "What an agent used while it served, preparing its instances included.";
    InstancesLive = Gauge "greenroom_instances_live" [] "places"
        "Places of the pool that live instances take.";
    InstancesCapacity = Gauge "greenroom_instances_capacity" [] "places"
        "Places that the pool has.";
    Generation = Gauge "greenroom_generation" [] "generations"
        "The generation of the plan that serves; 0 when none does.";
    Activations = Counter "greenroom_activations_total" ["reason"] "activations"
        "Plans that began to serve, by why they were made.";
    Refusals = Counter "greenroom_refusals_total" ["reason"] "plans"
        "Plans that were refused before they served, by why.";
    RollBacks = Counter "greenroom_rollbacks_total" ["reason"] "roll-backs"
        "Returns to an earlier plan, by why.";
    Breaker = Gauge "greenroom_breaker_state" ["node"] "state"
        "Whether a node is called: 0 closed (it is), 1 half open (it is tried), 2 open (its fallback is taken at once).";
    LearnerRuns = Counter "greenroom_learner_runs_total" ["agent", "outcome"] "runs"
        "How often an agent learned, by how that ended: ok, failed.";
    ModelAge = Gauge "greenroom_model_age_seconds" ["agent"] "seconds"
        "How long ago the state that an agent serves with was learned.";
    CacheLookups = Counter "greenroom_cache_lookups_total" ["cache", "result"] "lookups"
        "What was looked for in the cache folder: a component or a verdict about one; a hit was there, a miss was made.";
    Feedback = Counter "greenroom_feedback_events_total" ["outcome"] "events"
        "Events that were told, by what became of them.";
    WritesQueued = Gauge "greenroom_writes_queued" [] "writes"
        "Writes that wait for the store: decisions, events and what agents keep.";
    StartTime = Gauge "process_start_time_seconds" [] "seconds since 1970"
        "When the process began to host.";
}
