//! What calls of an agent cost: time, fuel and memory, of one component or of two side by side.

use std::time::Instant;

use greenroom_model::Fault;
use greenroom_sandbox::Component;
use serde::Serialize;

use crate::{Session, of_size};

/// What calls cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cost {
    /// An instance made and configured, in microseconds: the median.
    pub instance_us: f64,
    /// A `decide` in a kept instance, in microseconds: the median.
    pub call_us: f64,
    /// The slowest in a hundred.
    pub call_p99_us: f64,
    /// A `decide`, in fuel: the median.
    pub fuel: u64,
    /// The most bytes of memory that an instance had.
    pub memory_peak: u64,
    /// What it answered with a fault, of all calls.
    pub faults: u64,
}

/// Measures them in turns, so that what else the machine does costs each the same. `rows` candidates arrive at each port, and
/// as many are wanted.
///
/// # Errors
/// When one cannot describe itself, or its instances cannot be made.
pub async fn bench(components: &[Component], rows: u32, calls: u32) -> Result<Vec<Cost>, Fault> {
    let mut all = Vec::new();
    for component in components {
        let session = Session::begin(component, &[]).await?;
        all.push(Measured {
            kept: session.instance(None).await?,
            session,
            times: Vec::new(),
            fuels: Vec::new(),
            made: Vec::new(),
            cost: Cost::default(),
        });
    }
    for call in 0..calls {
        for measured in &mut all {
            measured.call(rows, u64::from(call)).await?;
        }
    }
    // An instance costs more than a call.
    for _ in 0..calls.div_ceil(10) {
        for measured in &mut all {
            let began = Instant::now();
            drop(measured.session.instance(None).await?);
            measured.made.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(all.into_iter().map(Measured::finish).collect())
}

struct Measured {
    session: Session,
    kept: greenroom_sandbox::Instance,
    times: Vec<f64>,
    fuels: Vec<u64>,
    made: Vec<f64>,
    cost: Cost,
}

impl Measured {
    async fn call(&mut self, rows: u32, seed: u64) -> Result<(), Fault> {
        let seen = of_size(self.session.descriptor(), rows, seed);
        let began = Instant::now();
        let decided = self.kept.decide(&seen, &self.session.budgets().decide).await;
        self.times.push(began.elapsed().as_secs_f64() * 1e6);
        self.fuels.push(self.kept.usage().fuel);
        self.cost.memory_peak = self.cost.memory_peak.max(self.kept.usage().memory_peak);
        self.cost.faults += u64::from(decided.is_err());
        if !self.kept.alive() {
            self.kept = self.session.instance(None).await?;
        }
        Ok(())
    }

    fn finish(mut self) -> Cost {
        self.fuels.sort_unstable();
        let fuel = self.fuels.get(self.fuels.len() / 2).copied().unwrap_or(0);
        let [call_us, call_p99_us] = [0.5, 0.99].map(|share| quantile(&mut self.times, share));
        Cost { instance_us: quantile(&mut self.made, 0.5), call_us, call_p99_us, fuel, ..self.cost }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a list"
)]
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or(0.0)
}
