//! Calls of a guest that does as it is told, good and bad.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use greenroom_kit::component;
use greenroom_model::{
    Budget, Decision, Digest, Fault, FaultKind, FaultSource, Feedback, Grant, History, Observation, ParamValue,
    Payload, State,
};
use greenroom_sandbox::{
    Capabilities, Component, Config, Entry, Instance, Later, Lookups, Memory, MemoryError, NoMemory, Page, Sandbox,
    check_payload,
};

const BUDGET: Budget = Budget { deadline_ms: 2_000, memory_max: 64 << 20, ..Budget::DECIDE };

fn probe() -> &'static Component {
    static PROBE: OnceLock<(Sandbox, Component)> = OnceLock::new();
    let (_, component) = PROBE.get_or_init(|| {
        let sandbox = Config { pool_instances: 60, ..Config::default() }.build().unwrap();
        let component = sandbox.load(&std::fs::read(component("probe")).unwrap()).unwrap();
        (sandbox, component)
    });
    component
}

fn params(mode: &str, size: i64) -> Vec<u8> {
    let params: BTreeMap<&str, ParamValue> = BTreeMap::from([
        ("mode", ParamValue::Text(mode.to_owned())),
        ("size", ParamValue::Integer(size)),
        ("weight", ParamValue::Float(0.5)),
    ]);
    rmp_serde::to_vec_named(&params).unwrap()
}

fn seen(limit: u32) -> Observation {
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

async fn ready(mode: &str, size: i64) -> Instance {
    ready_with(mode, size, Capabilities::none("probe")).await
}

async fn ready_with(mode: &str, size: i64, capabilities: Capabilities) -> Instance {
    let mut instance = probe().instantiate(capabilities, &BUDGET).await.unwrap();
    instance.configure(&params(mode, size), &BUDGET).await.unwrap();
    instance
}

async fn fault(mode: &str, budget: Budget) -> (Fault, Instance) {
    let mut instance = ready(mode, 10).await;
    let fault = instance.decide(&seen(10), &budget).await.unwrap_err();
    (fault, instance)
}

fn rows(decision: &Decision) -> &[u32] {
    &decision.payload.candidates().unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_guest_decides_and_its_usage_is_known() {
    let mut instance = ready("honest", 10).await;
    let decision = instance.decide(&seen(3), &BUDGET).await.unwrap();
    assert_eq!(rows(&decision), [0, 1, 2]);
    assert_eq!(check_payload(&decision.payload, None, 3, 100), Ok(()));
    let usage = instance.usage();
    assert!(usage.fuel > 0 && usage.fuel < 1_000_000, "{usage:?}");
    assert!(usage.memory_peak >= 1 << 16, "{usage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_descriptor_says_what_the_component_is() {
    let descriptor = probe().describe(&Budget::PREPARE).await.unwrap().unwrap();
    assert_eq!(descriptor.name, "probe");
    assert_eq!(descriptor.parameters.len(), 3);
    let interfaces = probe().interfaces();
    assert!(interfaces.policy && interfaces.lifecycle && interfaces.learner);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_costs_one_fault_and_the_next_instance_is_fine() {
    for mode in ["trap", "panic"] {
        let (fault, mut instance) = fault(mode, BUDGET).await;
        assert_eq!((fault.source, fault.kind), (FaultSource::Guest, FaultKind::Trap), "{fault}");
        assert!(!instance.alive());
        let again = instance.decide(&seen(1), &BUDGET).await.unwrap_err();
        assert_eq!(again.source, FaultSource::Host, "a dead instance is not entered again");
    }
    assert!(ready("honest", 1).await.decide(&seen(1), &BUDGET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_says_why() {
    let (fault, _) = fault("panic", BUDGET).await;
    assert!(fault.message.contains("the probe was told to panic"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_with_its_fuel() {
    let (fault, instance) = fault("spin", Budget { fuel: 1_000_000, ..BUDGET }).await;
    assert_eq!(fault.kind, FaultKind::Fuel, "{fault}");
    assert_eq!(instance.usage().fuel, 1_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_at_its_deadline() {
    let (fault, _) = fault("spin", Budget { fuel: u64::MAX / 2, deadline_ms: 20, ..BUDGET }).await;
    assert_eq!(fault.kind, FaultKind::Deadline, "{fault}");
    assert!(fault.message.contains("20 ms"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_configure_ends_too() {
    let mut instance = probe().instantiate(Capabilities::none("probe"), &BUDGET).await.unwrap();
    let budget = Budget { fuel: 1_000_000, ..BUDGET };
    let fault = instance.configure(&params("spin-configure", 77_777), &budget).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Fuel, "{fault}");
    assert!(fault.message.starts_with("configure"), "{fault}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_spinning_guest_lets_others_of_its_thread_have_a_turn() {
    let mut instance = ready("spin", 1).await;
    let spinning = async {
        let budget = Budget { fuel: u64::MAX / 2, deadline_ms: 100, ..BUDGET };
        instance.decide(&seen(1), &budget).await.unwrap_err().kind
    };
    let other = async {
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        std::time::Instant::now()
    };
    let ended = async {
        let kind = spinning.await;
        (kind, std::time::Instant::now())
    };
    let ((kind, stopped), had_its_turn) = tokio::join!(ended, other);
    assert_eq!(kind, FaultKind::Deadline);
    assert!(had_its_turn < stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_summed_and_stops_at_the_budget() {
    let (fault, instance) = fault("grow", BUDGET).await;
    assert_eq!(fault.kind, FaultKind::Memory, "{fault}");
    assert!(instance.usage().memory_peak <= BUDGET.memory_max);
}

#[tokio::test(flavor = "multi_thread")]
async fn dishonest_output_is_found() {
    for mode in ["nan", "repeat", "unknown", "too-many"] {
        let mut instance = ready(mode, 10).await;
        let decision = instance.decide(&seen(10), &BUDGET).await.unwrap();
        assert!(check_payload(&decision.payload, None, 10, 1_000).is_err(), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_reports_arrives_as_it_is() {
    let (fault, instance) = fault("fault", BUDGET).await;
    assert_eq!((fault.kind, fault.retryable), (FaultKind::Unavailable, true));
    assert_eq!(fault.message, "the probe was told to fail");
    assert!(instance.alive(), "reporting a fault is no crime");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_it_cannot_take_are_refused() {
    let mut instance = probe().instantiate(Capabilities::none("probe"), &BUDGET).await.unwrap();
    let fault = instance.configure(b"\xc1", &BUDGET).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidParameters, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn learning_leaves_a_state_that_restores() {
    let mut learner = ready("honest", 1).await;
    let batch = Feedback { rows: vec![1, 2, 3], ..Feedback::default() };
    learner.learn(&batch, &Budget::LEARN).await.unwrap();
    assert_eq!(learner.fit(&Budget::LEARN).await.unwrap().examples, 3);
    let state = learner.snapshot(&BUDGET).await.unwrap();
    let mut serving = ready("honest", 1).await;
    serving.restore(&state, &BUDGET).await.unwrap();
    assert_eq!(serving.snapshot(&BUDGET).await.unwrap(), state);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_another_agent_is_refused() {
    let mut instance = ready("honest", 1).await;
    let state = State { schema: "ease/1".to_owned(), bytes: vec![0; 8] };
    let fault = instance.restore(&state, &BUDGET).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidState);
    assert!(fault.message.contains("\"probe/1\", not \"ease/1\""), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gives_its_slots_back() {
    let sandbox = Config { pool_instances: 9, ..Config::default() }.build().unwrap();
    let component = sandbox.load(&std::fs::read(component("probe")).unwrap()).unwrap();
    let free = sandbox.free_slots();
    for _ in 0..20 {
        let mut instance = component.instantiate(Capabilities::none("probe"), &BUDGET).await.unwrap();
        instance.configure(&params("trap", 1), &BUDGET).await.unwrap();
        assert!(sandbox.free_slots() < free);
        instance.decide(&seen(1), &BUDGET).await.unwrap_err();
    }
    assert_eq!(sandbox.free_slots(), free);
}

/// One value that counts.
#[derive(Default)]
struct OneValue(std::sync::Mutex<Option<Vec<u8>>>);

impl Memory for OneValue {
    fn exists(&self, namespace: &str) -> bool {
        namespace == "probe"
    }
    fn get(&self, _: &str, _: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(self.0.lock().unwrap().clone().map(|value| Entry { value, revision: 1 }))
    }
    fn get_many(&self, namespace: &str, _: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        NoMemory.get_many(namespace, &[])
    }
    fn put(&self, _: &str, _: String, value: Vec<u8>) -> Later<u64> {
        *self.0.lock().unwrap() = Some(value);
        Box::pin(std::future::ready(Ok(1)))
    }
    fn compare_and_swap(&self, namespace: &str, key: String, _: Option<u64>, value: Vec<u8>) -> Later<u64> {
        self.put(namespace, key, value)
    }
    fn delete(&self, _: &str, _: String) -> Later<bool> {
        Box::pin(std::future::ready(Ok(false)))
    }
    fn scan(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<Page, MemoryError> {
        Ok(Page::default())
    }
    fn row_count(&self) -> u32 {
        0
    }
    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<greenroom_model::Column>, MemoryError> {
        NoMemory.gather(rows, fields)
    }
    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        NoMemory.labels(field)
    }
}

fn granted(grants: &[&str]) -> Capabilities {
    let grants: Vec<Grant> = grants.iter().map(|g| Grant::parse(g).unwrap()).collect();
    Capabilities { agent: "probe".into(), grants: grants.into(), memory: Arc::new(OneValue::default()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_is_granted_is_reached() {
    let mut instance = ready_with("memory", 1, granted(&["probe:write"])).await;
    for expected in 0..3 {
        let decision = instance.decide(&seen(1), &BUDGET).await.unwrap();
        assert_eq!(rows(&decision), [expected]);
    }
    assert!(instance.usage().host_calls >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_is_not_granted_is_denied_in_words() {
    for (grants, expected) in [(&[][..], "probe:read is not granted"), (&["probe:read"], "probe:write is not granted")]
    {
        let mut instance = ready_with("memory", 1, granted(grants)).await;
        let fault = instance.decide(&seen(1), &BUDGET).await.unwrap_err();
        assert!(fault.message.contains(expected), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn host_calls_run_out() {
    let mut instance = ready_with("memory", 1, granted(&["probe:write"])).await;
    let fault = instance.decide(&seen(1), &Budget { host_calls_max: 2, ..BUDGET }).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::HostCalls, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_arrive_as_they_were_sent() {
    let candidates = greenroom_model::Candidates {
        rows: vec![5, 3],
        scores: vec![1.5, -0.5],
        sources: vec![1, 2],
        columns: vec![greenroom_model::Column {
            name: "n".to_owned(),
            values: greenroom_model::Values::S64s(vec![-1, i64::MAX]),
        }],
    };
    let payload = Arc::new(Payload::Candidates(candidates));
    let input = greenroom_model::Input { port: "a".into(), node: "b".into(), payload: Arc::clone(&payload) };
    let mut instance = ready("echo", 1).await;
    let decision = instance.decide(&Observation { inputs: vec![input], ..seen(9) }, &BUDGET).await.unwrap();
    assert_eq!(&decision.payload, &*payload);
}

#[test]
fn what_was_looked_for_in_the_cache_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(component("probe")).unwrap();
    let open = |cache_dir| Config { cache_dir, pool_instances: 9, ..Config::default() }.build().unwrap();
    assert_eq!(open(None).lookups(), None);
    let counted = |hits, misses| Lookups { hits, misses };
    let asked = Digest::of(b"asked");
    for [components, verdicts] in [[counted(1, 1), counted(0, 1)], [counted(2, 0), counted(1, 0)]] {
        let sandbox = open(Some(dir.path().to_owned()));
        let component = sandbox.load(&bytes).unwrap().digest();
        sandbox.load(&bytes).unwrap();
        assert_eq!(sandbox.verdict(&component, &asked).is_some(), verdicts.hits == 1);
        sandbox.keep_verdict(&component, &asked, b"good");
        assert_eq!(sandbox.lookups(), Some((components, verdicts)));
    }
}

#[test]
fn a_cached_component_is_loaded_and_a_changed_one_is_compiled_anew() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(component("probe")).unwrap();
    let load = || {
        let config = Config { cache_dir: Some(dir.path().to_owned()), pool_instances: 9, ..Config::default() };
        config.build().unwrap().load(&bytes).unwrap().digest()
    };
    let artifact = || {
        let mut files = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().path());
        files.find(|path| path.extension().is_some_and(|e| e == "cwasm")).unwrap()
    };
    assert_eq!(load(), Digest::of(&bytes));
    let kept = std::fs::read(artifact()).unwrap();
    let written = std::fs::metadata(artifact()).unwrap().modified().unwrap();
    load();
    assert_eq!(std::fs::metadata(artifact()).unwrap().modified().unwrap(), written, "a good one is used as it is");
    for broken in [kept[..kept.len() / 2].to_vec(), Vec::new(), {
        let mut flipped = kept.clone();
        flipped[kept.len() / 2] ^= 1;
        flipped
    }] {
        std::fs::write(artifact(), broken).unwrap();
        load();
        assert_eq!(std::fs::read(artifact()).unwrap().len(), kept.len(), "a broken one is replaced");
    }
}
