//! What one plan counts.

use std::sync::Arc;
use std::time::Duration;

use greenroom_model::{Fault, FaultSource};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

use crate::telemetry::Inner;

/// The series of a plan's nodes and agents, found when the plan began to serve.
pub struct PlanSeries {
    pub(crate) of: Arc<Inner>,
    /// In the order of the plan.
    pub(crate) nodes: Vec<NodeSeries>,
}

pub(crate) struct NodeSeries {
    pub(crate) name: Arc<str>,
    pub(crate) agent: Arc<str>,
    pub(crate) seconds: Histogram,
    pub(crate) fuel: Counter,
}

impl PlanSeries {
    /// Counts a call of the plan's `node`th node, which used so much fuel, and its fault if it failed.
    pub fn called(&self, node: usize, took: Duration, fuel: u64, fault: Option<&Fault>) {
        let Some(node) = self.nodes.get(node) else { return };
        node.seconds.observe(took.as_secs_f64());
        node.fuel.inc_by(fuel);
        if let Some(fault) = fault {
            self.of.faults.of(&[&node.name, source(fault.source), fault.kind.name()]).inc();
        }
    }
}

fn source(source: FaultSource) -> &'static str {
    match source {
        FaultSource::Guest => "guest",
        FaultSource::Host => "host",
        FaultSource::Caller => "caller",
    }
}
