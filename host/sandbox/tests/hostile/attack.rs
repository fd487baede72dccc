//! How an attack is made: the guests of the suite in one sandbox, beside an honest one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_kit::guest;
use greenroom_model::{
    Budget, Call, Decision, Fault, FaultSource, Feedback, Grant, History, Observation, State, Usage,
};
use greenroom_sandbox::{Capabilities, Component, Config, LoadError, Sandbox, check_payload};
use wasmparser::{Parser, Payload};

use crate::memory::Spaces;
use crate::suite::{Held, Row, Run};

/// What an attack gets, unless its row says otherwise.
pub(crate) const BUDGET: Budget = Budget {
    fuel: 20_000_000,
    deadline_ms: 5_000,
    memory_max: 16 << 20,
    host_calls_max: 10_000,
    host_bytes_max: 8 << 20,
    ..Budget::DECIDE
};

/// Core instances of the pool.
const POOL: u32 = 60;
/// Rows of the catalog.
const ROWS: u32 = 5_000;
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

/// The folder of the guests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/hostile")
}

/// The component in a file of the folder.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.wat"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if !text.contains("\n(component") {
        return guest(&text);
    }
    let bytes = wat::parse_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    if is_whole(&bytes) { bytes } else { with(guest(HONEST), &bytes) }
}

/// The payloads of a component itself, without those of what is nested in it.
fn outermost(bytes: &[u8]) -> impl Iterator<Item = Payload<'_>> {
    let mut depth = 0_usize;
    Parser::new(0).parse_all(bytes).flatten().filter(move |payload| {
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
        depth == 1
    })
}

fn is_whole(bytes: &[u8]) -> bool {
    outermost(bytes)
        .any(|payload| matches!(payload, Payload::ComponentImportSection(_) | Payload::ComponentExportSection(_)))
}

/// An agent that makes an instance of a component inside of it: what imports and exports nothing is no agent.
fn with(agent: Vec<u8>, inside: &[u8]) -> Vec<u8> {
    let before = outermost(&agent).filter(|payload| matches!(payload, Payload::ComponentSection { .. })).count();
    let index = leb(before);
    // A section with the component, and one with an instance of it that gets no arguments.
    let instance = [&[1, 0], index.as_slice(), &[0]].concat();
    [&agent[..], &[4], &leb(inside.len()), inside, &[5], &leb(instance.len()), &instance].concat()
}

fn leb(mut n: usize) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            all.push(low);
            return all;
        }
        all.push(low | 0x80);
    }
}

/// A sandbox with an honest agent in it, and the memory that agents share.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) honest: Component,
    pub(crate) spaces: Arc<Spaces>,
    loaded: BTreeMap<&'static str, Result<Component, String>>,
}

/// What became of an attack.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) refused: Option<String>,
    pub(crate) fault: Option<Fault>,
    pub(crate) violation: Option<String>,
    pub(crate) alive: bool,
    pub(crate) usage: Usage,
    /// Rows of its decision, when there is one that stands.
    pub(crate) rows: Vec<u32>,
    /// Of the pool, while it lived.
    pub(crate) slots: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        let sandbox = Config { pool_instances: POOL, ..Config::default() }.build().unwrap();
        let honest = sandbox.load(&guest(HONEST)).unwrap();
        Self { sandbox, honest, spaces: Arc::new(Spaces::new()), loaded: BTreeMap::new() }
    }

    /// Loads the guests of rows, which must be done before they attack.
    pub(crate) fn load(&mut self, rows: &[Row]) {
        for row in rows {
            let load = || self.sandbox.load(&bytes(row.guest)).map_err(|e: LoadError| e.to_string());
            self.loaded.entry(row.guest).or_insert_with(load);
        }
    }

    pub(crate) fn component(&self, guest: &str) -> Result<&Component, String> {
        self.loaded[guest].as_ref().map_err(Clone::clone)
    }

    fn capabilities(&self, agent: &str) -> Capabilities {
        let granted =
            ["mine:write", "shared:read", "items:read", "ledger/mine.:read", "ledger/mine.:append"].map(Grant::parse);
        let grants: Vec<Grant> = granted.into_iter().map(Option::unwrap).collect();
        Capabilities { agent: agent.into(), grants: grants.into(), memory: Arc::clone(&self.spaces) as _ }
    }

    /// Makes an attack.
    pub(crate) async fn attack(&self, row: &Row) -> Outcome {
        let mut outcome = Outcome::default();
        let component = match self.component(row.guest) {
            Ok(component) => component,
            Err(refused) => {
                outcome.refused = Some(refused);
                return outcome;
            }
        };
        let free = self.sandbox.free_slots();
        let mut instance = match component.instantiate(self.capabilities(row.guest), &row.budget).await {
            Ok(instance) => instance,
            Err(fault) => {
                outcome.fault = Some(fault);
                return outcome;
            }
        };
        outcome.slots = free.saturating_sub(self.sandbox.free_slots());
        let Run::Export(call) = row.run else {
            outcome.usage.clone_from(instance.usage());
            return outcome;
        };
        let budget = &row.budget;
        let told = match call {
            Call::Describe => instance.describe(budget).await.map(|_| ()),
            Call::Configure => instance.configure(b"\x80", budget).await,
            Call::Snapshot => instance.snapshot(budget).await.map(|_| ()),
            Call::Restore => instance.restore(&State { schema: String::new(), bytes: vec![1; 64] }, budget).await,
            Call::Learn => instance.learn(&Feedback { rows: vec![1, 2], ..Feedback::default() }, budget).await,
            Call::Fit => instance.fit(budget).await.map(|_| ()),
            Call::Decide => instance.decide(&seen(10), budget).await.map(|decision| outcome.judge(&decision)),
        };
        outcome.fault = told.err();
        outcome.alive = instance.alive();
        outcome.usage.clone_from(instance.usage());
        outcome
    }

    /// Whether the honest agent answers.
    pub(crate) async fn served(&self) -> Result<(), String> {
        let none = Capabilities::none("honest");
        let mut instance = self.honest.instantiate(none, &Budget::DECIDE).await.map_err(|e| e.to_string())?;
        let decision = instance.decide(&seen(10), &Budget::DECIDE).await.map_err(|e| e.to_string())?;
        check_payload(&decision.payload, None, 10, ROWS).map_err(|e| e.to_string())?;
        let rows = &decision.payload.candidates().unwrap().rows;
        if rows[..] == [0] { Ok(()) } else { Err(format!("{rows:?}")) }
    }
}

impl Outcome {
    fn judge(&mut self, decision: &Decision) {
        let checked = check_payload(&decision.payload, decision.policy.as_ref(), 10, ROWS);
        self.violation = checked.err().map(|violation| violation.to_string());
        self.rows =
            decision.payload.candidates().map(|c| c.rows.iter().take(10).copied().collect()).unwrap_or_default();
    }

    /// Whether it ended as its row says: in one readable line.
    pub(crate) fn held(&self, row: &Row) -> Result<(), String> {
        let message = match (&self.refused, &self.fault, &self.violation) {
            (Some(message), ..) | (_, _, Some(message)) => message.clone(),
            (_, Some(fault), _) => fault.message.clone(),
            _ => String::new(),
        };
        let text = |words: &str| message.contains(words);
        let guest = |kind| self.fault.as_ref().is_some_and(|f| f.kind == kind && f.source == FaultSource::Guest);
        let quiet = self.fault.is_none() && self.refused.is_none();
        let held = match row.held {
            Held::Load(words) => self.refused.is_some() && text(words),
            Held::Fault(kind, words) => guest(kind) && text(words) && !self.alive,
            Held::Told(kind, words) => guest(kind) && text(words),
            Held::Check(words) => quiet && self.violation.is_some() && text(words),
            Held::Bounds(within) => quiet && self.violation.is_none() && within(self),
        };
        let readable = !message.chars().any(char::is_control) && message.chars().count() <= MESSAGE_MAX;
        if held && readable {
            return Ok(());
        }
        let told: String = format!("{self:?}").chars().take(600).collect();
        let why = if held { "its message is not one readable line" } else { "not held" };
        Err(format!("{} ({:?}): {why}: {told}", row.guest, row.run))
    }
}

/// A request for `limit` rows.
pub(crate) fn seen(limit: u32) -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit,
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
