//! `greenroom prove`: whether what an evolution chose is better, on events that nothing was chosen on. Once.

use std::path::PathBuf;

use greenroom_evolve::proof::{Reading, Standing, TestPart};
use serde_json::json;

use super::apply::HandOver;
use super::evolve::{Workshop, table};
use crate::evolution::case::{Case, DataFlags};
use crate::evolution::{Evolution, Reward, proven};
use crate::exit::Failure;
use crate::output;
use crate::settings::HostFlags;

/// Says whether the graph that `greenroom evolve` chose is better, on the part of the events that neither the search nor the choice
/// has used. That it was used is written down: an evolution has one look at it. With `--apply` a host that serves takes over
/// what is proven.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file that was evolved.
    graph: PathBuf,
    #[command(flatten)]
    data: DataFlags,
    /// What the studies are called.
    #[arg(long, value_name = "NAME", default_value = "evolution")]
    study: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hand_over: HandOver,
    #[command(flatten)]
    host: HostFlags,
}

/// What the test part says.
pub(super) struct Told {
    pub(super) standing: Standing,
    /// How many studies looked at it.
    pub(super) uses: usize,
}

/// Has the test part read for what an evolution chose, unless it was; what it says is in the evolution's proof from then on.
pub(super) fn tested(
    workshop: &Workshop,
    case: &Case,
    reward: &Reward,
    evolution: &mut Evolution,
) -> Result<Told, Failure> {
    let (study, kv) = (evolution.name.clone(), workshop.store.kv());
    let (Some(candidate), Some(mut proof)) = (evolution.candidate.clone(), evolution.proof.clone()) else {
        return Err(Failure::failed(format!("evolution `{study}` chose nothing: there is nothing to prove")));
    };
    let test = TestPart::of(kv.clone(), evolution.data.clone());
    let reading = test.read(&study, proof.candidate, crate::evolution::now_ms()).map_err(Failure::failed)?;
    let judgement = match reading {
        Reading::Known(using) => using.judgement,
        Reading::Now(ticket) => {
            let arena = workshop.arena(case, &case.test)?;
            let judgement = proven(&workshop.maker, &arena, reward, &candidate.text)?;
            ticket.keep(judgement).map_err(Failure::failed)?.judgement
        }
    };
    proof.test = judgement;
    let standing = proof.standing();
    let uses = test.uses().map_err(Failure::failed)?.len();
    evolution.proof = Some(proof);
    evolution.keep(&*kv)?;
    Ok(Told { standing, uses })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    arguments.hand_over.check(&settings, &arguments.graph)?;
    let case = arguments.data.case()?;
    let workshop = Workshop::open(&settings, &arguments.graph)?;
    let reward = Reward::of(&workshop.maker.origin().plan)?;
    let (kv, study) = (workshop.store.kv(), &arguments.study);
    let mut evolution = Evolution::read(&*kv, study)?.ok_or_else(|| {
        Failure::failed(format!("there is no evolution `{study}` of this graph: run `greenroom evolve` first"))
    })?;
    let (graph, catalogue) = workshop.digests();
    let data = case.data(graph, catalogue);
    if evolution.data != data {
        return Err(Failure::failed(format!(
            "evolution `{study}` was run on other data, another protocol or another graph: its proof would be of something else \
             (it has {}, and this is {data})",
            evolution.data
        )));
    }
    let told = tested(&workshop, &case, &reward, &mut evolution)?;
    let apply = || arguments.hand_over.apply(&settings, &arguments.graph, &workshop, &evolution, reward.decisive());
    if arguments.json {
        let said = json!({ "standing": told.standing, "proof": evolution.proof, "uses": told.uses });
        return HandOver::print(said, apply());
    }
    output::text(&text(&told, &evolution, reward.decisive()))?;
    apply()?.map_or(Ok(()), |handed| output::text(&handed.text()))
}

/// The same for people.
pub(super) fn text(told: &Told, evolution: &Evolution, metric: &str) -> String {
    let Told { standing, uses } = *told;
    let test = evolution.proof.as_ref().and_then(|proof| proof.test.as_ref());
    let shown = test.map(|judgement| table(judgement, metric)).unwrap_or_default();
    let said = match standing {
        Standing::Proven => "proven: better where it was chosen, and above the graph as it is where nothing was chosen",
        Standing::Contradicted => "NOT proven: where nothing was chosen it is not above the graph as it is",
        Standing::Validated | Standing::Unproven => "NOT proven",
    };
    let looks = if uses == 1 { "1 study has".to_owned() } else { format!("{uses} studies have") };
    format!("{shown}{said}\n{looks} looked at this part of these events\n")
}
