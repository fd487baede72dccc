//! What was measured of a subject.

use greenroom_kit::quantile;
use serde::{Deserialize, Serialize};

use crate::input::Answer;

/// Of one round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Of the component or the plugin.
    pub(crate) bytes: u64,
    /// Reading and compiling it in a process that compiled nothing yet.
    pub(crate) compile_ms: f64,
    /// The same when what was compiled is on disk.
    pub(crate) load_ms: f64,
    /// Without an image.
    #[serde(flatten)]
    pub(crate) fresh: Instance,
    /// By an image; none of what cannot have one.
    #[serde(default)]
    pub(crate) image: Option<Image>,
    /// Why not.
    #[serde(default)]
    pub(crate) no_image: Option<String>,
    /// In an instance that has answered before.
    pub(crate) call_us: f64,
    pub(crate) call_p99_us: f64,
    pub(crate) fuel: u64,
    #[serde(flatten)]
    pub(crate) answer: Answer,
}

/// Of an instance that answers once.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Instance {
    /// Until it is configured.
    pub(crate) made_us: f64,
    /// Its first call.
    pub(crate) first_us: f64,
    /// Both, and giving it back.
    pub(crate) whole_us: f64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Image {
    /// Making the image; next to nothing in all rounds but the first.
    pub(crate) making_ms: f64,
    pub(crate) instance: Instance,
}

/// Memory of each of many instances that have answered once, in bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Resident {
    /// What they share counts with each.
    pub(crate) resident: f64,
    /// What they share counts once.
    pub(crate) proportional: f64,
}

/// Of all rounds.
#[derive(Default)]
pub(crate) struct Rounds {
    pub(crate) measured: Vec<Measured>,
    pub(crate) resident: Option<Resident>,
    pub(crate) resident_of_image: Option<Resident>,
}

/// The median of rounds, and half of the middle half's width.
pub(crate) type Median = (f64, f64);

/// What came of them.
pub(crate) struct Found {
    pub(crate) bytes: u64,
    pub(crate) compile_ms: Median,
    pub(crate) load_ms: Median,
    pub(crate) fresh: [Median; 3],
    pub(crate) image: Option<[Median; 3]>,
    /// What took longest was what made it.
    pub(crate) making_ms: f64,
    pub(crate) no_image: Option<String>,
    pub(crate) call_us: Median,
    pub(crate) call_p99_us: Median,
    pub(crate) fuel: u64,
    pub(crate) answer: Answer,
    pub(crate) resident: Resident,
    pub(crate) resident_of_image: Option<Resident>,
}

impl Rounds {
    pub(crate) fn found(self) -> Found {
        let all = &self.measured;
        let median =
            |of: &dyn Fn(&Measured) -> Option<f64>| quantile(&mut all.iter().filter_map(of).collect::<Vec<f64>>(), 0.5);
        let of_instance = |of: &dyn Fn(&Measured) -> Option<Instance>| {
            let each: [fn(Instance) -> f64; 3] = [|i| i.made_us, |i| i.first_us, |i| i.whole_us];
            each.map(|each| median(&|round| of(round).map(each)))
        };
        let making = all.iter().filter_map(|round| round.image).map(|image| image.making_ms);
        let last = all.last().unwrap();
        Found {
            bytes: last.bytes,
            compile_ms: median(&|round| Some(round.compile_ms)),
            load_ms: median(&|round| Some(round.load_ms)),
            fresh: of_instance(&|round| Some(round.fresh)),
            image: last.image.map(|_| of_instance(&|round| round.image.map(|image| image.instance))),
            making_ms: making.fold(0.0, f64::max),
            no_image: last.no_image.clone(),
            call_us: median(&|round| Some(round.call_us)),
            call_p99_us: median(&|round| Some(round.call_p99_us)),
            fuel: last.fuel,
            answer: last.answer.clone(),
            resident: self.resident.unwrap(),
            resident_of_image: self.resident_of_image,
        }
    }
}
