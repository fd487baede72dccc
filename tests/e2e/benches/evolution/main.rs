//! Evolution against others: what it makes of a plain graph beside that graph as it is, the same tuned by Optuna, flat searches over
//! all agents at once, and what people made of the same agents, judged on subjects that no search saw.
//!
//!     make figures-evolution
//!     cargo bench --workspace --bench evolution -- folds    # one topic: `folds`, `final` or `pace`
//!
//! It runs `$GREENROOM` with what is in `$GREENROOM_COMPONENTS`, asks Optuna through `$GREENROOM_PYTHON`, and writes
//! `$GREENROOM_FIGURES` (see `docs/figures.md`). What is finished is kept in a folder beside that file, and not done again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on should stop"
)]

mod arm;
mod compare;
mod figures;
mod judged;
mod pace;
mod plan;
mod search;

use std::sync::Mutex;

use arm::Arm;
use compare::{Pooled, difference, pool};
use figures::{Figure, report, table};
use judged::judge;
use plan::Plan;
use search::{Found, search};

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |topic: &str| asked.is_empty() || asked.iter().any(|asked| asked == topic);
    let plan = Plan::from_environment();
    let mut all = Vec::new();
    if wanted("folds") {
        all.extend(folds(&plan));
    }
    if wanted("final") {
        all.extend(last(&plan));
    }
    if wanted("pace") {
        all.extend(pace::figures(&plan));
    }
    report(&plan.figures, &all);
}

/// Protocol P2: each arm searches without the subjects of a fold and is judged on them, and what it has is pooled over folds.
fn folds(plan: &Plan) -> Vec<Figure> {
    println!("\n{} trials in each of folds {:?}, by {:?}", plan.trials, plan.folds, plan.arms);
    let pairs = plan.folds.iter().flat_map(|fold| plan.arms.iter().map(|arm| (*arm, *fold)));
    let (after, first): (Vec<_>, Vec<_>) = pairs.partition(|(arm, _)| *arm == Arm::BothHalf);
    let mut found = side_by_side(plan, &first, |_| None);
    let flat = |fold: u64| found.iter().find(|found| found.arm == Arm::OptunaJoint && found.fold == Some(fold));
    let more = side_by_side(plan, &after, |fold| Some(flat(fold).expect("optuna-joint says how much fuel").fuel / 2));
    found.extend(more);
    let mut pooled: Vec<(Arm, Pooled)> = Vec::new();
    for fold in &plan.folds {
        let arms: Vec<&Found> = found.iter().filter(|found| found.fold == Some(*fold)).collect();
        let judged = judge(plan, &format!("judged-{fold}"), &["--protocol", "p2", "--fold", &fold.to_string()], &arms);
        for (found, graph) in arms.iter().zip(judged) {
            match pooled.iter_mut().find(|(arm, _)| *arm == found.arm) {
                Some((_, before)) => pool(before, graph, found),
                None => {
                    let mut new = Pooled::default();
                    pool(&mut new, graph, found);
                    pooled.push((found.arm, new));
                }
            }
        }
    }
    table("P2", &pooled);
    let of = |arm: Arm| pooled.iter().find(|(other, _)| *other == arm).map(|(_, pooled)| pooled);
    let mut all: Vec<Figure> = pooled.iter().flat_map(|(arm, pooled)| figures::of_arm("p2", *arm, pooled)).collect();
    let others = plan.arms.iter().filter(|arm| **arm != Arm::Static).map(|arm| (*arm, Arm::Static));
    let best = [Arm::ByHand, Arm::Optuna, Arm::OptunaJoint, Arm::RandomJoint, Arm::Individual, Arm::Compositional];
    let pairs = others.chain(best.map(|other| (Arm::Both, other)));
    for (arm, against) in pairs.chain([(Arm::BothHalf, Arm::OptunaJoint), (Arm::BothHalf, Arm::Optuna)]) {
        if let (Some(one), Some(other)) = (of(arm), of(against)) {
            all.extend(figures::of_difference("p2", arm, against, &difference(one, other)));
        }
    }
    all
}

/// The graph of all subjects: both levels, searched and chosen within what P1 learns from, confirmed on P3, and P1 read.
fn last(plan: &Plan) -> Vec<Figure> {
    println!("\nthe last graph: {} trials on all subjects", plan.final_trials);
    let found = [Arm::Static, Arm::ByHand, Arm::Both].map(|arm| search(plan, arm, None, None));
    let mut all = Vec::new();
    for protocol in ["p3", "p1"] {
        let judged = judge(plan, &format!("judged-{protocol}"), &["--protocol", protocol], &found.each_ref());
        let mut pooled = Vec::new();
        for (found, graph) in found.iter().zip(judged) {
            let mut of = Pooled::default();
            pool(&mut of, graph, found);
            pooled.push((found.arm, of));
        }
        table(&protocol.to_uppercase(), &pooled);
        all.extend(pooled.iter().flat_map(|(arm, pooled)| figures::of_arm(protocol, *arm, pooled)));
        let (_, evolved) = pooled.last().unwrap();
        for (arm, before) in pooled.iter().filter(|(arm, _)| arm.is_given()) {
            all.extend(figures::of_difference(protocol, Arm::Both, *arm, &difference(evolved, before)));
        }
    }
    all
}

/// What all pairs find, in their order; as many at once as the plan says.
fn side_by_side(plan: &Plan, pairs: &[(Arm, u64)], fuel: impl Fn(u64) -> Option<u64> + Sync) -> Vec<Found> {
    let (next, done) = (Mutex::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..plan.parallel {
            scope.spawn(|| {
                loop {
                    let place = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some((arm, fold)) = pairs.get(place) else { return };
                    let found = search(plan, *arm, Some(*fold), fuel(*fold));
                    done.lock().unwrap().push((place, found));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, found)| found).collect()
}
