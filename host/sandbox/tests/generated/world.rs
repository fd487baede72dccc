//! A sandbox with an honest agent in it, and what is asked of every component that comes by.

use std::sync::Arc;

use greenroom_kit::guest;
use greenroom_model::{Budget, Decision, Fault, Feedback, History, Observation, State};
use greenroom_sandbox::{Capabilities, Component, Config, Instance, Sandbox, check_payload};

/// What a call gets.
pub(crate) const BUDGET: Budget = Budget {
    fuel: 200_000,
    deadline_ms: 10_000,
    memory_max: 4 << 20,
    lifted_bytes_max: 1 << 20,
    output_bytes_max: 1 << 18,
    ..Budget::DECIDE
};

/// Rows of the catalog.
pub(crate) const ROWS: u32 = 5_000;
/// Rows that a request asks for.
pub(crate) const LIMIT: u32 = 100;
/// Characters of a message that a person reads.
const MESSAGE_MAX: usize = 6_000;

const HONEST: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
        ;; One row at 2048, which is 0, and one score at 2052.
        (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))
        (i32.store (i32.const 1044) (i32.const 2052)) (i32.store (i32.const 1048) (i32.const 1))
        i32.const 1024))"#;

/// The sandbox.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    honest: Component,
    free: usize,
}

/// What became of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// It was not loaded.
    Refused,
    /// It was loaded, and none of its calls ended in a value.
    Faulty,
    /// A call ended in a value.
    Answered,
}

/// One line that a person reads.
#[track_caller]
pub(crate) fn readable(message: &str) {
    assert!(!message.is_empty(), "nothing is said");
    assert!(!message.chars().any(char::is_control), "control characters in {message:?}");
    assert!(message.chars().count() <= MESSAGE_MAX, "{} characters", message.chars().count());
}

impl World {
    pub(crate) fn new() -> Self {
        let sandbox = Config { pool_instances: 60, ..Config::default() }.build().unwrap();
        let honest = sandbox.load(&guest(HONEST)).unwrap();
        let free = sandbox.free_slots();
        Self { sandbox, honest, free }
    }

    /// Loads a component, asks it everything, and sees that nothing is left of it.
    pub(crate) async fn meet(&self, bytes: &[u8]) -> Met {
        let inspected = self.sandbox.inspect(bytes);
        let met = match self.sandbox.load(bytes) {
            Ok(component) => {
                assert!(inspected.is_ok(), "it is loaded though inspection refuses it");
                if self.ask(&component).await { Met::Answered } else { Met::Faulty }
            }
            Err(refused) => {
                readable(&refused.to_string());
                let unknown = inspected.is_ok() && refused.to_string().contains("disallowed");
                assert!(!unknown, "inspection knows more features than the engine: {refused}");
                inspected.err().iter().for_each(|refused| readable(&refused.to_string()));
                Met::Refused
            }
        };
        self.whole().await;
        met
    }

    /// Asks everything that a component exports. Whether there was an answer.
    async fn ask(&self, component: &Component) -> bool {
        let has = component.interfaces().clone();
        let mut instance = match component.instantiate(Capabilities::none("generated"), &BUDGET).await {
            Ok(instance) => instance,
            Err(fault) => {
                readable(&fault.to_string());
                return false;
            }
        };
        let mut answered = false;
        if has.lifecycle {
            answered |= told(instance.describe(&BUDGET).await).is_some();
            answered |= told(instance.configure(b"\x80", &BUDGET).await).is_some();
            let state = told(instance.snapshot(&BUDGET).await);
            let state = state.unwrap_or_else(|| State { schema: "s".to_owned(), bytes: vec![1; 64] });
            answered |= told(instance.restore(&state, &BUDGET).await).is_some();
        }
        if has.learner {
            let batch = Feedback { rows: vec![1, 2], ..Feedback::default() };
            answered |= told(instance.learn(&batch, &BUDGET).await).is_some();
            answered |= told(instance.fit(&BUDGET).await).is_some();
        }
        answered | decides(&mut instance).await
    }

    /// Every slot is free, and the next request to an honest agent is served.
    pub(crate) async fn whole(&self) {
        assert_eq!(self.sandbox.free_slots(), self.free, "slots are missing");
        let mut instance = self.honest.instantiate(Capabilities::none("honest"), &Budget::DECIDE).await.unwrap();
        let decision = instance.decide(&seen(), &Budget::DECIDE).await.unwrap();
        assert_eq!(decision.payload.candidates().unwrap().rows, [0]);
    }
}

/// What a call ended in: a value, or a fault in words.
pub(crate) fn told<T>(ended: Result<T, Fault>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(fault) => {
            readable(&fault.to_string());
            None
        }
    }
}

/// Has it decide. Whether what it decided obeys the rules.
pub(crate) async fn decides(instance: &mut Instance) -> bool {
    told(instance.decide(&seen(), &BUDGET).await).is_some_and(|decision| obeys(&decision))
}

fn obeys(decision: &Decision) -> bool {
    match check_payload(&decision.payload, decision.policy.as_ref(), LIMIT, ROWS) {
        Ok(()) => true,
        Err(violation) => {
            readable(&violation.to_string());
            false
        }
    }
}

fn seen() -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: LIMIT,
        surface: "".into(),
        session_id: None,
        segments: Arc::from(["new".to_owned()]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: Vec::new(),
    }
}
