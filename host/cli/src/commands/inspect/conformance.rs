//! `greenroom inspect --conformance`: whether a component keeps the contract.

use std::path::Path;

use greenroom_model::Fault;
use greenroom_runtime::Guests;
use greenroom_sandbox::Component;
use greenroom_workbench::{Check, Outcome, conformance, equal};
use serde_json::json;

use crate::exit::Failure;
use crate::output;

pub(super) fn run(
    path: &Path,
    guests: &Guests,
    component: Component,
    next: Option<Component>,
    same_as: Option<Component>,
    json: bool,
) -> Result<(), Failure> {
    let checked = guests.block_on(async move {
        let checks = match same_as {
            // Who is to be as another one is, is judged by that alone: the other may be made to break rules.
            Some(reference) => equal(&component, &reference).await?,
            None => conformance(&component, next.as_ref()).await?,
        };
        Ok::<_, Fault>(checks)
    });
    let checks = checked.map_err(Failure::failed)?;
    let checks = checks.map_err(|fault| Failure::agent(format!("{} cannot be checked: {fault}", path.display())))?;
    let failed = checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_))).count();
    match json {
        true => output::json(&json!({ "component": path, "passed": failed == 0, "checks": checks }))?,
        false => output::text(&checks.iter().map(line).collect::<String>())?,
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::agent(format!("{}: {failed} of {} checks failed", path.display(), checks.len()))),
    }
}

fn line(Check { name, outcome }: &Check) -> String {
    match outcome {
        Outcome::Passed => format!("yes  {name}\n"),
        Outcome::Failed(why) => format!("no   {name}: {why}\n"),
        Outcome::Skipped(why) => format!("-    {name}: {why}\n"),
    }
}
