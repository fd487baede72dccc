//! What a node gets of what its request has left.

use std::time::{Duration, Instant};

use greenroom_graph::{Node, RequestBudget};
use greenroom_model::{Budget, Fault, FaultKind, FaultReport, Input};

use super::Shared;

impl Shared {
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The agent's budget, cut to what the node and the request have left.
    pub(super) fn budget(&self, node: &Node, own: &Budget, share: RequestBudget) -> Result<Budget, Fault> {
        let left_ms = u64::try_from(self.left().as_millis()).unwrap_or(u64::MAX);
        if left_ms == 0 {
            let most = self.plan.plan.deadline_ms;
            let message = format!("the request's {most} ms were over before it began");
            let report = FaultReport::overrun("deadline_ms", most, most);
            return Err(Fault::host(FaultKind::Deadline, message).reported(report));
        }
        if share.fuel == 0 {
            let most = self.plan.plan.budget.fuel;
            let message = format!("the request's {most} units of fuel were used up before it began");
            let report = FaultReport::overrun("fuel", most, most);
            return Err(Fault { retryable: false, ..Fault::host(FaultKind::Fuel, message) }.reported(report));
        }
        let deadline_ms = own.deadline_ms.min(left_ms).min(node.deadline_ms.unwrap_or(u64::MAX));
        Ok(Budget {
            deadline_ms,
            fuel: share.fuel,
            host_calls_max: share.host_calls_max,
            host_bytes_max: share.host_bytes_max,
            ..*own
        })
    }

    /// What each of the nodes that are ready gets of what the request has left: its own budget, or an equal part when
    /// that is less. It leaves `left`, and what is not used comes back when the node has ended.
    pub(super) fn shares(&self, ready: &[(usize, Vec<Input>)], left: &mut RequestBudget) -> Vec<RequestBudget> {
        let graph = &self.plan.plan;
        let own = |index: usize| graph.agent_of(graph.nodes.get(index)?).map(|agent| &agent.budgets.decide);
        let mut waiting = ready.len() as u64;
        let mut shares = Vec::with_capacity(ready.len());
        for (index, _) in ready {
            let part = |own: Option<u64>, left: &mut u64| {
                let part = own.unwrap_or(0).min(*left / waiting.max(1));
                *left -= part;
                part
            };
            let own = own(*index);
            shares.push(RequestBudget {
                fuel: part(own.map(|own| own.fuel), &mut left.fuel),
                host_calls_max: part(own.map(|own| own.host_calls_max), &mut left.host_calls_max),
                host_bytes_max: part(own.map(|own| own.host_bytes_max), &mut left.host_bytes_max),
            });
            waiting -= 1;
        }
        shares
    }
}
