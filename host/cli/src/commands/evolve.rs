//! `greenroom evolve`: searches for a better graph, and chooses among what it found.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_evolve::knowledge::{Judgement as Known, Knowledge};
use greenroom_evolve::proof::{Judgement, Proof, USERS_MIN, Verdict};
use greenroom_evolve::sampler;
use greenroom_evolve::study::{Cost, Record};
use greenroom_memory::{KeyValue, Store};
use greenroom_model::Digest;
use greenroom_model::text::shown;
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
    Arms, Candidate, Evolution, Found, Level, Maker, Most, Of, Outside, Past, Plan, Reward, Round, Search, Searched,
    Took, judged, now_ms, terms,
};
use crate::exit::Failure;
use crate::settings::{HostFlags, Settings};
use crate::table::{Table, large};
use crate::terminal::Stoppable;
use crate::{output, whole};

/// Bytes of outputs of nodes that are kept in memory while graphs are tried.
const OUTPUTS_BYTES: usize = 1 << 30;
/// Bytes of what agents learned that are kept on the disk while graphs are tried: some hundred graphs' worth where a graph has a
/// model of 16 MiB and some smaller ones. What gives way is learned anew when it is needed.
const STATES_BYTES: u64 = 4 << 30;
/// Changes of a graph that are named in a table.
const NAMED: usize = 4;

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
    /// How much fuel they may take, in all: 500G, 2T. No trial is begun once it is spent.
    #[arg(long, value_name = "UNITS", value_parser = fuel)]
    fuel: Option<u64>,
    /// How many seconds they may take, in all; those of trials beside each other add up.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
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
    /// Search each agent that has a metric of its own by that, at the individual level: it says what is tried next and what is
    /// given up. What is promoted and judged goes by the objective of the graph.
    #[arg(long)]
    inner: bool,
    /// How many graphs are tried beside each other. It is part of a study: another number makes other trials.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    parallel: u64,
    /// Begin with nothing that is known from other evolutions of these agents on these events, neither where to search nor what
    /// fails: for studies that must not depend on each other.
    #[arg(long)]
    no_warm: bool,
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

/// Units of fuel: a number, and k, M, G or T after it.
fn fuel(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(['k', 'M', 'G', 'T']);
    let unit = match text.get(number.len()..) {
        Some("") => 1.0,
        Some("k") => 1e3,
        Some("M") => 1e6,
        Some("G") => 1e9,
        Some("T") => 1e12,
        _ => f64::NAN,
    };
    match number.parse::<f64>().map(|number| number * unit) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
        Ok(units) if (1.0..1e19).contains(&units) => Ok(units as u64),
        _ => Err("expected units of fuel, such as 500G or 1.5T".to_owned()),
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
        let states = States::bounded(&folder.join("states"), STATES_BYTES);
        let states = states.map_err(|e| Failure::failed(format!("{} cannot be used: {e}", folder.display())))?;
        let bench = Bench { sandbox, guests, states, progress: std::sync::Arc::new(Quiet) };
        let segments = maker.origin().plan.segments;
        let thresholds = Thresholds { cold_max: segments.cold as usize, light_max: segments.light as usize };
        Ok(Self { maker, store, bench, thresholds })
    }

    /// Drops what agents learned for graphs that were not looked at since a moment.
    fn forget(&self, since: Instant) -> Result<(), Failure> {
        let swept = self.bench.states.sweep(since.elapsed());
        swept.map(drop).map_err(|error| Failure::failed(format!("learned states cannot be swept: {error}")))
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
        most: Most {
            fuel: arguments.fuel,
            time_us: arguments.seconds.map(|seconds| seconds.saturating_mul(1_000_000)),
        },
        sampler: &sampler,
        command: command.map(|command| (command, Duration::from_secs(arguments.sampler_seconds))),
        levels: arguments.level.list(),
        inner: arguments.inner,
        parallel: usize::try_from(arguments.parallel).unwrap_or(1),
        warm: !arguments.no_warm,
        data: case.data(graph, catalogue),
    };
    let kv = workshop.store.kv();
    let (past, began_ms, stoppable) = (Past::of(&kv, &plan)?, now_ms(), Stoppable::new());
    let arena = workshop.arena(&case, &case.search)?;
    let search = Search {
        maker: &workshop.maker,
        arena: &arena,
        reward: &reward,
        kv: workshop.store.kv(),
        past: &past,
        stop: stoppable.stop(),
    };
    let Searched { mut evolution, found, bases, records, stopped, took } = search.run(&plan)?;
    // From here on nothing is worth waiting for: what follows is done again in seconds.
    drop(stoppable);
    let source = Source { sampler: &sampler, seed: arguments.seed, data: &plan.data, metric: reward.name() };
    let mut knowledge = Knowledge::open(kv).map_err(Failure::failed)?;
    let origin = source.origin(graph, evolution.baseline, began_ms);
    knowledge.add_all(std::iter::once(origin).chain(records).collect()).map_err(Failure::failed)?;
    if stopped {
        return halted(arguments, &evolution, found.first(), reward.name());
    }
    let judging = Instant::now();
    // What an evolution goes on with, when it is given more trials.
    for text in [Some(&evolution.origin), bases.last().map(|base| &base.text)].into_iter().flatten() {
        arena.learn(&workshop.maker.load(text).map_err(Failure::failed)?)?;
    }
    drop(arena);
    let arena = workshop.arena(&case, &case.validation)?;
    let arms = judged(&workshop.maker, &arena, &reward, &found)?;
    let better = arms.judgement.best().filter(|arm| arm.verdict == Verdict::Better).map(|arm| arm.name.clone());
    let chosen = better.and_then(|name| arms.found.iter().find(|(digest, _)| digest.to_string() == name));
    workshop.forget(judging)?;
    let judgements = arms.found.iter().filter_map(|(digest, found)| {
        let name = digest.to_string();
        if let Some((_, why)) = arms.judgement.unusable.iter().find(|(unusable, _)| *unusable == name) {
            return Some(source.unusable(*digest, found, why));
        }
        let arm = arms.judgement.arm(&name)?;
        let known = if arm.verdict == Verdict::Better { Known::Validated } else { Known::Unproven };
        Some(source.judged(*digest, found, arm, known))
    });
    knowledge.add_all(judgements.collect()).map_err(Failure::failed)?;
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
    let apply = || arguments.hand_over.apply(&settings, &arguments.graph, &workshop, &evolution, reward.decisive());
    if arguments.json {
        let graph = |(digest, found): &(Digest, Found)| {
            let Found { text, value, round, number, .. } = found;
            json!({ "plan": digest, "value": value, "study": round, "trial": number, "graph": text })
        };
        let mut said = json!({
            "report": report,
            "evolution": evolution,
            "terms": terms(),
            "validation": arms.judgement,
            "judged": arms.found.iter().map(graph).collect::<Vec<_>>(),
            "cost": spent(&evolution, &workshop.store.kv())?,
            "took": { "evaluating_s": took.evaluating.as_secs_f64(), "controller_s": took.controller.as_secs_f64() },
            "beside": arms.beside,
            "inner": arms.inner,
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
    let shown = format!("{}{}{}", front(&evolution), table(&arms.judgement, reward.decisive()), beside_table(&arms));
    let proof = look.map_or_else(String::new, |look| prove::text(&look, &evolution, reward.decisive()));
    let (told, took) = (told(&evolution), time(took));
    output::text(&format!("{told}{took}\n{shown}{next}{proof}the report is in {}\n", report.display()))?;
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

/// How far a search came that was stopped.
fn halted(arguments: &Arguments, evolution: &Evolution, best: Option<&Found>, metric: &str) -> Result<(), Failure> {
    let made: u64 = evolution.rounds.iter().map(|round| round.trials).sum();
    if arguments.json {
        let best = best.map(|best| json!({ "study": best.round, "trial": best.number, "value": best.value }));
        output::json(&json!({ "stopped": true, "trials": made, "evolution": evolution, "best": best }))?;
    } else {
        let best = best.map_or_else(String::new, |best| {
            format!(", the best so far {:.5} (trial {} of {})", best.value, best.number, best.round)
        });
        output::text(&format!(
            "{}stopped after {made} of {} trials; {metric} of the graph as it is {:.5}{best}\nnothing was judged yet: run it \
             again with the same arguments, and it goes on\n",
            told(evolution),
            arguments.trials,
            evolution.baseline,
        ))?;
    }
    Err(Failure::Interrupted)
}

/// The name of a graph file with `.evolved` before its end.
pub(super) fn beside(graph: &std::path::Path) -> PathBuf {
    graph.with_extension("evolved.toml")
}

fn told(evolution: &Evolution) -> String {
    let mut text = String::new();
    for round in &evolution.rounds {
        text.push_str(&format!("{}: {}{}\n", round.study, round.reason, past(round)));
    }
    for note in &evolution.notes {
        text.push_str(&format!("{note}\n"));
    }
    text
}

/// What this run took, where it made trials.
fn time(took: Took) -> String {
    let [trials, controller] = [took.evaluating, took.controller].map(|took| took.as_secs_f64());
    if trials == 0.0 {
        return String::new();
    }
    let share = 100.0 * controller / trials;
    format!("trials took {trials:.1} s; saying what is tried, and writing down what came of it, {share:.1} % of that\n")
}

/// What a round began with.
fn past(round: &Round) -> String {
    match (round.known, round.foreign) {
        (0, 0) => String::new(),
        (known, 0) => format!("; it began with {known} trials of the past"),
        (known, foreign) => {
            format!("; it began with {known} trials of the past, and not with {foreign} more, which are on other data")
        }
    }
}

/// What no other graph beats in the search, where there are several objectives.
fn front(evolution: &Evolution) -> String {
    let Some(front) = &evolution.front else { return String::new() };
    let of = |values: &[f64]| -> String {
        let each = front.objectives.iter().zip(values).map(|(of, value)| format!("{} {}", of.name, figure(*value)));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut table = Table::new(&["trial", "has", "changed"]);
    table.row(["as it is".to_owned(), of(&front.origin), String::new()]);
    for member in &front.members {
        let changed: Vec<&str> = member.changes.iter().map(|change| change.what.as_str()).take(NAMED).collect();
        let more = if member.changes.len() > NAMED { ", more" } else { "" };
        let trial = format!("{} of {}", member.trial, member.study);
        table.row([trial, of(&member.values), format!("{}{more}", changed.join(", "))]);
    }
    format!(
        "{}no other beats these in the search; hypervolume {:.5} ({:.5} as it is), from {}\n\n",
        table.render(),
        front.hypervolume,
        front.hypervolume_origin,
        of(&front.reference),
    )
}

/// A value of any metric.
fn figure(value: f64) -> String {
    if value.abs() < 1_000.0 { format!("{value:.4}") } else { large(value) }
}

/// How arms did by objectives that do not decide.
fn beside_table(arms: &Arms) -> String {
    let mut table = Table::new(&["graph", "beside", "value>", "more>", "low>", "high>"]);
    let mut notes = String::new();
    let short = |name: &str| name.parse::<Digest>().map_or_else(|_| "as it is".to_owned(), |digest| digest.short());
    let signed = |value: f64| format!("{value:+.4}");
    for beside in &arms.beside {
        let metric = || beside.objective.clone();
        match &beside.of {
            Of::Subjects(judgement) => {
                let none = [String::new(), String::new(), String::new()];
                table.row(["as it is".to_owned(), metric(), figure(judgement.baseline)].into_iter().chain(none));
                for arm in &judgement.arms {
                    let more = [signed(arm.difference), signed(arm.low), signed(arm.high)];
                    table.row([short(&arm.name), metric(), figure(arm.mean)].into_iter().chain(more));
                }
            }
            Of::Whole(values) => {
                values.iter().for_each(|(name, value)| table.row([short(name), metric(), figure(*value)]));
            }
            Of::Nothing(why) => notes.push_str(&format!("{}: nothing can be said of it here: {why}\n", metric())),
        }
    }
    if table.is_empty() { notes } else { format!("{}{notes}", table.render()) }
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
        let name = short(&arm.name);
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
    let mut text = format!("{}{metric} of {} subjects", table.render(), judgement.users);
    if judgement.users < USERS_MIN {
        text.push_str(&format!(": of fewer than {USERS_MIN} an interval says nothing, and nothing is proven"));
    }
    text.push_str("; one-sided 2.5 % for all together\n");
    for (name, why) in &judgement.unusable {
        text.push_str(&format!("{} was not judged: {}\n", short(name), shown(&why.to_string())));
    }
    text
}

/// Graphs are named by digests of plans.
fn short(name: &str) -> String {
    name.parse::<Digest>().map_or_else(|_| name.to_owned(), |digest| digest.short())
}
