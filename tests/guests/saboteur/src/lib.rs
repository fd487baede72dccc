//! A guest that wants to look better than it is. For tests of evolution: whatever it does, nothing of it is proven.
//!
//! Without sabotage it is good: it foretells what follows on what a subject liked last. So a search takes it, and what
//! keeps it from being proven is what the sabotage is, and not that it is poor.

use std::collections::BTreeMap;

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Lifecycle, NONE, Observation,
    Params, Policy, RewardLevel, Role, State, StateReader, StateWriter, boolean, describe, float, memory, numbers,
};

const SCHEMA: &str = "saboteur/1";

/// The guest. What it does beside being good is said by the parameter `does`, which no search changes:
///
/// | name | what it does |
/// |---|---|
/// | `nan` | scores are no numbers |
/// | `constant` | all scores are equal, rows ascend: whatever that is worth, it is worth by the order of ids |
/// | `known` | answers what it knows that the subject had |
/// | `invented` | rows that there are not |
/// | `late = N` | traps in the call after each N |
/// | `spin = K` | never comes back for every Kth subject |
/// | `draws` | shuffles what it answers by the seed of the request, and does not say so |
/// | `greedy = N` | takes a lot of fuel for who did more than N things |
/// | `learns = N` | traps when it is told more than N events |
/// | `marked` | is good for requests that say that they are an evaluation's, and answers nothing to others |
/// | `half` | traps where the parameter `half` is below a half |
/// | `peeks` | answers what it saw latest in the histories of all that it was asked about |
/// | `tastes` | learns by the parameter `taste`, which it says does not shape its state |
#[derive(Default)]
pub struct Saboteur {
    does: BTreeMap<String, f64>,
    taste: f64,
    half: f64,
    calls: u32,
    learned: Interactions,
    /// By row: the row that follows, most often, on it.
    follows: BTreeMap<u32, u32>,
    /// Who had what.
    had: Vec<(u32, u32)>,
    /// When a row was seen last, in the history of anybody.
    seen: BTreeMap<u32, i64>,
}

impl Saboteur {
    fn does(&self, what: &str) -> Option<u32> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts of tests")]
        self.does.get(what).map(|count| *count as u32)
    }

    /// What follows on the last like, what follows on that, and so on.
    fn chain(&self, seen: &Observation) -> Vec<u32> {
        let mut chain: Vec<u32> = Vec::new();
        let mut at = seen.history.positives().last().map(|last| last.0);
        while let Some(next) = at.and_then(|at| self.follows.get(&at)).copied() {
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
            at = Some(next);
        }
        chain.retain(|row| seen.admits(*row));
        chain
    }
}

/// Best first.
fn ranked(rows: impl IntoIterator<Item = u32>, limit: u32) -> Decision {
    let rows: Vec<u32> = rows.into_iter().take(limit as usize).collect();
    let scores = (0..rows.len()).map(|place| 1.0 - place as f32 * 1e-3).collect();
    Candidates::new(rows, scores).into()
}

impl Policy for Saboteur {
    #[expect(clippy::panic, clippy::infinite_loop, reason = "misbehaving is its purpose")]
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.calls += 1;
        let subject = seen.subject.as_ref().map_or(NONE, |subject| subject.number);
        if self.does("late").is_some_and(|late| self.calls > late) {
            panic!("it has answered enough");
        }
        if self.does("spin").is_some_and(|every| subject.is_multiple_of(every)) {
            loop {
                std::hint::black_box(self.calls);
            }
        }
        if self.does("greedy").is_some_and(|most| seen.history.rows.len() > most as usize) {
            for turn in 0..1_000_000_u32 {
                std::hint::black_box(turn);
            }
        }
        if self.does("half").is_some() && self.half < 0.5 {
            panic!("it does not work here");
        }
        if self.does("known").is_some() {
            let had = self.had.iter().filter(|(who, _)| *who == subject).map(|(_, row)| *row);
            return Ok(ranked(had, seen.limit));
        }
        if self.does("constant").is_some() {
            let rows: Vec<u32> =
                (0..memory::row_count()).filter(|row| seen.admits(*row)).take(seen.limit as usize).collect();
            let scores = vec![1.0; rows.len()];
            return Ok(Candidates::new(rows, scores).into());
        }
        if self.does("peeks").is_some() {
            for (row, time) in seen.history.rows.iter().zip(&seen.history.times) {
                let latest = self.seen.entry(*row).or_insert(*time);
                *latest = (*latest).max(*time);
            }
            let mut latest: Vec<(i64, u32)> = self.seen.iter().map(|(row, time)| (*time, *row)).collect();
            latest.sort_unstable_by(|a, b| b.cmp(a));
            return Ok(ranked(latest.into_iter().map(|seen| seen.1).filter(|row| seen.admits(*row)), seen.limit));
        }
        if self.does("invented").is_some() {
            return Ok(ranked((1_000_000..).take(seen.limit as usize), seen.limit));
        }
        if self.does("marked").is_some() && !["eval", "stack"].iter().any(|mark| seen.request_id.contains(mark)) {
            return Ok(Candidates::default().into());
        }
        let mut chain = self.chain(&seen);
        if self.does("draws").is_some() && !chain.is_empty() {
            let turn = seen.seed % chain.len() as u64;
            chain.rotate_left(usize::try_from(turn).unwrap_or(0));
        }
        if self.does("nan").is_some() {
            let scores = vec![f32::NAN; chain.len()];
            return Ok(Candidates::new(chain, scores).into());
        }
        if self.does("tastes").is_some() && self.follows.is_empty() {
            chain.clear();
        }
        Ok(ranked(chain, seen.limit))
    }
}

impl Lifecycle for Saboteur {
    fn describe() -> Descriptor {
        describe("saboteur", "0.1.0", Role::Recall, "looks better than it is")
            .metric("recall@20", RewardLevel::Inner)
            .history(1000)
            .state(SCHEMA)
            .parameter(numbers("does", "what it does beside being good").shapes_state())
            .parameter(float("taste", 0.0, 1.0, 0.25, "it says that learning does not read it"))
            .parameter(float("half", 0.0, 1.0, 0.75, "may not work below a half"))
            // Each matters only when the other one does: nobody can say when.
            .parameter(boolean("chicken", false, "matters when there is an egg").when("egg", &["true"]))
            .parameter(boolean("egg", false, "matters when there is a chicken").when("chicken", &["true"]))
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.does = params.named("does")?;
        self.taste = params.float("taste")?;
        self.half = params.float("half")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        writer.u32s(&self.follows.keys().copied().collect::<Vec<_>>());
        writer.u32s(&self.follows.values().copied().collect::<Vec<_>>());
        writer.u32s(&self.had.iter().map(|had| had.0).collect::<Vec<_>>());
        writer.u32s(&self.had.iter().map(|had| had.1).collect::<Vec<_>>());
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let (rows, next) = (reader.u32s()?, reader.u32s()?);
        let (who, what) = (reader.u32s()?, reader.u32s()?);
        reader.finish(rows.len() == next.len() && who.len() == what.len())?;
        self.follows = rows.into_iter().zip(next).collect();
        self.had = who.into_iter().zip(what).collect();
        Ok(())
    }
}

impl Learner for Saboteur {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    #[expect(clippy::panic, reason = "misbehaving is its purpose")]
    fn fit(&mut self) -> Result<FitReport, Fault> {
        let liked = self.learned.positives();
        if self.does("learns").is_some_and(|most| liked.len() > most as usize) {
            panic!("it was told more than it bears");
        }
        let examples = liked.len() as u64;
        self.had = liked.iter().map(|like| (like.subject, like.row)).collect();
        let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for of in liked.chunk_by(|a, b| a.subject == b.subject) {
            for (from, to) in of.iter().zip(of.iter().skip(1)) {
                *counts.entry((from.row, to.row)).or_default() += 1;
            }
        }
        let mut best: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for ((from, to), count) in counts {
            let most = best.entry(from).or_insert((count, to));
            if count > most.0 {
                *most = (count, to);
            }
        }
        // With the wrong taste nothing is worth remembering.
        if self.does("tastes").is_some() && self.taste < 0.5 {
            best.clear();
        }
        self.follows = best.into_iter().map(|(from, (_, to))| (from, to)).collect();
        Ok(FitReport { examples, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Saboteur);
