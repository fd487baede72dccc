//! That an evaluation cannot be fooled: by what came after a cut, by what users did not like, by what is kept of other
//! evaluations, or by the order in which things are asked.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Block, Exam, FOLDS, Folds, Ranked, Split, Thresholds, fold, p1, p3, within};
use greenroom_runtime::events::{Events, ReadOptions, read};
use greenroom_runtime::{Arena, Bench, Evaluated, Guests, Loaded, Quiet, Score, States, evaluate, load};
use support::World;

/// Agents that learn from events, one that learns from what they say, and one that looks at what others were asked about.
const GRAPH: &str = r#"
[graph]
name = "fooled"
output = "fuse"
deadline_ms = 2000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"

[agents.transitions]
component = "COMPONENTS/transitions.wasm"

[agents.peeker]
component = "COMPONENTS/saboteur.wasm"
params = { does = { peeks = 1 } }
grants = { memory = ["items:read"] }
instances = "pooled"
instances_max = 1

[agents.fusion]
component = "COMPONENTS/fusion.wasm"

[nodes.popular]
agent = "popularity"
limit = 20

[nodes.next]
agent = "transitions"
limit = 20

[nodes.peeked]
agent = "peeker"
limit = 20

[nodes.fuse]
agent = "fusion"
inputs = { popular = "popular", next = "next", peeked = "peeked" }
"#;

/// A row of events: who, what, how much, when.
type Row = (u32, u32, f32, i64);

/// What there is.
const ITEMS: u32 = 90;

/// Twelve subjects who like forty times, at the same pace; the higher its number, the sooner one is.
fn rows() -> Vec<Row> {
    let row = |subject: u32, step: u32| {
        (
            subject,
            (subject * 17 + step * step * 5 + step * 7 + subject * step % 11) % ITEMS,
            5.0,
            i64::from(step * 1_000 - subject),
        )
    };
    (1..41).flat_map(|step| (0..12).map(move |subject| row(subject, step))).collect()
}

/// The positives of each subject, in the order of time: places in `rows`.
fn by_subject(rows: &[Row]) -> BTreeMap<u32, Vec<usize>> {
    let mut all: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        all.entry(row.0).or_default().push(place);
    }
    all.values_mut().for_each(|places| places.sort_by_key(|place| rows[*place].3));
    all
}

/// Poison: these rows become other items, the highest rating, later times in another order, and more rows that are rated low
/// stand beside them. What stays is how many positives each subject has, for a cut is a share of these, and which items there
/// are, for all of them are candidates; both are what a protocol says that everybody may know.
fn poisoned(rows: &[Row], which: &[usize]) -> Vec<Row> {
    let mut all = rows.to_vec();
    let last = rows.iter().map(|row| row.3).max().unwrap();
    for (place, row) in which.iter().enumerate() {
        let from = rows[which[(place + which.len() / 2 + 3) % which.len()]];
        let first = which.iter().filter(|other| rows[**other].0 == rows[*row].0).map(|other| rows[*other].3).min();
        all[*row] = (rows[*row].0, from.1, 5.0, first.unwrap() + (last - rows[*row].3));
        all.push((rows[*row].0, (from.1 + 1) % ITEMS, 1.0, last + 5));
    }
    all
}

struct Scene {
    world: World,
    bench: Bench,
    graph: PathBuf,
}

impl Scene {
    fn new(graph: &str) -> Self {
        let world = World::new(graph);
        let (bench, graph) = (bench(&world.path("states"), &world.path("cache")), world.path("graph.toml"));
        Self { world, bench, graph }
    }

    fn events(&self, rows: &[Row]) -> Events {
        let mut text = "user,item,rating,timestamp\n".to_owned();
        for (user, item, rating, time) in rows {
            writeln!(text, "s{user},{item},{rating},{}", 1_000_000_000 + time).unwrap();
        }
        let path = self.world.path("rows.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, &ReadOptions::default()).unwrap().events
    }

    /// What all arms answered, and what was learned.
    fn told(&self, split: &Split) -> (Vec<Vec<Ranked>>, Vec<(String, Digest)>) {
        let exam = Exam::of("p", split.clone());
        let Evaluated { answers, trained, .. } =
            evaluate(&self.bench, &[&self.graph], &exam, None, BTreeMap::new()).unwrap();
        let states = trained["fooled"].iter().map(|trained| (trained.agent.clone(), trained.state)).collect();
        (answers, states)
    }

    /// Nothing that is decided or learned differs, though what is to be foretold does.
    #[track_caller]
    fn the_same(&self, honest: &Split, poisoned: &Split, what: &str) {
        assert_eq!((&honest.users, &honest.items), (&poisoned.users, &poisoned.items), "{what}");
        assert_ne!(honest.test, poisoned.test, "{what}: there is no poison");
        let honest = self.told(honest);
        assert!(honest.0[0].iter().all(|list| list.items.len() > 10), "{what}: nothing is answered");
        assert_eq!(honest, self.told(poisoned), "{what}");
    }
}

/// One request at a time, so that what an agent saw before another one is known.
fn bench(states: &Path, cache: &Path) -> Bench {
    let sandbox =
        greenroom_sandbox::Config { cache_dir: Some(cache.to_owned()), ..greenroom_sandbox::Config::default() };
    Bench {
        sandbox: sandbox.build().unwrap(),
        guests: Guests::start(1).unwrap(),
        states: States::open(states).unwrap(),
        progress: Arc::new(Quiet),
    }
}

#[test]
fn under_p1_nothing_after_a_cut_reaches_what_is_decided_or_learned_in_any_part() {
    let scene = Scene::new(GRAPH);
    let rows = rows();
    let honest = p1(&scene.events(&rows)).unwrap();
    // Of 40 positives the last 8 are the test part; the search asks from the 19th on, the choice from the 25th.
    let after = |first: usize| by_subject(&rows).values().flat_map(|of| of[first..].to_vec()).collect::<Vec<_>>();
    let poisoned = |first: usize| p1(&scene.events(&poisoned(&rows, &after(first)))).unwrap();
    scene.the_same(&honest, &poisoned(32), "test part");
    let (search, choice) = (|split: &Split| within(split, 0.6, 0.8), |split: &Split| within(split, 0.8, 1.0));
    scene.the_same(&choice(&honest), &choice(&poisoned(25)), "choice");
    scene.the_same(&search(&honest), &search(&poisoned(19)), "search");
    // Nor does what comes later reach what they are judged by.
    assert_eq!(search(&honest), search(&poisoned(25)));
    assert_eq!(choice(&honest), choice(&poisoned(32)));
}

#[test]
fn under_p2_nothing_after_a_cut_reaches_a_block_and_nothing_of_a_fold_its_search() {
    let scene = Scene::new(GRAPH);
    let rows = rows();
    let folds = Folds::of(&scene.events(&rows), "").unwrap();
    let of = (0..FOLDS).find(|of| (0..12).any(|user| fold(&format!("s{user}"), "") == *of)).unwrap();
    let mine = |first: usize| -> Vec<usize> {
        let mine = by_subject(&rows).into_iter().filter(|(user, _)| fold(&format!("s{user}"), "") == of);
        mine.flat_map(|(_, places)| places[first..].to_vec()).collect()
    };
    let poisoned = |first: usize| Folds::of(&scene.events(&poisoned(&rows, &mine(first))), "").unwrap();
    for (place, low) in [(0, 20), (2, 28), (4, 36)] {
        let block = |folds: &Folds| -> Block { folds.proof(of)[place].clone() };
        let honest = block(&folds);
        scene.the_same(&honest.split, &block(&poisoned(low)).split, &honest.name);
    }
    // Who searches sees nothing of the fold at all, whatever it did.
    for (honest, other) in
        folds.search(Some(of), &[6, 7]).blocks.iter().zip(poisoned(0).search(Some(of), &[6, 7]).blocks)
    {
        assert_eq!(honest.split, other.split, "{}", honest.name);
    }
}

/// By question: when what it asks for happened.
fn times(split: &Split) -> BTreeMap<(u32, usize), i64> {
    let mut by_user: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for row in 0..split.test.len() {
        by_user.entry(split.test.users[row]).or_default().push(split.test.time(row).unwrap());
    }
    let mut times = BTreeMap::new();
    for (user, mut of) in by_user {
        of.sort_unstable();
        times.extend(of.into_iter().enumerate().map(|(earlier, time)| ((user, earlier), time)));
    }
    times
}

#[test]
fn under_p3_nothing_that_happened_later_reaches_a_decision_not_even_through_what_others_were_asked() {
    let scene = Scene::new(GRAPH);
    let rows = rows();
    let honest = p3(&scene.events(&rows)).unwrap();
    // In the middle of a block, after the soonest and before the latest subjects of a step.
    let cut = i64::from(15_u32) * 1_000 - 6;
    let late: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].3 >= cut).collect();
    let mut other = rows.clone();
    let last = rows.iter().map(|row| row.3).max().unwrap();
    for (place, row) in late.iter().enumerate() {
        other[*row] = (rows[*row].0, rows[late[(place + 7) % late.len()]].1, 5.0, cut + (last - rows[*row].3));
        other.push((rows[*row].0, 3, 1.0, last + 5));
    }
    let poisoned = p3(&scene.events(&other)).unwrap();
    let cut = 1_000 * (1_000_000_000 + cut);
    let (mut compared, mut left) = (0, 0);
    for (honest, poisoned) in honest.blocks.iter().zip(&poisoned.blocks) {
        let times = times(&honest.split);
        if times.values().all(|time| *time >= cut) {
            continue;
        }
        let (honest, poisoned) = (scene.told(&honest.split), scene.told(&poisoned.split));
        assert_eq!(honest.1, poisoned.1, "what is learned");
        let before = |lists: &[Ranked]| -> Vec<Ranked> {
            let before = |list: &&Ranked| times.get(&(list.user, list.earlier)).is_some_and(|time| *time < cut);
            lists.iter().filter(before).cloned().collect()
        };
        for (honest, poisoned) in honest.0.iter().zip(&poisoned.0) {
            assert_eq!(before(honest), before(poisoned));
            compared += before(honest).len();
            left += honest.len() - before(honest).len();
        }
    }
    assert!(compared > 100 && left > 0, "{compared} were compared and {left} lie after the cut");
}

#[test]
fn what_a_subject_had_is_nobodys_answer_and_what_it_did_not_like_is_everybodys() {
    // The graph does not mask anything, so that it is up to the evaluation.
    let graph = |component: &str, params: &str| {
        let grants = grants(component);
        format!(
            "[graph]\nname = \"fooled\"\noutput = \"one\"\ndeadline_ms = 2000\nexclude_seen = false\n\n[agents.one]\n\
             component = \"COMPONENTS/{component}.wasm\"\nparams = {params}\n{grants}\n[nodes.one]\nagent = \"one\"\n"
        )
    };
    let known = Scene::new(&graph("saboteur", "{ does = { known = 1 } }"));
    // Everybody dislikes items before, while and after liking others.
    let mut rows = rows();
    rows.extend((0..12).flat_map(|user| [(user, 0, 1.0, -100), (user, 1, 2.0, 9_500), (user, 2, 3.5, 90_000)]));
    let split = p1(&known.events(&rows)).unwrap();
    assert_eq!(split.items.len(), ITEMS as usize, "rows are ids here");
    let (answers, _) = known.told(&split);
    assert!(answers[0].iter().all(|list| list.items.is_empty()), "who answers what is known answers nothing");
    let all = Scene::new(&graph("probe", "{ size = 100 }"));
    let (answers, _) = all.told(&split);
    let mut disliked = 0;
    for list in &answers[0] {
        let had: Vec<u32> = (0..split.train.len())
            .filter(|row| split.train.users[*row] == list.user)
            .map(|row| split.train.items[row])
            .collect();
        let expected: Vec<u32> = (0..20).filter(|item| !had.contains(item)).collect();
        assert_eq!(list.items, expected, "all but what the subject liked before, and nothing else");
        disliked += (0..3).filter(|item| !had.contains(item)).count();
    }
    assert!(disliked > 12, "most of what is disliked is liked by nobody who dislikes it: {disliked}");
}

/// What a component has to be granted.
fn grants(component: &str) -> &'static str {
    match component {
        "saboteur" | "probe" => "grants = { memory = [\"items:read\"] }\n",
        _ => "",
    }
}

/// A graph with an agent called `one`, whose output another one has.
fn variant(component: &str, params: &str, more: &str) -> String {
    let grants = grants(component);
    format!(
        "[graph]\nname = \"fooled\"\noutput = \"fuse\"\ndeadline_ms = 2000\n\n[agents.one]\n\
         component = \"COMPONENTS/{component}.wasm\"\nparams = {params}\ninstances = \"pooled\"\n{grants}\n[agents.fusion]\n\
         component = \"COMPONENTS/fusion.wasm\"\ninstances = \"pooled\"\n\n[nodes.one]\nagent = \"one\"\nlimit = 20\n{more}\n\n[nodes.fuse]\n\
         agent = \"fusion\"\ninputs = {{ one = \"one\" }}\n"
    )
}

fn loaded(bench: &Bench, text: &str) -> Loaded {
    let world = World::new(text);
    let (sandbox, path) = (bench.sandbox.clone(), world.path("graph.toml"));
    bench.guests.block_on(async move { load(&sandbox, &path).await }).unwrap().unwrap()
}

/// All of a score but for its times, and the fuel of its requests: an instance that is asked for the first time takes some more,
/// and a first pass over a part of the subjects has such ones too.
fn comparable(score: &Score) -> String {
    format!(
        "{:?} {:?} {} {} {} {}",
        score.judged, score.inner, score.fit_fuel, score.state_bytes, score.questions, score.degraded
    )
}

/// Graphs that could be taken for each other: they differ in code, in what shapes a state, in what is said not to and does,
/// in what shapes answers alone, and in the graph around them. Data that could be: another cut, another order in time, one
/// item more or less. Whatever was evaluated before, each comes to what it comes to where nothing is kept.
#[test]
fn what_is_kept_of_one_graph_and_data_is_not_taken_for_another() {
    let world = World::new(GRAPH);
    let cache = world.path("cache");
    let fresh = |name: &str| bench(&world.path(name), &cache);
    let shared = fresh("states");
    let variants = [
        variant("transitions", "{}", ""),
        variant("popularity", "{}", ""),
        variant("transitions", "{ reach = 1.0 }", ""),
        variant("transitions", "{ half_life = 40.0 }", ""),
        variant("saboteur", "{ does = { tastes = 1 }, taste = 0.75 }", ""),
        variant("saboteur", "{ does = { tastes = 1 }, taste = 0.25 }", ""),
        variant("saboteur", "{}", ""),
        variant("transitions", "{}", "on_fault = \"empty\""),
        variant("transitions", "{}", "").replace("limit = 20", "limit = 5"),
    ]
    .map(|text| loaded(&shared, &text));
    let rows = rows();
    let scene = Scene::new(GRAPH);
    let folds = |rows: &[Row]| Folds::of(&scene.events(rows), "").unwrap();
    let late: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].3 >= 10_000).collect();
    let other = folds(&poisoned(&rows, &late));
    let exams = [folds(&rows).search(None, &[6]), folds(&rows).search(None, &[7]), other.search(None, &[6])];
    let thresholds = Thresholds { cold_max: 5, light_max: 50 };
    let arena = |bench: &Bench, exam: &Exam| Arena::new(bench.clone(), exam, None, &thresholds, 1 << 26).unwrap();
    let arenas = exams.each_ref().map(|exam| arena(&shared, exam));
    let mut expected = BTreeMap::new();
    for (v, variant) in variants.iter().enumerate() {
        for (e, exam) in exams.iter().enumerate() {
            let fresh = arena(&fresh(&format!("states of {v} on {e}")), exam);
            expected.insert((v, e), fresh.score(variant, 1.0, 0).unwrap());
        }
    }
    let different: std::collections::BTreeSet<String> = expected.values().map(comparable).collect();
    // The two tastes are the same by what they say, as are the graphs with and without a fallback.
    assert!(different.len() >= expected.len() - 6, "{} of {}", different.len(), expected.len());
    let forwards = expected.keys().copied().collect::<Vec<_>>();
    for (v, e) in forwards.iter().chain(forwards.iter().rev()).copied() {
        for share in [0.4, 1.0] {
            let score = arenas[e].score(&variants[v], share, 0).unwrap();
            if share >= 1.0 {
                let expected = &expected[&(v, e)];
                assert_eq!(comparable(&score), comparable(expected), "graph {v} on exam {e}");
                let fuel = score.fuel_per_request / expected.fuel_per_request;
                assert!((fuel - 1.0).abs() < 0.01, "graph {v} on exam {e}: {fuel} times the fuel");
            }
        }
    }
}
