//! `greenroom prove`: whether what an evolution chose is better, on events that nothing was chosen on. Once.

use std::path::PathBuf;

use greenroom_evolve::proof::{Reading, Standing, TestPart};
use serde_json::json;

use super::evolve::{Workshop, table};
use crate::evolution::case::DataFlags;
use crate::evolution::{Evolution, Reward, proven};
use crate::exit::Failure;
use crate::output;
use crate::settings::HostFlags;

/// Says whether the graph that `greenroom evolve` chose is better, on the part of the events that neither the search nor the choice
/// has used. That it was used is written down: an evolution has one look at it.
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
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let case = arguments.data.case()?;
    let workshop = Workshop::open(&settings, &arguments.graph)?;
    let reward = Reward::of(&workshop.maker.origin().plan)?;
    let kv = workshop.store.kv();
    let study = &arguments.study;
    let mut evolution = Evolution::read(&*kv, study)?.ok_or_else(|| {
        Failure::failed(format!("there is no evolution `{study}` of this graph: run `greenroom evolve` first"))
    })?;
    let (graph, catalogue) = workshop.digests();
    let data = case.data(graph, catalogue);
    if evolution.data != data {
        return Err(Failure::failed(format!(
            "evolution `{study}` was run on other data, another protocol or another graph: its proof would be of something else \
             (it has {:?}, and this is {data:?})",
            evolution.data
        )));
    }
    let (Some(candidate), Some(mut proof)) = (evolution.candidate.clone(), evolution.proof.clone()) else {
        return Err(Failure::failed(format!("evolution `{study}` chose nothing: there is nothing to prove")));
    };
    let test = TestPart::of(kv.clone(), data);
    let reading = test.read(study, proof.candidate, crate::evolution::now_ms()).map_err(Failure::failed)?;
    let judgement = match reading {
        Reading::Known(using) => using.judgement,
        Reading::Now(ticket) => {
            let arena = workshop.arena(&case, &case.test)?;
            let judgement = proven(&workshop.maker, &arena, &reward, &candidate.text)?;
            ticket.keep(judgement).map_err(Failure::failed)?.judgement
        }
    };
    proof.test = judgement;
    let standing = proof.standing();
    let uses = test.uses().map_err(Failure::failed)?.len();
    evolution.proof = Some(proof.clone());
    evolution.keep(&*kv)?;
    if arguments.json {
        return output::json(&json!({ "standing": standing, "proof": proof, "uses": uses }));
    }
    let shown = proof.test.as_ref().map(|judgement| table(judgement, reward.name())).unwrap_or_default();
    let said = match standing {
        Standing::Proven => "proven: better where it was chosen, and above the graph as it is where nothing was chosen",
        Standing::Contradicted => "NOT proven: where nothing was chosen it is not above the graph as it is",
        Standing::Validated | Standing::Unproven => "NOT proven",
    };
    let looks = if uses == 1 { "1 study has".to_owned() } else { format!("{uses} studies have") };
    output::text(&format!("{shown}{said}\n{looks} looked at this part of these events\n"))
}
