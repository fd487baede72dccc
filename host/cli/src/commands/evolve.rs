//! `greenroom evolve`: searches for a better graph, and chooses among what it found.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use greenroom_evolve::knowledge::{Judgement as Known, Knowledge};
use greenroom_evolve::proof::{Judgement, Proof, Verdict};
use greenroom_evolve::sampler;
use greenroom_evolve::study::{Cost, Record};
use greenroom_memory::{KeyValue, Store};
use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Exam, Thresholds};
use greenroom_runtime::{Arena, Bench, Quiet, States};
use serde_json::json;

use super::apply::HandOver;
use super::prove::{self, tested};
use crate::evolution::case::{self, Case, DataFlags};
use crate::evolution::known::Source;
use crate::evolution::outside::words;
use crate::evolution::page;
use crate::evolution::{
    Candidate, Evolution, Found, Level, Maker, Outside, Plan, Reward, Search, Searched, judged, terms,
};
use crate::exit::Failure;
use crate::settings::{HostFlags, Settings};
use crate::table::Table;
use crate::{output, whole};

/// Bytes of outputs of nodes that are kept in memory while graphs are tried.
const OUTPUTS_BYTES: usize = 1 << 30;

/// Searches for a better graph: parameters of its agents, which of them there are and how they are wired. The best of what it
/// found is chosen on events that the search has not used, and written beside the graph; `greenroom prove` then says
/// whether it is better; with `--apply` that is said here, and a host that serves takes over what is proven. Run again with the
/// same arguments, it goes on where it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    #[command(flatten)]
    data: DataFlags,
    /// What the studies are called.
    #[arg(long, value_name = "NAME", default_value = "evolution")]
    study: String,
    /// How many graphs are tried, in all.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    trials: u64,
    /// Where all randomness comes from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// What is tried next.
    #[arg(long, value_name = "NAME", default_value = sampler::NAMES[0], value_parser = sampler::NAMES)]
    sampler: String,
    /// A program that says what is tried next, over JSON lines; docs/samplers.md tells how. Words are split at blanks outside of
    /// quotes.
    #[arg(long, value_name = "COMMAND", conflicts_with = "sampler", value_parser = command)]
    sampler_command: Option<String>,
    /// How long that program may take to answer a question.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "sampler_command", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    sampler_seconds: u64,
    /// Both levels alternate: one is left when it gains no more. One of them alone, or both in one flat space (joint), is
    /// searched in one study of all trials.
    #[arg(long, value_enum, default_value_t)]
    level: Levels,
    /// How many graphs are tried beside each other. It is part of a study: another number makes other trials.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    parallel: u64,
    /// Where the graph that was chosen is written; beside the graph, as NAME.evolved.toml, when nothing is said.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the report is written, a page for a browser; beside the graph, as NAME.evolution.html, when nothing is said.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hand_over: HandOver,
    #[command(flatten)]
    host: HostFlags,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Levels {
    #[default]
    Both,
    Individual,
    Compositional,
    Joint,
}

impl Levels {
    fn list(self) -> &'static [Level] {
        match self {
            Self::Both => &[Level::Individual, Level::Compositional],
            Self::Individual => &[Level::Individual],
            Self::Compositional => &[Level::Compositional],
            Self::Joint => &[Level::Joint],
        }
    }
}

/// A command that has a program.
fn command(text: &str) -> Result<String, String> {
    words(text).map(|_| text.to_owned())
}

/// What graphs are evaluated with.
pub(crate) struct Workshop {
    pub(crate) maker: Maker,
    pub(crate) store: Store,
    bench: Bench,
    thresholds: Thresholds,
}

impl Workshop {
    pub(crate) fn open(settings: &Settings, graph: &std::path::Path) -> Result<Self, Failure> {
        let (sandbox, guests) = settings.sandbox()?;
        let maker = Maker::of(&sandbox, &guests, graph)?;
        let folder = case::folder(&settings.data_dir(graph));
        let store = Store::open(&folder)?;
        let states = States::open(&folder.join("states"));
        let states = states.map_err(|e| Failure::failed(format!("{} cannot be used: {e}", folder.display())))?;
        let bench = Bench { sandbox, guests, states, progress: std::sync::Arc::new(Quiet) };
        let segments = maker.origin().plan.segments;
        let thresholds = Thresholds { cold_max: segments.cold as usize, light_max: segments.light as usize };
        Ok(Self { maker, store, bench, thresholds })
    }

    pub(crate) fn arena(&self, case: &Case, exam: &Exam) -> Result<Arena, Failure> {
        Ok(Arena::new(self.bench.clone(), exam, case.items.as_ref(), &self.thresholds, OUTPUTS_BYTES)?)
    }

    /// Of the graph that is evolved, and of the agents that it may choose from.
    pub(crate) fn digests(&self) -> (Digest, Digest) {
        let plan = &self.maker.origin().plan;
        let agents = plan.catalogue.iter().map(|agent| agent.component);
        let catalogue: Vec<Digest> = agents.collect();
        (self.maker.origin().digest(), Digest::of_parts(catalogue.iter().map(|digest| digest.bytes().as_slice())))
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    arguments.hand_over.check(&settings, &arguments.graph)?;
    let case = arguments.data.case()?;
    let workshop = Workshop::open(&settings, &arguments.graph)?;
    let reward = Reward::of(&workshop.maker.origin().plan)?;
    let (graph, catalogue) = workshop.digests();
    let command = arguments.sampler_command.as_deref();
    let sampler = command.map_or_else(|| arguments.sampler.clone(), Outside::called);
    let plan = Plan {
        name: &arguments.study,
        seed: arguments.seed,
        trials: arguments.trials,
        sampler: &sampler,
        command: command.map(|command| (command, Duration::from_secs(arguments.sampler_seconds))),
        levels: arguments.level.list(),
        parallel: usize::try_from(arguments.parallel).unwrap_or(1),
        data: case.data(graph, catalogue),
    };
    let arena = workshop.arena(&case, &case.search)?;
    let search = Search {
        maker: &workshop.maker,
        arena: &arena,
        reward: &reward,
        kv: workshop.store.kv(),
        stop: &AtomicBool::new(false),
    };
    let Searched { mut evolution, found, bases } = search.run(&plan)?;
    drop(arena);
    let arena = workshop.arena(&case, &case.validation)?;
    let arms = judged(&workshop.maker, &arena, &reward, &found)?;
    let better = arms.judgement.best().filter(|arm| arm.verdict == Verdict::Better).map(|arm| arm.name.clone());
    let chosen = better.and_then(|name| arms.found.iter().find(|(digest, _)| digest.to_string() == name));
    let mut knowledge = Knowledge::open(workshop.store.kv()).map_err(Failure::failed)?;
    let source = Source { sampler: &sampler, seed: arguments.seed, data: &plan.data, metric: reward.name() };
    source.origin(graph, evolution.baseline, &mut knowledge)?;
    for base in &bases {
        let plan = workshop.maker.load(&base.text).map_err(Failure::failed)?.digest();
        source.found(plan, base, None, &mut knowledge)?;
    }
    for (digest, found) in &arms.found {
        let Some(arm) = arms.judgement.arm(&digest.to_string()) else { continue };
        let validated = arm.verdict == Verdict::Better;
        let known = if validated { Known::Validated } else { Known::Unproven };
        source.found(*digest, found, Some((arm, known)), &mut knowledge)?;
    }
    if let Some((digest, found)) = chosen {
        let (text, study, trial) = (found.text.clone(), found.round.clone(), found.number);
        evolution.candidate = Some(Candidate { text, study, trial });
        evolution.proof = Some(Proof {
            study: arguments.study.clone(),
            candidate: *digest,
            data: plan.data.clone(),
            terms: terms(),
            validation: arms.judgement.clone(),
            test: None,
        });
    }
    evolution.keep(&*workshop.store.kv())?;
    let out = arguments.out.clone().unwrap_or_else(|| beside(&arguments.graph));
    if let Some(candidate) = &evolution.candidate {
        whole::write(&out, candidate.text.as_bytes())
            .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", out.display())))?;
    }
    let wanted = arguments.hand_over.is_wanted() && evolution.candidate.is_some();
    let look = match wanted {
        true => Some(tested(&workshop, &case, &reward, &mut evolution)?),
        false => None,
    };
    let report = arguments.report.clone().unwrap_or_else(|| arguments.graph.with_extension("evolution.html"));
    let best = chosen.or(arms.found.first()).map_or(graph, |(digest, _)| *digest);
    page::write(&report, &evolution, Some(&arms.judgement), best, &workshop.store.kv())?;
    let apply = || arguments.hand_over.apply(&settings, &arguments.graph, &workshop, &evolution, reward.name());
    if arguments.json {
        let graph = |(digest, found): &(Digest, Found)| {
            let Found { text, value, round, number, .. } = found;
            json!({ "plan": digest, "value": value, "study": round, "trial": number, "graph": text })
        };
        let mut said = json!({
            "report": report,
            "evolution": evolution,
            "validation": arms.judgement,
            "judged": arms.found.iter().map(graph).collect::<Vec<_>>(),
            "cost": spent(&evolution, &workshop.store.kv())?,
            "out": evolution.candidate.as_ref().map(|_| &out),
        });
        if let (Some(look), Some(said)) = (&look, said.as_object_mut()) {
            said.insert("standing".to_owned(), json!(look.standing));
            said.insert("uses".to_owned(), json!(look.uses));
        }
        return HandOver::print(said, apply());
    }
    let next = match &evolution.candidate {
        Some(_) if look.is_some() => format!("the best of them is in {}\n", out.display()),
        Some(_) => format!("the best of them is in {}; `greenroom prove` says whether it is better\n", out.display()),
        None => {
            "none is shown to be better on events that the search has not used: the graph stays as it is\n".to_owned()
        }
    };
    let shown = table(&arms.judgement, reward.name());
    let proof = look.map_or_else(String::new, |look| prove::text(&look, &evolution, reward.name()));
    output::text(&format!("{}\n{shown}{next}{proof}the report is in {}\n", told(&evolution), report.display()))?;
    apply()?.map_or(Ok(()), |handed| output::text(&handed.text()))
}

/// What the trials of an evolution took, spared or not.
fn spent(evolution: &Evolution, kv: &Arc<dyn KeyValue>) -> Result<Cost, Failure> {
    let mut all = Cost::default();
    for round in &evolution.rounds {
        let record = Record::read(Arc::clone(kv), &round.study).map_err(|error| Failure::failed(error.to_string()))?;
        let trials = record.trials.iter().filter(|trial| trial.number < round.trials);
        all = trials.fold(all, |all, trial| all.and(trial.cost(u64::MAX)));
    }
    Ok(all)
}

/// The name of a graph file with `.evolved` before its end.
pub(super) fn beside(graph: &std::path::Path) -> PathBuf {
    graph.with_extension("evolved.toml")
}

fn told(evolution: &Evolution) -> String {
    let mut text = String::new();
    for round in &evolution.rounds {
        text.push_str(&format!("{}: {}\n", round.study, round.reason));
    }
    for note in &evolution.notes {
        text.push_str(&format!("{note}\n"));
    }
    text
}

/// A judgement, for people.
pub(crate) fn table(judgement: &Judgement, metric: &str) -> String {
    let mut table = Table::new(&["graph", "mean>", "more>", "low>", "high>", "verdict"]);
    table.row([
        "as it is".to_owned(),
        format!("{:.4}", judgement.baseline),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    for arm in &judgement.arms {
        let verdict = match arm.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Undecided => "undecided",
        };
        let name = arm.name.parse::<Digest>().map_or_else(|_| arm.name.clone(), |digest| digest.short());
        let signed = |value: f64| format!("{value:+.4}");
        let cells = [
            name,
            format!("{:.4}", arm.mean),
            signed(arm.difference),
            signed(arm.low),
            signed(arm.high),
            verdict.to_owned(),
        ];
        table.row(cells);
    }
    format!("{}{metric} of {} subjects; one-sided 2.5 % for all together\n", table.render(), judgement.users)
}
