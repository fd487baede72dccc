//! The small graph, whose answers tell all that a plan is made of, and changes of all kinds to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use greenroom_kit::versioned::{self, EACH, Made};
use greenroom_model::{Digest, Generation, ParamValue, State};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{
    Activated, Ask, Change, Config, GraphText, Host, Limits, Part, Proposal, Quiet, Reply, Retention, States,
};
use greenroom_sandbox::Compiler;

use crate::alternate::{Book, Swap, Swaps};
use crate::load::{Answer, Asked};

/// States that there are.
const STATES: u8 = 8;
/// Plans to go back to.
const KNOWN: usize = 8;

/// As `serve` has it.
pub(crate) fn config(folder: &Path, program: Option<&Path>) -> Config {
    let sandbox = greenroom_sandbox::Config::default();
    Config {
        graph: folder.join("graph.toml"),
        data_dir: folder.join("data"),
        cache_dir: Some(folder.join("cache")),
        interpreters_dir: None,
        guest_threads: 0,
        pool_instances: sandbox.pool_instances,
        tick: sandbox.tick,
        compiler: program.map(|program| Compiler::new(program.to_owned())),
        join_window: Duration::from_secs(86_400),
        shared: None,
        replays_max: 16,
        limits: Limits::default(),
        retention: Retention::default(),
    }
}

/// A host that serves what is in its folder, as `serve` does.
pub(crate) fn serving(folder: &Path, program: Option<&Path>, events: &str, items: &str) -> Host {
    std::fs::write(folder.join("events.csv"), events).unwrap();
    std::fs::write(folder.join("items.csv"), items).unwrap();
    serving_of(folder, program, &folder.join("events.csv"), &folder.join("items.csv"))
}

pub(crate) fn serving_of(folder: &Path, program: Option<&Path>, events: &Path, items: &Path) -> Host {
    serving_in(config(folder, program), events, items)
}

pub(crate) fn serving_in(config: Config, events: &Path, items: &Path) -> Host {
    let host = config.open().unwrap();
    let events = read(events, &ReadOptions::default()).unwrap();
    host.import(Some(&events), Some(&read_items(items).unwrap())).unwrap();
    host.train(Arc::new(Quiet)).unwrap();
    host.activate().unwrap();
    host.keep().unwrap();
    host
}

/// Of a component, with the same code and other bytes.
pub(crate) fn renewed(mut component: Vec<u8>, number: u64) -> Vec<u8> {
    component.extend([0, 9, 0]);
    component.extend(number.to_le_bytes());
    component
}

pub(crate) struct Small {
    pub(crate) host: Host,
    pub(crate) folder: tempfile::TempDir,
}

impl Small {
    pub(crate) fn new(program: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = Made { code: 0, offset: 0, state: 0, turned: false };
        std::fs::write(folder.path().join("graph.toml"), first.graph()).unwrap();
        std::fs::write(folder.path().join("one.wasm"), versioned::code(0)).unwrap();
        let mut events = "user,item,rating,timestamp\n".to_owned();
        for event in 0..40 {
            events.push_str(&format!("s{},{},5,{}\n", event % 10, event % 30, 1_000_000_000 + event));
        }
        let host = serving(folder.path(), program, &events, &versioned::items());
        Self { host, folder }
    }

    pub(crate) fn states(&self) -> States {
        States::open(&self.folder.path().join("data/states")).unwrap()
    }
}

pub(crate) fn propose(host: &Host, change: Change) -> (Activated, f64) {
    let began = Instant::now();
    let proposal = Proposal { parent: None, author: "bench".to_owned(), reason: "to measure".to_owned(), change };
    let done = host.propose(proposal).unwrap();
    (done, began.elapsed().as_secs_f64() * 1e3)
}

pub(crate) fn ask(subject: &str, limit: u32) -> Ask {
    Ask { subject: Some(subject.to_owned()), limit, ..Ask::default() }
}

/// Three small numbers in one.
pub(crate) fn packed(rows: &[u32]) -> u64 {
    rows.iter().fold(rows.len() as u64, |all, row| all << 16 | u64::from(*row))
}

impl Asked for Host {
    async fn ask(self: Arc<Self>, number: u64) -> Result<Answer, String> {
        let reply: Reply = self.decide(ask(&format!("s{}", number % 10), 3)).await.map_err(|e| e.to_string())?;
        if let Some(degraded) = reply.answer.degraded.first() {
            return Err(format!("degraded: {degraded:?}"));
        }
        let rows: Vec<u32> = reply.items.iter().map(|item| item.id.parse().unwrap()).collect();
        Ok(Answer {
            generation: reply.answer.generation.0,
            plan: reply.answer.plan.head(),
            question: 0,
            what: packed(&rows),
        })
    }
}

/// Changes of all kinds, one after the other.
pub(crate) struct Changes {
    host: Host,
    book: Arc<Book>,
    acknowledged: Arc<AtomicU64>,
    codes: BTreeMap<Digest, u32>,
    states: BTreeMap<Digest, u32>,
    turns: Arc<[u8]>,
    now: Made,
    /// The latest, with what each is made of.
    before: Vec<(u64, Made)>,
    count: u64,
    /// `GREENROOM_SWAP_ONLY`, a kind by its number: to find out what costs.
    only: Option<u64>,
}

impl Changes {
    pub(crate) fn new(small: &Small, book: &Arc<Book>, acknowledged: &Arc<AtomicU64>) -> Self {
        let states = small.states();
        let put = |number: u8| {
            let (schema, bytes) = versioned::state(number);
            (states.put(&State { schema: schema.to_owned(), bytes }).unwrap(), u32::from(number))
        };
        let host = small.host.clone();
        let now = Made { code: 0, offset: 0, state: 0, turned: false };
        let changes = Self {
            host,
            book: Arc::clone(book),
            acknowledged: Arc::clone(acknowledged),
            codes: BTreeMap::from([(Digest::of(&versioned::code(0)), 0)]),
            states: (0..STATES).map(put).collect(),
            turns: versioned::turns().into(),
            now,
            before: Vec::new(),
            count: 0,
            only: std::env::var("GREENROOM_SWAP_ONLY").ok().map(|kind| kind.parse().unwrap()),
        };
        let made = changes.made();
        assert_eq!(made, now);
        Self { before: vec![(changes.activated(made), made)], ..changes }
    }

    /// What the plan that serves is made of, by its versions.
    fn made(&self) -> Made {
        let plan = self.host.active().unwrap();
        let one = plan.agents.iter().find(|agent| agent.spec.name == "one").unwrap();
        let Some(ParamValue::Integer(offset)) = one.spec.params.get("offset") else { panic!("no offset") };
        Made {
            code: self.codes[&one.version.component],
            offset: u32::try_from(*offset).unwrap(),
            state: self.states[&one.version.state.unwrap()],
            turned: plan.agents.len() == 2,
        }
    }

    /// Writes down what serves.
    fn activated(&self, made: Made) -> u64 {
        let plan = self.host.active().unwrap();
        self.book.write(plan.generation.0, plan.digest.head(), vec![packed(&made.rows())]);
        self.acknowledged.store(plan.generation.0, Ordering::Release);
        plan.generation.0
    }

    fn graph(&mut self, made: Made, code: Option<Vec<u8>>) -> Change {
        let mut components = BTreeMap::from([("turns.wasm".to_owned(), Part::Bytes(Arc::clone(&self.turns)))]);
        if let Some(bytes) = code {
            self.codes.insert(Digest::of(&bytes), made.code);
            components.insert("one.wasm".to_owned(), Part::Bytes(bytes.into()));
        }
        Change::Graph {
            graph: GraphText { file_name: "graph.toml".to_owned(), text: made.graph() },
            components,
            states: BTreeMap::new(),
        }
    }
}

impl Swaps for Changes {
    fn next(&mut self) -> Swap {
        let now = self.now;
        self.count += 1;
        let round = self.count / 6;
        let other = |of: u32, most: u32| (of + 1) % most;
        let (kind, wanted, change) = match self.only.unwrap_or(self.count % 6) {
            0 => {
                let made = Made { code: other(now.code, EACH), ..now };
                ("new code", Some(made), self.graph(made, Some(renewed(versioned::code(made.code), self.count))))
            }
            1 => {
                let made = Made { offset: other(now.offset, EACH), ..now };
                ("params", Some(made), self.graph(made, None))
            }
            2 => {
                let state = other(now.state, u32::from(STATES));
                let digest = self.states.iter().find(|(_, number)| **number == state).map(|(digest, _)| *digest);
                let states = BTreeMap::from([("one".to_owned(), digest.unwrap())]);
                ("state", Some(Made { state, ..now }), Change::States(states))
            }
            3 => {
                let made = Made { turned: !now.turned, ..now };
                ("wiring", Some(made), self.graph(made, None))
            }
            4 => {
                // Code with a verdict, after the first few rounds. With it comes the state that it had.
                let made = Made { code: u32::try_from(round).unwrap() % 8, ..now };
                ("known code", None, self.graph(made, Some(versioned::code(made.code))))
            }
            _ => {
                // Not to what serves.
                let others = (self.before.len() - 1).max(1);
                let (generation, made) = self.before[usize::try_from(round).unwrap() % others];
                ("back", Some(made), Change::Again(Generation(generation)))
            }
        };
        let (done, ms) = propose(&self.host, change);
        let made = self.made();
        assert!(wanted.is_none_or(|wanted| wanted == made), "{kind}: {made:?} for {wanted:?}");
        self.now = made;
        let generation = self.activated(made);
        assert_eq!((generation, self.host.active().unwrap().digest), (done.generation.0, done.plan));
        self.before.push((generation, made));
        self.before.drain(..self.before.len().saturating_sub(KNOWN));
        Swap { kind, ms, store_us: done.took.store.as_secs_f64() * 1e6 }
    }
}

/// `$GREENROOM`, the program that compiles.
pub(crate) fn program() -> Option<PathBuf> {
    std::env::var_os("GREENROOM").map(PathBuf::from)
}
