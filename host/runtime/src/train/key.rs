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
        shaping(&agent.spec).bytes(),
        data.bytes(),
        facts.bytes(),
    ])
}

/// Of an agent that learns from what the plan before it says: `plan` ends at its node. `data`: of the early and the next
/// part, of what was served, and of the facts.
pub(super) fn stacked(agent: &Agent, plan: &ActivePlan, data: &[Digest; 4]) -> Digest {
    let own = [agent.version.component, shaping(&agent.spec), plan.digest];
    let parts = [ROAD, b"stacked"].into_iter();
    Digest::of_parts(parts.chain(own.iter().chain(data).map(|digest| digest.bytes().as_slice())))
}

/// Of the code and of the parameters that `learn` and `fit` read: states of one shape are for one another.
pub(crate) fn shape(spec: &greenroom_graph::Agent) -> Digest {
    Digest::of_parts([spec.component.bytes().as_slice(), shaping(spec).bytes()])
}

/// The grants, and the parameters that `learn` and `fit` read. Without a descriptor nobody knows, so all of them.
fn shaping(spec: &greenroom_graph::Agent) -> Digest {
    let shapes = |name: &str| {
        let descriptor = spec.descriptor.as_ref();
        descriptor.and_then(|d| d.parameter(name)).is_none_or(|parameter| parameter.shapes_state)
    };
    let params: Params =
        spec.params.iter().filter(|(name, _)| shapes(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let params = greenroom_graph::Agent { params, ..spec.clone() }.params_digest();
    let grants: Vec<String> = spec.grants.iter().map(ToString::to_string).collect();
    Digest::of_parts([params.bytes().as_slice(), grants.join(",").as_bytes()])
}
