//! The whole suite: whether all of it is contained, and what it leaves in memory.

use greenroom_kit::Figure;
use greenroom_model::Budget;

use crate::attack::World;
use crate::process::resident;
use crate::suite::{Row, SUITE};

/// Attacks after which resident memory is looked at.
const EARLY: usize = 1_000;
const LATE: usize = 100_000;

pub(crate) async fn contained(world: &World) -> Figure {
    let mut held = 0;
    for row in SUITE {
        let free = world.sandbox.free_slots();
        match world.attack(row).await.held(row) {
            Ok(()) if world.served().await.is_ok() && world.sandbox.free_slots() == free => held += 1,
            Ok(()) => println!("{}: its neighbour was not served", row.guest),
            Err(why) => println!("{why}"),
        }
    }
    Figure {
        id: "hostile.contained",
        what: "attacks of the suite that are contained",
        value: 100.0 * f64::from(held) / SUITE.len() as f64,
        unit: "%",
        better: "higher",
        target: Some(100.0),
        baseline: None,
        samples: SUITE.len() as u64,
        spread: 0.0,
    }
}

pub(crate) async fn kept(world: &World) -> Figure {
    let mut early = 0.0;
    for (n, row) in SUITE.iter().cycle().take(LATE).enumerate() {
        if n == EARLY {
            early = resident();
        }
        let budget = Budget { fuel: 200_000, deadline_ms: row.budget.deadline_ms.min(2), ..row.budget };
        drop(world.attack(&Row { budget, ..*row }).await);
    }
    Figure {
        id: "hostile.memory",
        what: "memory after 100,000 attacks by after 1,000",
        value: resident() / early,
        unit: "times",
        better: "lower",
        target: Some(1.05),
        baseline: Some(("after 1,000, MiB", early / f64::from(1 << 20))),
        samples: LATE as u64,
        spread: 0.0,
    }
}
