//! What instances take that live at once, in a process in which nothing else has been.

use std::path::Path;

use crate::input;
use crate::measure::{decide, image, instance, sandbox};
use crate::measured::Resident;
use crate::process::{proportional, resident as in_memory};

const LIVE: u32 = 100;

/// Of each of a hundred more that have answered once: what the first one brings along is for all of them.
pub(crate) fn resident(path: &Path, cache: &Path, by_image: bool) -> Resident {
    let bytes = std::fs::read(path).unwrap();
    let weight = greenroom_sandbox::inspect(&bytes).unwrap().need.weight();
    let sandbox = sandbox(cache, (LIVE + 1) * weight);
    let component = sandbox.load(&bytes).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (component, params) = match by_image {
            true => (image(&component).await.unwrap(), None),
            false => (component, Some(input::params())),
        };
        let seen = input::seen();
        let mut live = Vec::new();
        let mut before = None;
        for _ in 0..=LIVE {
            let mut one = instance(&component, params.as_deref()).await;
            decide(&mut one, &seen).await;
            live.push(one);
            before.get_or_insert_with(|| (in_memory(), proportional()));
        }
        let (resident, share) = before.unwrap();
        let each = |now: f64, before: f64| (now - before) / f64::from(LIVE);
        Resident { resident: each(in_memory(), resident), proportional: each(proportional(), share) }
    })
}
