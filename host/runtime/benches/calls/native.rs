//! The agents of a plan compiled natively and called directly, wired as the plan wires them.

use std::collections::HashMap;

use greenroom_graph::Plan;
use greenroom_memory::Store;
use greenroom_model::Values;
use greenroom_runtime::{Request, StatesByAgent};
use greenroom_sdk as sdk;
use greenroom_sdk::{Lifecycle, Params, Policy};

trait Native {
    fn decide(&mut self, seen: sdk::Observation) -> sdk::Decision;
}

impl<T: Policy> Native for T {
    fn decide(&mut self, seen: sdk::Observation) -> sdk::Decision {
        Policy::decide(self, seen).unwrap()
    }
}

fn agent<T: Lifecycle + 'static>(params: &[u8], state: Option<sdk::State>) -> (Box<dyn Native>, u32) {
    let mut agent = T::default();
    agent.configure(&Params::decode(params).unwrap()).unwrap();
    if let Some(state) = state {
        agent.restore(state).unwrap();
    }
    (Box::new(agent), T::describe().history_max)
}

pub(crate) struct Pipeline<'a> {
    plan: &'a Plan,
    agents: Vec<(Box<dyn Native>, u32)>,
}

impl<'a> Pipeline<'a> {
    pub(crate) fn new(plan: &'a Plan, states: &StatesByAgent, store: &Store) -> Self {
        set_facts(store);
        let make = |spec: &greenroom_graph::Agent| {
            let params = rmp_serde::to_vec_named(&spec.params).unwrap();
            let state = states.get(&spec.name);
            let state = state.map(|s| sdk::State { schema: s.schema.clone(), bytes: s.bytes.clone() });
            match spec.name.as_str() {
                "als" => agent::<greenroom_als::Als>(&params, state),
                "calibrate" => agent::<greenroom_calibrate::Calibrate>(&params, state),
                "content" => agent::<greenroom_content::Content>(&params, state),
                "ease" => agent::<greenroom_ease::Ease>(&params, state),
                "fusion" => agent::<greenroom_fusion::Fusion>(&params, state),
                "item-knn" => agent::<greenroom_item_knn::ItemKnn>(&params, state),
                "popularity" => agent::<greenroom_popularity::Popularity>(&params, state),
                "ranker" => agent::<greenroom_ranker::Ranker>(&params, state),
                "rerank" => agent::<greenroom_rerank::Rerank>(&params, state),
                "router" => agent::<greenroom_router::Router>(&params, state),
                "transitions" => agent::<greenroom_transitions::Transitions>(&params, state),
                other => panic!("{other} has no native twin"),
            }
        };
        Self { plan, agents: plan.agents.iter().map(make).collect() }
    }

    /// The rows of the answer.
    pub(crate) fn decide(&mut self, request: &Request) -> Vec<u32> {
        let mut done: HashMap<usize, sdk::Payload> = HashMap::new();
        let segment = self.plan.segments.of(request.history.len()).to_owned();
        for (index, node) in self.plan.nodes.iter().enumerate() {
            if let Some(guard) = &node.guard {
                let Some(sdk::Payload::Route(route)) = done.get(&guard.router) else { continue };
                let named = &self.plan.nodes[guard.router].branches;
                let mut known = route.branches.iter().filter(|b| named.contains(&b.name)).peekable();
                let picked = if known.peek().is_none() {
                    guard.branches.iter().any(|b| b == "default")
                } else {
                    known.any(|b| guard.branches.contains(&b.name))
                };
                if !picked {
                    continue;
                }
            }
            let inputs = node.inputs.iter().filter_map(|edge| {
                let payload = done.get(&edge.node)?.clone();
                Some(sdk::Input { port: edge.port.clone(), node: self.plan.nodes[edge.node].name.clone(), payload })
            });
            let inputs: Vec<sdk::Input> = inputs.collect();
            let (agent, history_max) = &mut self.agents[node.agent];
            let seen = observation(request, &segment, node.limit.unwrap_or(request.limit), *history_max, inputs);
            done.insert(index, agent.decide(seen).payload);
        }
        match done.remove(&self.plan.output) {
            Some(sdk::Payload::Candidates(candidates)) => candidates.rows,
            _ => Vec::new(),
        }
    }
}

fn observation(
    request: &Request,
    segment: &str,
    limit: u32,
    history_max: u32,
    inputs: Vec<sdk::Input>,
) -> sdk::Observation {
    let history = &request.history;
    let from = history.len().saturating_sub(history_max as usize);
    sdk::Observation {
        request_id: request.id.to_string(),
        subject: None,
        now: request.now_ms,
        seed: request.seed,
        limit,
        surface: String::new(),
        session_id: None,
        segments: vec![segment.to_owned()],
        excluded: request.excluded.clone(),
        allowed: None,
        context: Vec::new(),
        history: sdk::History {
            rows: history.rows[from..].to_vec(),
            times: history.times[from..].to_vec(),
            kinds: history.kinds[from..].to_vec(),
            values: history.values[from..].to_vec(),
        },
        inputs,
    }
}

/// What the store knows of items, for the agents of this thread.
fn set_facts(store: &Store) {
    let facts = store.facts();
    let rows: Vec<u32> = (0..store.items().len()).collect();
    let column = |field: &str| facts.gather(&rows, &[field]).unwrap().remove(0).values;
    let (Values::F32s(years), Values::S64s(genres)) = (column("year"), column("genres")) else { panic!("no facts") };
    let names = facts.labels("genres").unwrap();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sdk::native::set_facts(store.items().len(), &[("year", years)], &[("genres", names, genres)]);
}
