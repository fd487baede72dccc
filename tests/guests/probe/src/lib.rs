//! A guest that misbehaves as its `mode` parameter says. For tests of the host.

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Observation, Params, Policy,
    Role, State, choice, describe, float, integer, memory,
};

const MODES: &[&str] = &[
    "honest",
    "echo",
    "trap",
    "panic",
    "spin",
    "spin-configure",
    "grow",
    "nan",
    "repeat",
    "unknown",
    "too-many",
    "fault",
    "memory",
    "write",
    "huge",
    "count",
];

fn failed(error: memory::Error) -> Fault {
    Fault::unavailable(format!("{error:?}"))
}

/// Counts in its namespace. What was there before.
fn counted(key: &str) -> Result<u8, Fault> {
    let space = memory::open("probe").map_err(failed)?;
    let before = space.get(key).map_err(failed)?.and_then(|entry| entry.value.first().copied()).unwrap_or(0);
    space.put(key, &[before.wrapping_add(1)]).map_err(failed)?;
    Ok(before)
}

/// The guest.
#[derive(Default)]
pub struct Probe {
    mode: String,
    size: u32,
    calls: u32,
    learned: u64,
}

impl Probe {
    /// In the mode `write`: counts a call in its namespace, and learns what was there.
    fn note(&mut self, call: &str) -> Result<(), Fault> {
        if self.mode == "write" {
            self.learned += u64::from(counted(call)?);
        }
        Ok(())
    }
}

impl Policy for Probe {
    #[expect(clippy::panic, clippy::infinite_loop, reason = "misbehaving is its purpose")]
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.calls += 1;
        let n = seen.limit.min(self.size);
        let honest = |n: u32| Candidates::new((0..n).collect(), (0..n).map(|i| 1.0 - i as f32 * 1e-3).collect());
        Ok(match self.mode.as_str() {
            "echo" => match seen.inputs.into_iter().next() {
                Some(input) => Decision { payload: input.payload, policy: None },
                None => Candidates::default().into(),
            },
            "trap" => std::process::abort(),
            "panic" => panic!("the probe was told to panic"),
            "spin" => loop {
                std::hint::black_box(self.calls);
            },
            "grow" => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                for _ in 0..100_000 {
                    all.push(vec![1; 1 << 20]);
                }
                honest(all.len() as u32).into()
            }
            "nan" => Candidates::new(vec![0], vec![f32::NAN]).into(),
            "repeat" => Candidates::new(vec![0, 0], vec![1.0, 0.5]).into(),
            "unknown" => Candidates::new(vec![4_000_000], vec![1.0]).into(),
            "too-many" => honest(seen.limit + 1).into(),
            "huge" => honest(2_000_000).into(),
            "fault" => return Err(Fault::unavailable("the probe was told to fail")),
            "memory" => {
                let before = counted("calls")?;
                Candidates::new(vec![u32::from(before)], vec![1.0]).into()
            }
            "write" => {
                counted("decide")?;
                honest(n).into()
            }
            "count" => Candidates::new(vec![self.calls - 1], vec![1.0]).into(),
            _ => honest(n).into(),
        })
    }
}

impl Lifecycle for Probe {
    fn describe() -> Descriptor {
        describe("probe", "0.1.0", Role::Recall, "misbehaves as told")
            .takes("*", true, &[])
            .metric("recall@20", greenroom_sdk::RewardLevel::Inner)
            .state("probe/1")
            .parameter(choice("mode", MODES, "honest", "what to do").shapes_state())
            .parameter(integer("size", 0, 100_000, 10, "rows to return"))
            .parameter(float("weight", 0.0, 1.0, 0.5, "a number"))
    }

    #[expect(clippy::infinite_loop, reason = "misbehaving is its purpose")]
    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        params.choice("mode")?.clone_into(&mut self.mode);
        self.size = params.integer("size")?;
        // At no point that a trial is likely to draw: a graph with it is admitted.
        if self.mode == "spin-configure" && self.size == 77_777 {
            loop {
                std::hint::black_box(self.size);
            }
        }
        self.note("configure")
    }

    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: "probe/1".into(), bytes: self.learned.to_le_bytes().to_vec() })
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let bytes = state.bytes.as_slice().try_into().map_err(|_| Fault::invalid_state("8 bytes expected"))?;
        self.learned = u64::from_le_bytes(bytes);
        self.note("restore")
    }
}

impl Learner for Probe {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned += batch.rows.len() as u64;
        if self.mode == "write" {
            memory::open("probe").map_err(failed)?.delete("kept").map_err(failed)?;
        }
        self.note("learn")
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        self.note("fit")?;
        Ok(FitReport { examples: self.learned, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Probe);
