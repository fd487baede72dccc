//! The report of an evolution, a page of its own.

use std::path::Path;
use std::sync::Arc;

use greenroom_evolve::knowledge::Knowledge;
use greenroom_evolve::proof::Judgement;
use greenroom_evolve::report::{Report, Step, html};
use greenroom_evolve::study::Record;
use greenroom_memory::KeyValue;
use greenroom_model::Digest;

use super::Evolution;
use super::chosen::terms;
use crate::exit::Failure;
use crate::whole;

/// Writes the report. `best` is the plan that was chosen, or that the search ended with.
pub(crate) fn write(
    path: &Path,
    evolution: &Evolution,
    validation: Option<&Judgement>,
    best: Digest,
    kv: &Arc<dyn KeyValue>,
) -> Result<(), Failure> {
    let read = |study: &String| Record::read(Arc::clone(kv), study).map_err(|error| Failure::failed(error.to_string()));
    let studies = evolution.rounds.iter().map(|round| read(&round.study)).collect::<Result<Vec<_>, _>>()?;
    let knowledge = Knowledge::open(Arc::clone(kv)).map_err(Failure::failed)?;
    let lineage = Step::of(&knowledge.lineage(&best, &evolution.data));
    let proof = evolution.proof.as_ref();
    let terms = terms();
    let report = Report {
        title: &evolution.name,
        studies: &studies,
        baseline: Some(evolution.baseline),
        front: evolution.front.as_ref(),
        lineage: &lineage,
        terms: Some(&terms),
        validation: validation.or(proof.map(|proof| &proof.validation)),
        test: proof.and_then(|proof| proof.test.as_ref()),
    };
    let written = whole::write(path, html(&report).as_bytes());
    written.map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display())))
}
