//! What a learned state is remembered by: the code, the parameters that shape it, and the data.
//!
//! The code stands for all that it says of itself, the schema of its states too: it is asked in an instance that is not
//! configured and reaches nothing, so that it has nothing but itself to go by.

use greenroom_model::{Digest, Params};

use crate::active::ActivePlan;
use crate::agent::Agent;

/// Changes when training itself does, so that states of an older host are not taken for new ones.
const ROAD: &[u8] = b"greenroom training 3";

/// Of an agent that learns from events alone.
pub(super) fn source(agent: &Agent, data: &Digest, facts: &Digest) -> Digest {
    Digest::of_parts([
        ROAD,
        b"source",
        agent.version.component.bytes(),
        agent.spec.shaping().bytes(),
        data.bytes(),
        facts.bytes(),
    ])
}

/// Of an agent that learns from what the plan before it says: `plan` ends at its node. `data`: of the early and the next
/// part, of what was served, and of the facts.
pub(super) fn stacked(agent: &Agent, plan: &ActivePlan, data: &[Digest; 4]) -> Digest {
    let own = [agent.version.component, agent.spec.shaping(), plan.digest];
    let parts = [ROAD, b"stacked"].into_iter();
    Digest::of_parts(parts.chain(own.iter().chain(data).map(|digest| digest.bytes().as_slice())))
}

/// What an agent is configured with where it learns: what it says does not shape its state is as usual there, whatever the
/// graph says. A state is kept for all agents that differ in these alone, and an agent that read them all the same would
/// hand over to one what was learned for another.
pub(crate) fn lessons(spec: &greenroom_graph::Agent) -> Params {
    let mut params = spec.params.clone();
    let parameters = spec.descriptor.iter().flat_map(|descriptor| &descriptor.parameters);
    for parameter in parameters.filter(|parameter| !parameter.shapes_state) {
        match parameter.domain.usual() {
            Some(usual) => {
                params.entry(parameter.name.clone()).and_modify(|value| *value = usual);
            }
            None => {
                params.remove(&parameter.name);
            }
        }
    }
    params
}

/// States of one shape are for one another.
pub(crate) fn shape(spec: &greenroom_graph::Agent) -> Digest {
    spec.shape()
}
