//! Handing over: a graph that is proven, to a host that serves, with its proof.

use std::path::Path;

use greenroom_evolve::proof::{Proof, Standing};
use serde_json::{Value, json};

use super::deploy::{Bundle, Proposed, compared};
use super::evolve::{Workshop, beside};
use crate::evolution::{Evolution, evidence};
use crate::exit::Failure;
use crate::operator::{self, Reach};
use crate::settings::Settings;
use crate::{output, terminal};

/// Whether, and to whom.
#[derive(Debug, clap::Args)]
pub(crate) struct HandOver {
    /// If it is proven, have a host that serves take it over, with its proof.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What a host made of it.
pub(super) struct Handed {
    done: Value,
    compared: Option<Value>,
    uploaded: Vec<String>,
}

impl Handed {
    /// For people.
    pub(super) fn text(&self) -> String {
        operator::rolled(&self.done, self.compared.as_ref())
    }
}

impl HandOver {
    pub(super) fn is_wanted(&self) -> bool {
        self.apply
    }

    /// Says before anything takes long that there is no host, or that it does not know the token.
    pub(super) fn check(&self, settings: &Settings, graph: &Path) -> Result<(), Failure> {
        if self.apply {
            return self.reach.server(&settings.data_dir(graph), graph)?.get("/v1/plans?limit=1").map(drop);
        }
        if self.reach.is_said() {
            return Err(Failure::arguments("--to and --token-file say to whom --apply hands over: add --apply"));
        }
        Ok(())
    }

    /// Has the host take over what is proven. None when that is not wanted.
    ///
    /// The host follows whatever is active, as long as that is the graph that the proof is against: it looks at that itself,
    /// so that agents that learn meanwhile are no conflict, and another operator's graph is one.
    pub(super) fn apply(
        &self,
        settings: &Settings,
        graph: &Path,
        workshop: &Workshop,
        evolution: &Evolution,
        metric: &str,
    ) -> Result<Option<Handed>, Failure> {
        if !self.apply {
            return Ok(None);
        }
        let proof = evolution.proof.as_ref();
        let standing = proof.map(Proof::standing);
        let proven = proof.filter(|_| standing == Some(Standing::Proven));
        let evidence = proven.and_then(|proof| evidence(proof, metric));
        let (Some(evidence), Some(candidate)) = (evidence, &evolution.candidate) else {
            return Err(Failure::failed(format!(
                "{}: nothing was sent to the host, and what serves there stays",
                unproven(standing)
            )));
        };
        let loaded = workshop.maker.load(&candidate.text).map_err(Failure::failed)?;
        let name = beside(graph).display().to_string();
        let reason = format!("evolution `{}`: {metric} {:+.4}", evidence.study, evidence.test.difference);
        let wanted = json!({
            "graph": { "file_name": name, "text": candidate.text }, "reason": reason, "proof": evidence,
        });
        // A host that was started anew since is somewhere else by now.
        let client = self.reach.server(&settings.data_dir(graph), graph);
        let proposed = client.and_then(|client| Ok((Bundle::of(&loaded).propose(&client, wanted)?, client)));
        let handed = proposed.and_then(|(Proposed { status, answer: done, uploaded }, client)| {
            if status != 200 {
                return Err(operator::refused(&done, Some((&name, &candidate.text))));
            }
            let compared = compared(&client, &done);
            Ok(Some(Handed { done, compared, uploaded }))
        });
        handed.inspect_err(|_| {
            terminal::warn(
                "it is proven, and not handed over; `greenroom prove --apply` with the same arguments tries again",
            );
        })
    }

    /// All of it as JSON, also where the hand-over failed.
    pub(super) fn print(mut said: Value, handed: Result<Option<Handed>, Failure>) -> Result<(), Failure> {
        let (applied, ended) = match handed {
            Ok(None) => (None, Ok(())),
            Ok(Some(Handed { done, compared, uploaded })) => {
                (Some(json!({ "done": done, "diff": compared, "uploaded": uploaded })), Ok(()))
            }
            Err(failure) => (Some(Value::Null), Err(failure)),
        };
        if let (Some(applied), Some(said)) = (applied, said.as_object_mut()) {
            said.insert("applied".to_owned(), applied);
        }
        output::json(&said)?;
        ended
    }
}

fn unproven(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "nothing was chosen, so that nothing is proven",
        Some(Standing::Contradicted) => {
            "not proven: where nothing was chosen it is not above the graph as it is, however well it did before"
        }
        Some(_) => "not proven",
    }
}
