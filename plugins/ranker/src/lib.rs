//! The order in which candidates are shown, learned from which of those offered together turned out well.
//!
//! A linear score over features: the fused score, what each source said, popularity, genres against those that the subject
//! likes, age, and how near a row stood to the subject's latest ones in the sequences of others. Weights are those of a
//! listwise logistic regression drawn towards the order that came in, so that little feedback changes little. A subject
//! without history, and everyone before the first feedback, gets the order that came in.
//!
//! Organic feedback tells what subjects liked and when; feedback on requests teaches weights. A request is seen with what
//! was known before it in the batch, so events that it must not know come after it.

mod facts;
mod features;
mod model;
mod past;
mod settings;

use facts::{Facts, Taste};
use features::{FIXED, Request, World, columns_of, features, sources_of};
use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Listwise, NONE, Observation,
    Parameters as _, Params, Policy, RewardLevel, Role, State, StateReader, StateWriter, describe,
};
use model::Model;
use past::{Fading, Past};
use settings::Settings;

const SCHEMA: &str = "ranker/1";
const PORT: &str = "ranked";

/// Orders candidates.
#[derive(Default)]
pub struct Ranker {
    settings: Settings,
    fading: Fading,
    past: Past,
    world: World,
    // How much of the past the world shows.
    seen: usize,
    model: Model,
    facts: Facts,
    sources: Vec<String>,
    lists: Listwise,
}

impl Policy for Ranker {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let Some(all) = seen.take_candidates(PORT)? else { return Ok(Candidates::default().into()) };
        let mut all = all.only(|row| seen.admits(row));
        all.push_f32s("fused.score", all.scores.clone());
        let history = seen.history.positives();
        if self.model.is_empty() || history.is_empty() {
            return Ok(all.first(seen.limit).into());
        }
        let sources = self.model.sources.iter().map(|source| columns_of(&all, source)).collect();
        let request = Request { rows: &all.rows, fused: &all.scores, sources, history: &history, now: seen.now };
        let width = FIXED.len() + 2 * self.model.sources.len();
        let features = features(&request, &mut self.world, &mut self.facts, &self.settings, &self.fading);
        let scores: Vec<f32> = features.chunks_exact(width).map(|row| self.model.score(row)).collect();
        let at = |place: usize| scores.get(place).copied().unwrap_or(f32::NEG_INFINITY);
        let mut order: Vec<usize> = (0..all.len()).collect();
        // A stable sort leaves ties in the order that came in.
        order.sort_by(|&a, &b| at(b).total_cmp(&at(a)));
        order.truncate(seen.limit as usize);
        all.scores = scores;
        Ok(all.pick(&order).into())
    }
}

impl Lifecycle for Ranker {
    fn describe() -> Descriptor {
        describe("ranker", "0.1.0", Role::Ranking, "orders candidates by what turned out well")
            .metric("ndcg@10", RewardLevel::Outer)
            .takes(PORT, false, &[])
            .produces(&["fused.score"])
            .history(200)
            .facts(&["genres", "year"])
            .state(SCHEMA)
            .parameters::<Settings>()
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.settings = Settings::from_params(params)?;
        self.fading = self.settings.fading();
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        self.model.write(&mut writer);
        writer.f32s(self.world.taste.shares());
        self.past.write(&mut writer);
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let model = Model::read(&mut reader)?;
        let taste = Taste::from_shares(&reader.f32s()?);
        let past = Past::read(&mut reader)?;
        match (model, taste, past) {
            (Some(model), Some(taste), Some(past)) => {
                reader.finish(true)?;
                self.world = World { tape: past.tape(), taste };
                (self.model, self.seen, self.past) = (model, past.len(), past);
                Ok(())
            }
            _ => reader.finish(false),
        }
    }
}

impl Learner for Ranker {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        batch.check()?;
        let sources = {
            let seen = batch.inputs.iter().filter_map(|column| column.name.strip_prefix("ranked."));
            sources_of(seen)
        };
        if self.lists.is_empty() {
            self.lists = Listwise::new(FIXED.len() + 2 * sources.len());
            self.sources = sources;
        }
        let columns = Columns::of(&batch, &self.sources);
        let mut organic = 0..0;
        for request in batch.asked() {
            organic = organic.end..request.start;
            self.remember(&batch, organic);
            self.teach(&batch, &columns, request.clone());
            organic = request;
        }
        self.remember(&batch, organic.end..batch.rows.len());
        Ok(())
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        self.look();
        let examples = (self.past.len() + self.lists.rows()) as u64;
        let mut notes = self.facts.missing();
        let mut loss = None;
        if self.lists.is_empty() {
            notes.push("no request had both a row with reward and one without: the order that comes in is kept".into());
        } else {
            let found = self.lists.fit(&self.model.prior(&self.sources), self.settings.strength);
            if !found.converged {
                notes.push("weights did not converge: raise `strength`".into());
            }
            loss = Some(found.loss);
            notes.push(format!("{} requests; loss {:.4} before", self.lists.len(), found.loss_before));
            self.model = Model::new(std::mem::take(&mut self.sources), found.weights);
            notes.extend(self.model.notes());
        }
        self.lists = Listwise::default();
        Ok(FitReport { examples, loss, notes })
    }
}

// What was seen then, as features need it.
struct Columns {
    fused: Vec<f32>,
    sources: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Columns {
    fn of(batch: &Feedback, sources: &[String]) -> Self {
        let input = |name: String| batch.input(&name).unwrap_or_default();
        let of_source = |name: &String| (input(format!("{PORT}.{name}.score")), input(format!("{PORT}.{name}.rank")));
        Self { fused: input(format!("{PORT}.score")), sources: sources.iter().map(of_source).collect() }
    }
}

impl Ranker {
    fn remember(&mut self, batch: &Feedback, events: std::ops::Range<usize>) {
        events.filter(|&event| batch.is_organic(event)).for_each(|event| self.past.learn(batch, event));
    }

    // Brings the world up to date.
    fn look(&mut self) {
        let tape = self.past.tape();
        #[expect(clippy::cast_possible_truncation, reason = "rows are u32")]
        let rows: Vec<u32> = (0..tape.counts().len() as u32).filter(|&row| tape.count(row) > 0).collect();
        let genres = self.facts.of(&rows).genres;
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let weights = rows.iter().map(|&row| tape.count(row) as f32);
        let taste = Taste::of(genres.into_iter().zip(weights));
        self.world = World { tape, taste };
        self.seen = self.past.len();
    }

    fn teach(&mut self, batch: &Feedback, columns: &Columns, request: std::ops::Range<usize>) {
        // A view that is a fiftieth behind is good enough, and saves one for every request of a stream.
        if self.past.len().abs_diff(self.seen) * 50 > self.seen {
            self.look();
        }
        let subject = batch.subjects.get(request.start).copied().unwrap_or(NONE);
        let history = self.past.of(subject).to_vec();
        let Some(&(_, now)) = history.last() else { return };
        let at = |column: &[f32]| -> Vec<f32> { column.get(request.clone()).unwrap_or_default().to_vec() };
        // A row that the port did not offer is not the ranker's to order.
        let fused = at(&columns.fused);
        let offered: Vec<usize> = (0..request.len()).filter(|&i| fused.get(i).is_some_and(|s| s.is_finite())).collect();
        let pick = |column: Vec<f32>| -> Vec<f32> { offered.iter().filter_map(|&i| column.get(i).copied()).collect() };
        let rows = batch.rows.get(request.clone()).unwrap_or_default();
        let rows: Vec<u32> = offered.iter().filter_map(|&i| rows.get(i).copied()).collect();
        let sources: Vec<(Vec<f32>, Vec<f32>)> =
            columns.sources.iter().map(|(scores, ranks)| (pick(at(scores)), pick(at(ranks)))).collect();
        let of = Request {
            rows: &rows,
            fused: &pick(fused),
            sources: sources.iter().map(|(scores, ranks)| (scores.as_slice(), ranks.as_slice())).collect(),
            history: &history,
            now,
        };
        let features = features(&of, &mut self.world, &mut self.facts, &self.settings, &self.fading);
        let positive: Vec<bool> = offered.iter().map(|&i| batch.is_rewarded(request.start + i)).collect();
        self.lists.push(&features, &positive, self.settings.negatives);
    }
}

greenroom_sdk::export_agent!(Ranker);

#[cfg(test)]
mod tests;
