//! The movie graph: changes of parameters, learned states and code.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_kit::{component, components};
use greenroom_model::{Digest, Generation, Subject};
use greenroom_runtime::{ActivePlan, Ask, Change, GraphText, Host, Part, Request, States};
use tokio::runtime::Runtime;

use crate::alternate::{Book, Swap, Swaps};
use crate::load::{Answer, Asked};
use crate::small::{propose, renewed, serving, serving_of};

const SUBJECTS: usize = 16;
const LIMIT: u32 = 10;
const SEED: u64 = 7;
/// Of the last agent: how much it minds likeness.
const DIVERSITY: [&str; 3] = ["0.0", "0.05", "0.3"];
/// Agents that have a second state, learned from half of the events.
const LEARNED: [&str; 2] = ["popularity", "item-knn"];

/// What makes a difference: the parameter and the states.
type Made = (usize, bool);

pub(crate) struct Movies {
    pub(crate) host: Host,
    folder: tempfile::TempDir,
    subjects: Vec<String>,
}

pub(crate) fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens")
}

pub(crate) fn graph(diversity: usize) -> String {
    let text = std::fs::read_to_string(example().join("graph.toml")).unwrap();
    let name = "component = \"components/rerank.wasm\"\n";
    assert!(text.contains(name));
    let text = text.replace(name, &format!("{name}params = {{ diversity = {} }}\n", DIVERSITY[diversity]));
    text.replace("components/", &format!("{}/", components().display()))
}

/// The same agents in a graph of their own, which learns less.
fn half(folder: &Path) -> States {
    let at = components();
    let at = at.display();
    let agents = LEARNED.map(|agent| {
        format!(
            "[agents.{agent}]\ncomponent = \"{at}/{agent}.wasm\"\ninstances = \"pooled\"\n[nodes.{agent}]\nagent = \"{agent}\"\n"
        )
    });
    let text = format!(
        "[graph]\nname = \"half\"\noutput = \"fuse\"\ndeadline_ms = 5000\n{}[agents.fusion]\ncomponent = \
         \"{at}/fusion.wasm\"\ninstances = \"pooled\"\n[nodes.fuse]\nagent = \"fusion\"\ninputs = {{ a = \"{}\", b = \"{}\" }}\n",
        agents.concat(),
        LEARNED[0],
        LEARNED[1],
    );
    std::fs::write(folder.join("graph.toml"), text).unwrap();
    let events = std::fs::read_to_string(example().join("ratings.csv")).unwrap();
    let lines = events.lines().count();
    let few: Vec<&str> = events.lines().take(lines / 2).collect();
    let items = std::fs::read_to_string(example().join("movies.csv")).unwrap();
    drop(serving(folder, None, &few.join("\n"), &items));
    States::open(&folder.join("data/states")).unwrap()
}

impl Movies {
    pub(crate) fn new(program: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("graph.toml"), graph(1)).unwrap();
        let example = example();
        let host = serving_of(folder.path(), program, &example.join("ratings.csv"), &example.join("movies.csv"));
        let subjects = (1..=u32::try_from(SUBJECTS).unwrap()).map(|subject| (subject * 30).to_string()).collect();
        Self { host, folder, subjects }
    }
}

fn hashed<'i>(items: impl Iterator<Item = &'i str>) -> u64 {
    let all: Vec<&str> = items.collect();
    Digest::of_parts(all.iter().map(|id| id.as_bytes())).head()
}

/// Who asks for the subjects in turn.
pub(crate) struct Asking {
    host: Host,
    subjects: Vec<String>,
}

impl Asking {
    pub(crate) fn new(movies: &Movies) -> Self {
        Self { host: movies.host.clone(), subjects: movies.subjects.clone() }
    }
}

impl Asked for Asking {
    async fn ask(self: Arc<Self>, number: u64) -> Result<Answer, String> {
        let question = usize::try_from(number).unwrap() % SUBJECTS;
        let subject = Some(self.subjects[question].clone());
        let ask = Ask { subject, limit: LIMIT, seed: Some(SEED), ..Ask::default() };
        let reply = self.host.decide(ask).await.map_err(|e| e.to_string())?;
        if let Some(degraded) = reply.answer.degraded.first() {
            return Err(format!("degraded: {degraded:?}"));
        }
        Ok(Answer {
            generation: reply.answer.generation.0,
            plan: reply.answer.plan.head(),
            question,
            what: hashed(reply.items.iter().map(|item| &*item.id)),
        })
    }
}

pub(crate) struct Changes {
    host: Host,
    book: Arc<Book>,
    acknowledged: Arc<AtomicU64>,
    /// By whether they are the second ones.
    states: [BTreeMap<String, Digest>; 2],
    /// What each of what makes a difference answers, run apart from what serves.
    answers: BTreeMap<Made, Vec<u64>>,
    now: Made,
    before: Vec<(u64, Made)>,
    rerank: Vec<u8>,
    count: u64,
    only: Option<u64>,
}

impl Changes {
    pub(crate) fn new(movies: &Movies, book: &Arc<Book>, acknowledged: &Arc<AtomicU64>, callers: &Runtime) -> Self {
        let other = tempfile::tempdir().unwrap();
        let learned = half(other.path());
        let states = States::open(&movies.folder.path().join("data/states")).unwrap();
        let plan = movies.host.active().unwrap();
        let first: BTreeMap<String, Digest> = plan
            .versions()
            .into_iter()
            .filter(|(agent, _)| LEARNED.contains(&agent.as_str()))
            .map(|(agent, version)| (agent, version.state.unwrap()))
            .collect();
        let mut second = BTreeMap::new();
        // The other host wrote what its agents learned, by digest; the schema says whose it is.
        for entry in std::fs::read_dir(other.path().join("data/states")).unwrap() {
            let name = entry.unwrap().file_name();
            let Ok(digest) = format!("sha256:{}", name.to_string_lossy()).parse::<Digest>() else { continue };
            let Some(state) = learned.get(&digest) else { continue };
            let of = first.iter().find(|(_, first)| states.get(first).unwrap().schema == state.schema);
            if let Some((agent, first)) = of.filter(|(_, first)| **first != digest) {
                assert_ne!(states.put(&state).unwrap(), *first);
                second.insert(agent.clone(), digest);
            }
        }
        assert_eq!(second.len(), LEARNED.len(), "{second:?}");
        let mut changes = Self {
            host: movies.host.clone(),
            book: Arc::clone(book),
            acknowledged: Arc::clone(acknowledged),
            states: [first, second],
            answers: BTreeMap::new(),
            now: (1, false),
            before: Vec::new(),
            rerank: std::fs::read(component("rerank")).unwrap(),
            count: 0,
            only: std::env::var("GREENROOM_SWAP_ONLY").ok().map(|kind| kind.parse().unwrap()),
        };
        for halved in [false, true] {
            propose(&changes.host, Change::States(changes.states[usize::from(halved)].clone()));
            for diversity in 0..DIVERSITY.len() {
                let change = changes.graph(diversity, None);
                propose(&changes.host, change);
                let plan = changes.host.active().unwrap();
                let answers = movies.subjects.iter().map(|subject| changes.answer(callers, &plan, subject)).collect();
                changes.answers.insert((diversity, halved), answers);
                changes.now = (diversity, halved);
                let generation = changes.activated();
                changes.before.push((generation, changes.now));
            }
        }
        let different: std::collections::BTreeSet<&Vec<u64>> = changes.answers.values().collect();
        assert_eq!(different.len(), changes.answers.len(), "two plans that are to differ answer the same");
        changes
    }

    /// What a plan answers, apart from the road that requests take.
    fn answer(&self, callers: &Runtime, plan: &Arc<ActivePlan>, subject: &str) -> u64 {
        let store = self.host.store();
        let number = store.subjects().row(subject).unwrap();
        let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let now_ms = i64::try_from(now_ms).unwrap();
        let mut request = Request::new("bench", store.log().history(number, Some(now_ms), usize::MAX), now_ms, LIMIT);
        request.subject = Some(Subject { key: subject.into(), number });
        request.excluded = store.items().delisted().to_vec();
        request.seed = SEED;
        let plan = Arc::clone(plan);
        let answer = callers.block_on(callers.spawn(async move { plan.decide(request).await })).unwrap().unwrap();
        assert!(answer.degraded.is_empty(), "{:?}", answer.degraded);
        let ids: Vec<Arc<str>> = answer.items.iter().map(|item| store.items().id(item.row).unwrap()).collect();
        hashed(ids.iter().map(|id| &**id))
    }

    fn graph(&self, diversity: usize, code: Option<Vec<u8>>) -> Change {
        let path = format!("{}/rerank.wasm", components().display());
        let components = code.map(|bytes| (path, Part::Bytes(bytes.into()))).into_iter().collect();
        let text = graph(diversity);
        Change::Graph {
            graph: GraphText { file_name: "graph.toml".to_owned(), text },
            components,
            states: BTreeMap::new(),
        }
    }

    /// Writes down what serves.
    fn activated(&self) -> u64 {
        let plan = self.host.active().unwrap();
        let versions = plan.versions();
        let states = |halved: bool| {
            self.states[usize::from(halved)].iter().all(|(agent, digest)| versions[agent].state == Some(*digest))
        };
        let rerank = plan.agents.iter().find(|agent| agent.spec.name == "rerank").unwrap();
        let diversity = rerank.spec.params.get("diversity").map(ToString::to_string).unwrap();
        let diversity = DIVERSITY.iter().position(|d| d.parse::<f64>() == diversity.parse::<f64>()).unwrap();
        assert_eq!(
            (diversity, states(true), states(false)),
            (self.now.0, self.now.1, !self.now.1),
            "another plan serves than was proposed: {:#?}",
            self.host.plan_records().unwrap().iter().rev().take(3).collect::<Vec<_>>(),
        );
        self.book.write(plan.generation.0, plan.digest.head(), self.answers[&self.now].clone());
        self.acknowledged.store(plan.generation.0, Ordering::Release);
        plan.generation.0
    }
}

impl Swaps for Changes {
    fn next(&mut self) -> Swap {
        let (diversity, halved) = self.now;
        self.count += 1;
        let round = usize::try_from(self.count / 4).unwrap();
        let (kind, made, change) = match self.only.unwrap_or(self.count % 4) {
            0 => {
                let other = (diversity + 1) % DIVERSITY.len();
                ("params", (other, halved), self.graph(other, None))
            }
            1 => ("state", (diversity, !halved), Change::States(self.states[usize::from(!halved)].clone())),
            2 => {
                let code = renewed(self.rerank.clone(), self.count);
                ("new code", self.now, self.graph(diversity, Some(code)))
            }
            _ => {
                let (generation, made) = self.before[round % (self.before.len() - 1)];
                ("back", made, Change::Again(Generation(generation)))
            }
        };
        let (done, ms) = propose(&self.host, change);
        self.now = made;
        let generation = self.activated();
        assert_eq!(generation, done.generation.0);
        self.before.push((generation, made));
        self.before.drain(..self.before.len().saturating_sub(6));
        Swap { kind, ms, store_us: done.took.store.as_secs_f64() * 1e6 }
    }
}
