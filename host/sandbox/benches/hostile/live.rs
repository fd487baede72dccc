//! Ten thousand instances that live at once, each a copy of the warm image of an agent with a model of 1 MiB.
//!
//! Each has answered once. The model is in memory once, but the kernel counts it as resident with each copy that has read of
//! it: so the figure is this process's proportional share, with the tables by which the kernel finds it. Each copy is
//! also five mappings, two of its stack and three of its memory, of which Linux gives a process 65,530 unless it is told
//! otherwise.

use greenroom_kit::Figure;
use greenroom_model::Budget;
use greenroom_sandbox::{Component, Config, Instance};

use crate::model;
use crate::process::{available, mappings, page_tables, proportional, resident};

const MODEL: usize = 1 << 20;
const LIVE: u32 = 10_000;
/// Rows of 4 KiB that each has read.
const ROWS: u32 = 16;

const GIB: f64 = (1 << 30) as f64;

/// As many instances of an image as wanted, or as there can be.
async fn crowd(image: &Component) -> Vec<Instance> {
    let mut live = Vec::new();
    for seed in 0..u64::from(LIVE) {
        let made = image.instantiate(model::none(), &Budget::DECIDE).await;
        let Ok(mut instance) = made.inspect_err(|fault| println!("after {seed} instances: {fault}")) else { break };
        instance.decide(&model::reads(ROWS, seed), &Budget::DECIDE).await.unwrap();
        live.push(instance);
    }
    live
}

pub(crate) async fn figures() -> Vec<Figure> {
    let (shared, tables, resident_before) = (proportional(), page_tables(), resident());
    let (machine, mapped) = (available(), mappings());
    // A few more for making the image.
    let sandbox = Config { pool_instances: LIVE + 10, ..Config::default() }.build().unwrap();
    let of_pool = mappings() - mapped;
    let image = model::image(&model::load(&sandbox, MODEL), &model::state(MODEL)).await;
    let live = crowd(&image).await;
    let tables = page_tables() - tables;
    let bytes = proportional() - shared + tables;
    let resident = resident() - resident_before;
    println!(
        "{} live instances: {:.2} GiB, of them {:.2} GiB page tables; the machine has {:.2} GiB less; {:.2} GiB resident; \
         {} mappings, {of_pool} of them the pool's",
        live.len(),
        bytes / GIB,
        tables / GIB,
        (machine - available()) / GIB,
        resident / GIB,
        mappings(),
    );
    assert!(live.len() == LIVE as usize, "not as many instances as the figure is of");
    vec![Figure {
        id: "hostile.live",
        what: "10,000 live copies of a model of 1 MiB",
        value: bytes / GIB,
        unit: "GiB",
        better: "lower",
        target: Some(4.0),
        baseline: Some(("what is shared counted with each copy, GiB", resident / GIB)),
        samples: live.len() as u64,
        spread: 0.0,
    }]
}
