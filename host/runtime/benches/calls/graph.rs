//! The whole movie graph: in the sandbox, and the same agents natively. Closed loop, one client a thread.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_graph::Instances;
use greenroom_kit::Figure;
use greenroom_memory::Store;
use greenroom_model::{Digest, Generation};
use greenroom_runtime::evaluation::{Split, p1};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{
    ActivePlan, Guests, Layer, Lessons, Loaded, Past, Quiet, Request, Source, States, StatesByAgent, Trainer,
    keep_facts, load,
};
use greenroom_sandbox::Memory;

use crate::native::Pipeline;

/// Interleaved, so that whatever else the machine does falls on both.
const ROUNDS: usize = 5;
const LIMIT: u32 = 10;

struct World {
    guests: Guests,
    store: Store,
    split: Arc<Split>,
    loaded: Loaded,
    states: StatesByAgent,
    plan: Arc<ActivePlan>,
}

fn world() -> World {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens");
    let guests = Guests::start(0).unwrap();
    let sandbox = greenroom_sandbox::Config::default().build().unwrap();
    let events = read(&example.join("ratings.csv"), &ReadOptions::default()).unwrap();
    let items = read_items(&example.join("movies.csv")).unwrap();
    let split = Arc::new(p1(&events.events).unwrap());
    let store = Store::in_memory().unwrap();
    store.items().assign(&split.items.iter().map(|id| &**id).collect::<Vec<_>>()).wait().unwrap();
    keep_facts(&store, &items).unwrap();
    let graph = example.join("graph.toml");
    let loaded = guests.block_on(async move { load(&sandbox, &graph).await }).unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trainer = Trainer {
        guests: guests.clone(),
        states: States::open(folder.path()).unwrap(),
        store: store.clone(),
        progress: Arc::new(Quiet),
        outputs: None,
    };
    let lessons = Lessons {
        split: Arc::clone(&split),
        facts: Digest::of(b"bench"),
        served: BTreeMap::new(),
        first_served: HashMap::new(),
    };
    let (states, _) = trainer.train(&loaded, &lessons).unwrap();
    let memory: Arc<dyn Memory> = Arc::new(Layer::new(&store, &loaded.plan.namespaces));
    let plan = ActivePlan::new(&loaded, &states, &memory, &|id| store.items().row(id), Generation(1)).unwrap();
    World { guests, store, split, loaded, states, plan: Arc::new(plan) }
}

/// The same plan, but that every call has an instance of its own, copied from a warm image.
fn from_images(world: &World) -> Arc<ActivePlan> {
    let mut loaded = world.loaded.clone();
    loaded.plan.agents.iter_mut().for_each(|agent| agent.instances = Instances::Fresh);
    let memory: Arc<dyn Memory> = Arc::new(Layer::new(&world.store, &loaded.plan.namespaces));
    let row = |id: &str| world.store.items().row(id);
    let plan = Arc::new(ActivePlan::new(&loaded, &world.states, &memory, &row, Generation(1)).unwrap());
    let began = Instant::now();
    plan.make_images(&world.guests);
    while plan.agents.iter().any(|agent| agent.source().0 != Source::Image) {
        let refused: Vec<_> = plan.agents.iter().filter_map(|agent| agent.source().1).collect();
        assert!(refused.is_empty(), "{refused:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("{} images made in {:.1} s", plan.agents.len(), began.elapsed().as_secs_f64());
    plan
}

fn requests(world: &World) -> Vec<Request> {
    let past = Past::of(&world.split.train, world.split.users.len());
    let subjects = 0..u32::try_from(world.split.users.len()).unwrap();
    subjects
        .map(|subject| {
            let history = past.history(subject);
            let now = history.times.last().map_or(0, |time| time + 1);
            let mut excluded = history.rows.clone();
            excluded.sort_unstable();
            let mut request = Request::new(&format!("bench/{subject}"), history, now, LIMIT);
            request.excluded = excluded;
            request
        })
        .collect()
}

/// Latencies in microseconds and the wall time of all in seconds.
#[derive(Default)]
struct Load {
    us: Vec<f64>,
    seconds: f64,
    fuel: u64,
}

impl Load {
    fn quantile(&mut self, share: f64) -> f64 {
        self.us.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
        let at = ((self.us.len() - 1) as f64 * share) as usize;
        self.us[at]
    }

    fn per_second(&self) -> f64 {
        self.us.len() as f64 / self.seconds
    }
}

fn sandboxed(world: &World, plan: &Arc<ActivePlan>, requests: &[Request], load: &mut Load) -> Vec<Vec<u32>> {
    let clients = world.guests.threads();
    let parts: Vec<Vec<Request>> = requests.chunks(requests.len().div_ceil(clients)).map(<[_]>::to_vec).collect();
    let plan = Arc::clone(plan);
    let began = Instant::now();
    let done = world.guests.block_on(async move {
        let clients = parts.into_iter().map(|part| {
            let plan = Arc::clone(&plan);
            tokio::spawn(async move {
                let mut all = Vec::with_capacity(part.len());
                for request in part {
                    let began = Instant::now();
                    let answer = plan.decide(request).await.unwrap();
                    let us = began.elapsed().as_secs_f64() * 1e6;
                    assert!(answer.degraded.is_empty());
                    all.push((us, answer.usage.fuel, answer.items.iter().map(|i| i.row).collect::<Vec<_>>()));
                }
                all
            })
        });
        let mut all = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            all.extend(client.await.unwrap());
        }
        all
    });
    load.seconds += began.elapsed().as_secs_f64();
    let done = done.unwrap();
    load.us.extend(done.iter().map(|d| d.0));
    load.fuel += done.iter().map(|d| d.1).sum::<u64>();
    done.into_iter().map(|d| d.2).collect()
}

fn natively(world: &World, requests: &[Request], load: &mut Load) -> Vec<Vec<u32>> {
    let clients = world.guests.threads();
    // Restoring the agents is not a part of serving: all wait until the last one has.
    let ready = std::sync::Barrier::new(clients + 1);
    let parts: Vec<&[Request]> = requests.chunks(requests.len().div_ceil(clients)).collect();
    std::thread::scope(|scope| {
        let clients: Vec<_> = parts
            .iter()
            .map(|part| {
                scope.spawn(|| {
                    let mut pipeline = Pipeline::new(&world.loaded.plan, &world.states, &world.store);
                    ready.wait();
                    let mut all = Vec::with_capacity(part.len());
                    for request in *part {
                        let began = Instant::now();
                        let rows = pipeline.decide(request);
                        all.push((began.elapsed().as_secs_f64() * 1e6, rows));
                    }
                    all
                })
            })
            .collect();
        ready.wait();
        let began = Instant::now();
        let done: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        load.seconds += began.elapsed().as_secs_f64();
        load.us.extend(done.iter().map(|d| d.0));
        done.into_iter().map(|d| d.1).collect()
    })
}

pub(crate) fn figures() -> Vec<Figure> {
    println!("\ntraining the movie graph");
    let world = world();
    let requests = requests(&world);
    let (mut host, mut native) = (Load::default(), Load::default());
    sandboxed(&world, &world.plan, &requests, &mut Load::default());
    let copies = from_images(&world);
    let mut fresh = Load::default();
    sandboxed(&world, &copies, &requests, &mut Load::default());
    for _ in 0..ROUNDS {
        let ours = sandboxed(&world, &world.plan, &requests, &mut host);
        assert!(ours == sandboxed(&world, &copies, &requests, &mut fresh), "copies answer what kept instances do");
        let theirs = natively(&world, &requests, &mut native);
        // The two are the same program but for its compiler: sums in another order tell near-ties apart.
        let same = ours.iter().zip(&theirs).filter(|(a, b)| a == b).count();
        assert!(same * 100 >= ours.len() * 95, "only {same} of {} answers are the same", ours.len());
    }
    let samples = host.us.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "an average")]
    let fuel = host.fuel as f64 / samples as f64;
    let ratio = |id, what, a: f64, b: f64, base| Figure {
        id,
        what,
        value: a / b,
        unit: "times native",
        better: "lower",
        target: Some(2.0),
        baseline: Some((base, b)),
        samples,
        spread: 0.0,
    };
    let plain = |id, what, value, unit, better| Figure {
        id,
        what,
        value,
        unit,
        better,
        target: None,
        baseline: None,
        samples,
        spread: 0.0,
    };
    let (h50, h99, n50, n99) = (host.quantile(0.5), host.quantile(0.99), native.quantile(0.5), native.quantile(0.99));
    let (f50, f99) = (fresh.quantile(0.5), fresh.quantile(0.99));
    let (hps, nps) = (host.per_second(), native.per_second());
    vec![
        plain("calls.graph.p50", "movie graph, p50", h50, "us", "lower"),
        plain("calls.graph.p99", "movie graph, p99", h99, "us", "lower"),
        plain("calls.graph.rps", "movie graph, requests a second", hps, "1/s", "higher"),
        plain("calls.graph.fuel", "movie graph, fuel a request", fuel, "fuel", "lower"),
        plain("calls.graph.fresh_p50", "movie graph of fresh copies, p50", f50, "us", "lower"),
        plain("calls.graph.fresh_p99", "movie graph of fresh copies, p99", f99, "us", "lower"),
        Figure {
            target: None,
            unit: "times kept",
            ..ratio("calls.graph.fresh", "fresh copies beside kept instances, p50", f50, h50, "kept p50, us")
        },
        ratio("calls.graph.p50_ratio", "movie graph, p50 beside native", h50, n50, "native p50, us"),
        ratio("calls.graph.p99_ratio", "movie graph, p99 beside native", h99, n99, "native p99, us"),
        ratio("calls.graph.rps_ratio", "movie graph, time a request beside native", nps, hps, "host requests a second"),
    ]
}
