//! Two versions of the contract, served side by side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use greenroom_kit::component;
use greenroom_model::{
    Budget, Candidates, Column, Decision, Descriptor, FaultKind, Feedback, FitReport, Grant, Learning, Observation,
    Payload, State, Usage, Values,
};
use greenroom_sandbox::{
    Capabilities, Component, Config, Entry, KeyedEntry, Later, Memory, MemoryError, Page, Sandbox,
};

/// One namespace, and two items with facts.
#[derive(Default)]
struct Space(Mutex<(u64, BTreeMap<String, Entry>)>);

fn now<T: Send + 'static>(answer: Result<T, MemoryError>) -> Later<T> {
    Box::pin(std::future::ready(answer))
}

impl Memory for Space {
    fn exists(&self, namespace: &str) -> bool {
        namespace == "space"
    }
    fn get(&self, _: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(self.0.lock().unwrap().1.get(key).cloned())
    }
    fn get_many(&self, space: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        keys.iter().map(|key| self.get(space, key)).collect()
    }
    fn put(&self, _: &str, key: String, value: Vec<u8>) -> Later<u64> {
        let mut all = self.0.lock().unwrap();
        all.0 += 1;
        let revision = all.0;
        all.1.insert(key, Entry { value, revision });
        now(Ok(revision))
    }
    fn compare_and_swap(&self, space: &str, key: String, _: Option<u64>, value: Vec<u8>) -> Later<u64> {
        self.put(space, key, value)
    }
    fn delete(&self, _: &str, key: String) -> Later<bool> {
        now(Ok(self.0.lock().unwrap().1.remove(&key).is_some()))
    }
    fn scan(&self, _: &str, prefix: &str, _: Option<&str>, _: u32) -> Result<Page, MemoryError> {
        let all = self.0.lock().unwrap();
        let found = all.1.iter().filter(|(key, _)| key.starts_with(prefix));
        let keyed =
            |(key, e): (&String, &Entry)| KeyedEntry { key: key.clone(), value: e.value.clone(), revision: e.revision };
        Ok(Page { entries: found.map(keyed).collect(), next: None })
    }
    fn row_count(&self) -> u32 {
        2
    }
    fn gather(&self, rows: &[u32], _: &[String]) -> Result<Vec<Column>, MemoryError> {
        let years = rows.iter().map(|row| 1990.0 + *row as f32).collect();
        Ok(vec![Column { name: "year".to_owned(), values: Values::F32s(years) }])
    }
    fn labels(&self, _: &str) -> Result<Vec<String>, MemoryError> {
        Ok(vec!["Comedy".to_owned(), "Noir".to_owned()])
    }
}

/// All that an agent came to.
#[derive(Debug, PartialEq)]
struct Life {
    report: FitReport,
    state: State,
    decision: Decision,
    /// What the decision asked of the host.
    host_calls: u64,
    host_bytes: u64,
    log_lines: u64,
}

fn loaded(name: &str) -> Component {
    let sandbox: Sandbox = Config { pool_instances: 9, ..Config::default() }.build().unwrap();
    sandbox.load(&fs::read(component(name)).unwrap()).unwrap()
}

fn seen() -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: 3,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([7]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::default(),
        history_max: 0,
        inputs: Vec::new(),
    }
}

fn candidates(life: &Life) -> &Candidates {
    let Payload::Candidates(all) = &life.decision.payload else { unreachable!("it returns candidates") };
    all
}

/// Describes, configures, teaches and asks one instance, and one that is restored from it.
async fn life(name: &str) -> (Descriptor, Life) {
    let component = loaded(name);
    let descriptor = component.describe(&Budget::PREPARE).await.unwrap().unwrap();
    let grants: Vec<Grant> = ["space:write", "items:read"].iter().map(|grant| Grant::parse(grant).unwrap()).collect();
    let capabilities =
        || Capabilities { agent: "one".into(), grants: grants.clone().into(), memory: Arc::new(Space::default()) };
    let params = rmp_serde::to_vec_named(&BTreeMap::from([("at_least", 1)])).unwrap();
    let mut learner = component.instantiate(capabilities(), &Budget::PREPARE).await.unwrap();
    learner.configure(&params, &Budget::PREPARE).await.unwrap();
    for rows in [vec![5, 7, 9, 5], vec![9, 9, 2]] {
        learner.learn(&Feedback { rows, ..Feedback::default() }, &Budget::LEARN).await.unwrap();
    }
    let report = learner.fit(&Budget::LEARN).await.unwrap();
    let state = learner.snapshot(&Budget::PREPARE).await.unwrap();

    let mut server = component.instantiate(capabilities(), &Budget::PREPARE).await.unwrap();
    server.configure(&params, &Budget::PREPARE).await.unwrap();
    server.restore(&state, &Budget::PREPARE).await.unwrap();
    let decision = server.decide(&seen(), &Budget::DECIDE).await.unwrap();
    let Usage { host_calls, host_bytes, log_lines, .. } = *server.usage();
    let broken = State { bytes: vec![1], ..state.clone() };
    let fault = server.restore(&broken, &Budget::PREPARE).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidState, "{fault}");
    (descriptor, Life { report, state, decision, host_calls, host_bytes, log_lines })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_lives_the_same_life_under_either_contract() {
    let (first, lived) = life("first-contract").await;
    assert_eq!(candidates(&lived).rows, [9, 5, 2], "7 is excluded");
    assert_eq!(candidates(&lived).scores, [3.0, 2.0, 1.0]);
    assert_eq!((lived.report.examples, lived.report.loss), (7, Some(0.5)));
    assert_eq!(lived.state.bytes.len(), 4 * 8);
    // Twelve of memory, two handles dropped or not counted, a line and two numbers.
    assert!(lived.host_calls >= 14 && lived.log_lines == 1, "{lived:?}");
    let (second, lived_too) = life("second-contract").await;
    assert_eq!(lived, lived_too);
    assert_eq!((first.learning, second.learning), (Learning::Anew, Learning::Onward));
    assert_eq!(Descriptor { learning: Learning::Onward, ..first }, second);
}

#[test]
fn an_inspection_tells_which_contract_a_component_speaks() {
    for (name, contract) in [("first-contract", "0.1.0"), ("second-contract", "0.2.0"), ("popularity", "0.2.0")] {
        let found = greenroom_sandbox::inspect(&fs::read(component(name)).unwrap()).unwrap();
        assert_eq!(found.interfaces.contract, contract, "{name}");
        assert!(found.interfaces.policy && found.interfaces.lifecycle && found.interfaces.learner, "{name}");
        assert!(found.interfaces.imports[0] == "log", "{name}");
    }
}
