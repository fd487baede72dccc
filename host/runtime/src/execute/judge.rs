//! Whether what an agent returned may go on, by the rules of its node.

use greenroom_model::{Decision, Fault, FaultKind, Payload, PayloadKind, Usage};
use greenroom_sandbox::{check_payload, mend};
use serde::{Deserialize, Serialize};

/// What a node may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rules {
    pub(crate) output: PayloadKind,
    pub(crate) limit: u32,
    /// Of the catalog.
    pub(crate) rows: u32,
    /// Rows that break a rule are dropped, rather than the whole answer.
    pub(crate) drops_rows: bool,
}

impl Rules {
    /// The decision, maybe without some of its rows. What broke a rule is counted in `broken`.
    ///
    /// # Errors
    /// A fault of the guest that says which rule was broken.
    pub(crate) fn judge(&self, mut decision: Decision, broken: &mut Usage) -> Result<Decision, Fault> {
        let wrong = |message: String| Err(Fault::guest(FaultKind::InvalidOutput, message));
        let kind = decision.payload.kind();
        if kind != self.output {
            return wrong(format!("it returned {}, expected {}", kind.name(), self.output.name()));
        }
        let check = |d: &Decision| check_payload(&d.payload, d.policy.as_ref(), self.limit, self.rows);
        let Err(violation) = check(&decision) else { return Ok(decision) };
        broken.violations += 1;
        if let (true, Payload::Candidates(candidates)) = (self.drops_rows, &mut decision.payload) {
            broken.rows_dropped += mend(candidates, self.limit, self.rows) as u64;
            // Propensities belong to the list as it was drawn.
            decision.policy = None;
        }
        if check(&decision).is_err() {
            return wrong(violation.to_string());
        }
        tracing::debug!(%violation, rows = broken.rows_dropped, "rows were dropped");
        Ok(decision)
    }
}
