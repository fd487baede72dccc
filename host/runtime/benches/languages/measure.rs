//! Everything that is timed of one component, in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use greenroom_kit::quantile;
use greenroom_model::{Budget, Budgets, Decision, Observation};
use greenroom_sandbox::{Capabilities, Component, Config, ImageError, Preparation, Sandbox};

use crate::input::{self, Answer};
use crate::measured::{Image, Instance, Measured};

/// A busy machine changes what is measured, and stops nothing.
const DECIDE: Budget = Budget { deadline_ms: 600_000, ..Budget::DECIDE };
const PREPARE: Budget = Budget { deadline_ms: 600_000, ..Budget::PREPARE };

pub(crate) fn measure(path: &Path, cache: &Path) -> Measured {
    let bytes = std::fs::read(path).unwrap();
    let none = Config { pool_instances: 10, ..Config::default() }.build().unwrap();
    let began = Instant::now();
    drop(none.load(&bytes).unwrap());
    let compile_ms = since(began) / 1e3;
    let sandbox = sandbox(cache, 20);
    let component = sandbox.load(&bytes).unwrap();
    let load_ms = timed(5, 50, || drop(sandbox.load(&bytes).unwrap())) / 1e3;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let fresh = instances(&component, Some(&input::params())).await;
        let began = Instant::now();
        let (image, no_image) = match image(&component).await {
            Ok(image) => {
                let making_ms = since(began) / 1e3;
                (Some(Image { making_ms, instance: instances(&image, None).await }), None)
            }
            Err(ImageError::Unsupported(why)) => (None, Some(why)),
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let kept = kept(&component).await;
        Measured { bytes: bytes.len() as u64, compile_ms, load_ms, fresh, image, no_image, ..kept }
    })
}

pub(crate) fn sandbox(cache: &Path, pool_instances: u32) -> Sandbox {
    Config { pool_instances, cache_dir: Some(cache.to_owned()), ..Config::default() }.build().unwrap()
}

/// Instances that begin configured.
pub(crate) async fn image(component: &Component) -> Result<Component, ImageError> {
    let params = input::params();
    let budgets = Budgets { instantiate: PREPARE, configure: PREPARE, ..Budgets::default() };
    let preparation = Preparation { params: Some(&params), state: None, budgets: &budgets, by: None };
    component.image(none(), &preparation).await
}

/// A new instance, which is configured if it is not an image's.
pub(crate) async fn instance(component: &Component, params: Option<&[u8]>) -> greenroom_sandbox::Instance {
    let mut instance = component.instantiate(none(), &PREPARE).await.unwrap();
    if let Some(params) = params {
        instance.configure(params, &PREPARE).await.unwrap();
    }
    instance
}

pub(crate) async fn decide(instance: &mut greenroom_sandbox::Instance, seen: &Observation) -> Decision {
    instance.decide(seen, &DECIDE).await.unwrap()
}

fn none() -> Capabilities {
    Capabilities::none("scorer")
}

/// Instances that answer once.
async fn instances(component: &Component, params: Option<&[u8]>) -> Instance {
    let seen = input::seen();
    let (mut made, mut first, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    while !enough(&whole, 20, 1_000) {
        let began = Instant::now();
        let mut instance = instance(component, params).await;
        let ready = since(began);
        let decision = decide(&mut instance, &seen).await;
        let answered = since(began);
        drop(instance);
        whole.push(since(began));
        made.push(ready);
        first.push(answered - ready);
        drop(decision);
    }
    let [made_us, first_us, whole_us] = [made, first, whole].map(|mut all| quantile(&mut all, 0.5).0);
    Instance { made_us, first_us, whole_us }
}

/// Calls of one instance, and what it answers.
async fn kept(component: &Component) -> Measured {
    let seen = input::seen();
    let mut instance = instance(component, Some(&input::params())).await;
    for _ in 0..20 {
        decide(&mut instance, &seen).await;
    }
    let mut calls = Vec::new();
    while !enough(&calls, 200, 2_000) {
        let began = Instant::now();
        let decision = decide(&mut instance, &seen).await;
        calls.push(since(began));
        drop(decision);
    }
    let fuel = instance.usage().fuel;
    let decision = decide(&mut instance, &seen).await;
    let candidates = decision.payload.candidates().unwrap();
    let scores = candidates.scores.iter().map(|score| score.to_bits()).collect();
    Measured {
        call_us: quantile(&mut calls, 0.5).0,
        call_p99_us: quantile(&mut calls, 0.99).0,
        fuel,
        answer: Answer { rows: candidates.rows.clone(), scores },
        ..Measured::default()
    }
}

/// The median of how long something takes, in microseconds.
fn timed(least: usize, most: usize, mut what: impl FnMut()) -> f64 {
    let mut all = Vec::new();
    while !enough(&all, least, most) {
        let began = Instant::now();
        what();
        all.push(since(began));
    }
    quantile(&mut all, 0.5).0
}

/// A second and a half of them, but not fewer than `least` and not more than `most`.
fn enough(all: &[f64], least: usize, most: usize) -> bool {
    const LONG: Duration = Duration::from_millis(1_500);
    all.len() >= most || (all.len() >= least && all.iter().sum::<f64>() / 1e6 >= LONG.as_secs_f64())
}

fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6
}
