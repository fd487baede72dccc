//! Whether an agent that says that it learns onward does: it is told a small log at once, in two parts, and in two parts
//! with a restore between, and has to come to the same state each time.

use greenroom_model::{Descriptor, FaultKind, Feedback, Learning, State};
use greenroom_sandbox::Instance;

use super::points::Point;
use super::{LEARN, Steps, Stopped, golden, outcome_of};
use crate::trial::Outcome;

/// Points of the decision space at which it is tried, the defaults first.
const POINTS: usize = 4;

impl Steps<'_> {
    /// Tries the promise of an agent that made it. `learned` says whether it could learn at all.
    pub(super) async fn onward(&mut self, descriptor: Option<&Descriptor>, points: &[Point], learned: bool) {
        let promised = |descriptor: &&Descriptor| descriptor.learning == Learning::Onward;
        let Some(descriptor) = descriptor.filter(promised).filter(|_| self.component.interfaces().learner) else {
            return;
        };
        if !learned {
            self.skip("learn onward", "it did not learn");
            return;
        }
        let [first, second] = golden::halves(descriptor);
        let mut tried = 0;
        for point in points.iter().step_by(points.len().div_ceil(POINTS).max(1)) {
            match self.two_parts(&point.encoded(), &first, &second).await {
                Ok(()) => tried += 1,
                // Whether it may refuse this point is not asked here.
                Err(Stopped::Fault(fault))
                    if tried > 0 && matches!(fault.kind, FaultKind::InvalidParameters | FaultKind::Unavailable) => {}
                Err(Stopped::Fault(fault)) => return self.end("learn onward", outcome_of(&fault)),
                Err(Stopped::Wrong(why)) => {
                    return self.end("learn onward", Outcome::Failed(format!("at {point}: {why}")));
                }
            }
        }
        self.end(format!("learn onward at {tried} points of its decision space"), Outcome::Passed);
    }

    async fn two_parts(&mut self, params: &[u8], first: &[Feedback], second: &[Feedback]) -> Result<(), Stopped> {
        let mut at_once = self.ready(Some(params), None).await?;
        self.tell(&mut at_once, first).await?;
        self.tell(&mut at_once, second).await?;
        let expected = self.fitted(&mut at_once).await?;
        drop(at_once);

        let mut uninterrupted = self.ready(Some(params), None).await?;
        self.tell(&mut uninterrupted, first).await?;
        let between = self.fitted(&mut uninterrupted).await?;
        self.tell(&mut uninterrupted, second).await?;
        let found = self.fitted(&mut uninterrupted).await?;
        drop(uninterrupted);
        same("with a `fit` between", &expected, &found)?;

        let mut restored = self.ready(Some(params), Some(&between)).await?;
        self.tell(&mut restored, second).await?;
        let found = self.fitted(&mut restored).await?;
        same("restored between", &expected, &found)
    }

    /// Has an instance learn these batches.
    pub(super) async fn tell(&mut self, instance: &mut Instance, batches: &[Feedback]) -> Result<(), Stopped> {
        for batch in batches {
            let done = instance.learn(batch, &self.left(LEARN)).await;
            self.used += instance.usage();
            done?;
        }
        Ok(())
    }

    /// What an instance comes to.
    pub(super) async fn fitted(&mut self, instance: &mut Instance) -> Result<State, Stopped> {
        let fitted = instance.fit(&self.left(LEARN)).await;
        self.used += instance.usage();
        fitted?;
        let state = instance.snapshot(&self.left(LEARN)).await;
        self.used += instance.usage();
        Ok(state?)
    }
}

fn same(how: &str, expected: &State, found: &State) -> Result<(), Stopped> {
    if expected == found {
        return Ok(());
    }
    let pairs = expected.bytes.iter().zip(&found.bytes);
    let place = pairs.take_while(|(expected, found)| expected == found).count();
    let (bytes, most) = (found.bytes.len(), expected.bytes.len());
    Err(Stopped::Wrong(format!(
        "it says that it learns onward, but told a log in two parts, {how}, it comes to another state ({bytes} bytes) than \
         told all of it at once ({most} bytes): they differ from byte {place} on; write into the snapshot all that learning \
         goes on from, or say `anew`"
    )))
}
