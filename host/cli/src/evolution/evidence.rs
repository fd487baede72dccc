//! What a host is shown of a proof.

use greenroom_evolve::proof::{Judgement, Proof};
use greenroom_model::{Compared, Evidence};

/// What speaks for the candidate of a proof; none while the test part was not read, or the candidate was not judged.
pub(crate) fn evidence(proof: &Proof, metric: &str) -> Option<Evidence> {
    let name = proof.candidate.to_string();
    Some(Evidence {
        study: proof.study.clone(),
        metric: metric.to_owned(),
        candidate: proof.candidate,
        base: proof.data.graph,
        events: proof.data.events,
        protocol: proof.data.protocol.clone(),
        seeds: proof.terms.seeds.clone(),
        level: proof.terms.level,
        validation: compared(&proof.validation, &name)?,
        test: compared(proof.test.as_ref()?, &name)?,
    })
}

fn compared(judgement: &Judgement, name: &str) -> Option<Compared> {
    let arm = judgement.arm(name)?;
    // An end is infinite when nothing tells where it is.
    let end = |end: f64| end.is_finite().then_some(end);
    Some(Compared {
        users: judgement.users as u64,
        arms: judgement.arms.len() as u64,
        baseline: judgement.baseline,
        mean: arm.mean,
        difference: arm.difference,
        low: end(arm.low),
        high: end(arm.high),
    })
}

#[cfg(test)]
mod tests {
    use greenroom_evolve::proof::{Arm, Cell, Standing, judge};
    use greenroom_evolve::study::Data;
    use greenroom_model::{Digest, Doubt};

    use super::*;
    use crate::evolution::terms;

    /// Judged by the statistics themselves: 40 subjects, of whom some gain.
    fn proof(gain: f64, tested: f64) -> Proof {
        let candidate = Digest::of(b"candidate");
        let arm = |name: &str, gain: f64| {
            let value = |user: u32| f64::from(user % 7) / 7.0 + if user.is_multiple_of(3) { gain } else { gain / 2.0 };
            let cells = terms()
                .seeds
                .into_iter()
                .flat_map(|seed| (0..40).map(move |user| Cell { user, block: 0, seed, value: value(user) }));
            Arm { name: name.to_owned(), cells: cells.collect() }
        };
        let judged = |gain: f64, others: &[&str]| {
            let mut arms = vec![arm(&candidate.to_string(), gain)];
            arms.extend(others.iter().map(|name| arm(name, 0.0)));
            judge(&terms(), &arm("baseline", 0.0), &arms).unwrap()
        };
        let data = Data {
            events: Digest::of(b"events"),
            protocol: "p1".to_owned(),
            catalogue: Digest::of(b"catalogue"),
            graph: Digest::of(b"graph"),
        };
        Proof {
            study: "evolution".to_owned(),
            candidate,
            data,
            terms: terms(),
            validation: judged(gain, &["another"]),
            test: Some(judged(tested, &[])),
        }
    }

    #[test]
    fn what_is_proven_leaves_a_host_no_doubt() {
        let proof = proof(0.02, 0.01);
        assert_eq!(proof.standing(), Standing::Proven);
        let evidence = evidence(&proof, "ndcg@10").unwrap();
        assert_eq!(evidence.doubts(), []);
        assert_eq!((evidence.candidate, evidence.base), (proof.candidate, proof.data.graph));
        assert_eq!((evidence.validation.arms, evidence.test.arms, evidence.test.users), (2, 1, 40));
    }

    #[test]
    fn what_is_not_proven_is_doubted_by_a_host_too() {
        let contradicted = proof(0.02, -0.01);
        assert_eq!(contradicted.standing(), Standing::Contradicted);
        let doubts = evidence(&contradicted, "ndcg@10").unwrap().doubts();
        assert!(matches!(doubts[..], [Doubt::Contradicted { .. }]), "{doubts:?}");
        // Without any difference no end is known, which is no proof.
        let same = proof(0.0, 0.01);
        assert_eq!(same.standing(), Standing::Unproven);
        let doubts = evidence(&same, "ndcg@10").unwrap().doubts();
        assert_eq!(doubts, [Doubt::NotBetter { low: None }]);
        assert_eq!(evidence(&Proof { test: None, ..proof(0.02, 0.01) }, "ndcg@10"), None);
    }
}
