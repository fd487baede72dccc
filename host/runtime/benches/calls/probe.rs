//! Calls of the probe guest, through the host and without it.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use greenroom_model::{Budget, Budgets, Candidates, History, Input, Observation, ParamValue, Payload};
use greenroom_sandbox::{Capabilities, Config, Preparation, check_payload};

use crate::raw::{Raw, observation, types};

const COUNT: u32 = 1_000;

fn params(mode: &str) -> Vec<u8> {
    let params = BTreeMap::from([
        ("mode", ParamValue::Text(mode.to_owned())),
        ("size", ParamValue::Integer(0)),
        ("weight", ParamValue::Float(0.5)),
    ]);
    rmp_serde::to_vec_named(&params).unwrap()
}

fn seen(limit: u32, inputs: Vec<Input>) -> Observation {
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
        inputs,
    }
}

pub(crate) fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let bytes = std::fs::read(greenroom_kit::component("probe")).unwrap();
    let sandbox = Config { pool_instances: 300, ..Config::default() }.build().unwrap();
    let component = sandbox.load(&bytes).unwrap();
    let raw = Raw::new(sandbox.engine(), &bytes);
    let none = || Capabilities::none("probe");
    let budget = Budget::DECIDE;

    let mut group = criterion.benchmark_group("empty call");
    group.bench_function("raw wasmtime", |b| {
        let (mut store, agent) = runtime.block_on(raw.instance());
        b.iter(|| runtime.block_on(agent.greenroom_agent_learner().call_fit(&mut store)).unwrap().unwrap());
    });
    group.bench_function("host", |b| {
        let mut instance = runtime.block_on(component.instantiate(none(), &budget)).unwrap();
        b.iter(|| runtime.block_on(instance.fit(&budget)).unwrap());
    });
    group.finish();

    let rows: Vec<u32> = (0..COUNT).collect();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let scores: Vec<f32> = rows.iter().map(|row| 1.0 / (1.0 + *row as f32)).collect();
    let candidates = Candidates { rows: rows.clone(), scores: scores.clone(), ..Candidates::default() };
    let payload = Arc::new(Payload::Candidates(candidates));
    let mut group = criterion.benchmark_group("1,000 candidates");
    group.bench_function("raw wasmtime", |b| {
        let (mut store, agent) = runtime.block_on(raw.instance());
        let configure = agent.greenroom_agent_lifecycle();
        runtime.block_on(configure.call_configure(&mut store, &params("echo"))).unwrap().unwrap();
        b.iter(|| {
            let candidates = types::CandidatesParam { rows: &rows, scores: &scores, sources: &[], columns: &[] };
            let payload = types::PayloadParam::Candidates(candidates);
            let inputs = [types::Input { port: "a", node: "b", payload }];
            let decide = agent.greenroom_agent_policy().call_decide(&mut store, observation(COUNT, &inputs));
            black_box(runtime.block_on(decide).unwrap().unwrap())
        });
    });
    group.bench_function("host", |b| {
        let mut instance = runtime.block_on(component.instantiate(none(), &budget)).unwrap();
        runtime.block_on(instance.configure(&params("echo"), &budget)).unwrap();
        let input = Input { port: "a".into(), node: "b".into(), payload: Arc::clone(&payload) };
        let seen = seen(COUNT, vec![input]);
        b.iter(|| black_box(runtime.block_on(instance.decide(&seen, &budget)).unwrap()));
    });
    group.bench_function("check", |b| b.iter(|| check_payload(black_box(&payload), None, COUNT, 10_000).unwrap()));
    group.finish();

    let mut group = criterion.benchmark_group("fresh instance and call");
    group.bench_function("raw wasmtime", |b| {
        b.iter_batched(
            || (),
            |()| {
                runtime.block_on(async {
                    let (mut store, agent) = raw.instance().await;
                    let decide = agent.greenroom_agent_policy().call_decide(&mut store, observation(10, &[]));
                    black_box(decide.await.unwrap().unwrap());
                });
            },
            BatchSize::SmallInput,
        );
    });
    let seen = seen(10, Vec::new());
    group.bench_function("host", |b| {
        b.iter_batched(
            none,
            |capabilities| {
                runtime.block_on(async {
                    let mut instance = component.instantiate(capabilities, &budget).await.unwrap();
                    black_box(instance.decide(&seen, &budget).await.unwrap());
                });
            },
            BatchSize::SmallInput,
        );
    });
    let configured = params("honest");
    let preparation = Preparation { params: Some(&configured), state: None, budgets: &Budgets::default(), by: None };
    let image = runtime.block_on(component.image(none(), &preparation)).unwrap();
    group.bench_function("image", |b| {
        b.iter_batched(
            none,
            |capabilities| {
                runtime.block_on(async {
                    let mut instance = image.instantiate(capabilities, &budget).await.unwrap();
                    black_box(instance.decide(&seen, &budget).await.unwrap());
                });
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}
