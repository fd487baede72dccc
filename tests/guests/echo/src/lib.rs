//! Answers what it sees. The conformance suite runs the same agent in other languages beside this one, and demands the same
//! answers, so everything that crosses the border goes into a hash that is logged.

mod hash;
mod recall;

use greenroom_sdk::{
    Candidates, Column, Decision, Descriptor, Fault, FaultKind, Feedback, FitReport, Layer, Learner, Learning,
    Lifecycle, Observation, ParamValue, Params, Payload, Policy, PolicyKind, PolicyRecord, RewardLevel, Role, State,
    Values, boolean, choice, describe, float, integer, items, log, metric, numbers,
};
use hash::{Hash, hex};

const SCHEMA: &str = "echo/1";
const ODDS: [PolicyKind; 4] =
    [PolicyKind::Deterministic, PolicyKind::PlackettLuce, PolicyKind::EpsilonGreedy, PolicyKind::Other];

/// The guest.
#[derive(Default)]
pub struct Echo {
    total: Hash,
    count: u64,
    setup: Hash,
}

impl Policy for Echo {
    #[expect(clippy::panic, reason = "it is told to")]
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        match seen.surface.as_str() {
            "fault" => return Err(Fault::unavailable("asked to: ü")),
            "trap" => panic!("told to trap"),
            "memory" => log::info(&format!("memory {}", hex(recall::use_all().value()))),
            _ => {}
        }
        let mut hash = Hash::default();
        hash.observation(&seen);
        log::info(&format!("seen {}", hex(hash.value())));
        metric::count("echo.calls", 1.0);
        metric::observe("echo.limit", f64::from(seen.limit));
        let seed = seen.seed;
        let Some(input) = seen.inputs.into_iter().next() else {
            let history = seen.history;
            let kinds = history.kinds.iter().map(|kind| u32::from(*kind)).collect();
            let columns = vec![
                Column { name: "time".into(), values: Values::S64s(history.times) },
                Column { name: "kind".into(), values: Values::U32s(kinds) },
            ];
            return Ok(Candidates { columns, ..Candidates::new(history.rows, history.values) }.into());
        };
        let policy = match &input.payload {
            Payload::Candidates(all) => Some(drawn(all.len(), seed)),
            _ => None,
        };
        Ok(Decision { payload: input.payload, policy })
    }
}

/// A record of how so many rows were drawn, as if they had been.
#[expect(clippy::cast_precision_loss, reason = "lists are short")]
fn drawn(n: usize, seed: u64) -> PolicyRecord {
    PolicyRecord {
        kind: ODDS.get(n % ODDS.len()).copied().unwrap_or(PolicyKind::Other),
        propensities: (0..n).map(|i| 1.0 / (i as f32 + 1.0)).collect(),
        log_probability: -0.5 * n as f64,
        explored: n % 2 == 1,
        sampler_seed: seed,
    }
}

impl Lifecycle for Echo {
    fn describe() -> Descriptor {
        let descriptor = describe("echo", "1.0.0", Role::Infrastructure, "answers what it sees: ü€𝄞")
            .metric("ndcg@10", RewardLevel::Outer)
            .takes("*", true, &[])
            .history(1_000)
            .facts(&["year"])
            .state(SCHEMA)
            .learning(Learning::Onward)
            .parameter(float("f", -1.0, 1.0, 0.5, "p"))
            .parameter(float("g", 0.001, 1_000.0, 1.0, "p").log().when("c", &["y"]))
            .parameter(integer("i", -5, 5, 0, "p").shapes_state())
            .parameter(choice("c", &["x", "y", "ü"], "x", "p"))
            .parameter(boolean("b", true, "p"))
            .parameter(items("rows", "p"))
            .parameter(numbers("weights", "p"));
        Descriptor { layer: Layer::Infrastructure, ..descriptor }
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        let i: i64 = params.integer("i")?;
        let mut hash = Hash::default();
        hash.f64(params.float("f")?);
        hash.f64(params.float("g")?);
        hash.u64(i.cast_unsigned());
        hash.text(params.choice("c")?);
        hash.u8(u8::from(params.boolean("b")?));
        hash.u32s(&params.items("rows")?);
        match params.numbers("weights")? {
            None => hash.u8(0),
            Some(ParamValue::Named(named)) => {
                hash.u8(2);
                hash.len(named.len());
                for (name, value) in named {
                    hash.text(&name);
                    hash.f64(value);
                }
            }
            Some(ParamValue::Numbers(list)) => {
                hash.u8(1);
                hash.len(list.len());
                list.into_iter().for_each(|value| hash.f64(value));
            }
            Some(_) => return Err(Fault::internal("`numbers` gave something else")),
        }
        if i == 5 {
            return Err(Fault::invalid_parameters("i is 5"));
        }
        self.setup = hash;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let bytes = [self.total.value().to_le_bytes(), self.count.to_le_bytes()].concat();
        Ok(State { schema: SCHEMA.into(), bytes })
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let wrong = || Fault::invalid_state(format!("a state of {} bytes", state.bytes.len()));
        let (total, count) = state.bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let count: [u8; 8] = count.try_into().map_err(|_| wrong())?;
        (self.total, self.count) = (Hash::of(u64::from_le_bytes(*total)), u64::from_le_bytes(count));
        Ok(())
    }
}

impl Learner for Echo {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        if batch.events.first() == Some(&13) {
            return Err(Fault { kind: FaultKind::InvalidFeedback, message: "unlucky".into(), retryable: false });
        }
        self.total.feedback(&batch);
        self.count += batch.rows.len() as u64;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    fn fit(&mut self) -> Result<FitReport, Fault> {
        let loss = (self.count > 0).then_some(0.5 * self.count as f64);
        Ok(FitReport { examples: self.count, loss, notes: vec![hex(self.total.value()), hex(self.setup.value())] })
    }
}

greenroom_sdk::export_agent!(Echo);
