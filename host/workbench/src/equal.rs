//! Whether two components are the same agent: they see the same, and what they answer, keep and ask of the host is compared.

use std::fmt::Debug;

use greenroom_model::{Fault, FaultSource, Feedback, Observation, ParamValue, Params, State};
use greenroom_sandbox::{Component, Instance};

use crate::session::packed;
use crate::{Check, Session, Shape, defaults, feedback, observation};

/// Surfaces that agents which are made for this know.
const SURFACES: [&str; 3] = ["home", "memory", "fault"];
/// Seeds of observations of each shape.
const SEEDS: u64 = 8;

/// Asks both the same, and tells where they differ. `reference` is the one that is right.
///
/// # Errors
/// When one of them cannot describe itself.
pub async fn equal(component: &Component, reference: &Component) -> Result<Vec<Check>, Fault> {
    let two = Two { one: Session::begin(component, &[]).await?, other: Session::begin(reference, &[]).await? };
    Ok(vec![
        Check::of("both describe themselves the same", two.descriptors()),
        Check::of("both take and refuse the same parameters", two.parameters().await),
        Check::of("both answer the same observations in the same way", two.decisions().await),
        Check::of("both learn the same, and keep the same state", two.learning().await),
        Check::of("both restore and refuse the same states", two.states().await),
    ])
}

struct Two {
    one: Session,
    other: Session,
}

/// What a call came to, so that it can be compared: what was told, or which fault. Traps are told in each language's words.
type Came<T> = Result<T, (FaultSource, greenroom_model::FaultKind, String, bool)>;

fn came<T>(of: Result<T, Fault>) -> Came<T> {
    of.map_err(|fault| {
        let trapped = fault.kind == greenroom_model::FaultKind::Trap;
        let message = if trapped { String::new() } else { fault.message };
        (fault.source, fault.kind, message, fault.retryable)
    })
}

fn same<T: PartialEq + Debug>(what: &str, one: &T, reference: &T) -> Result<(), String> {
    if one == reference {
        return Ok(());
    }
    let (one, reference) = (format!("{one:?}"), format!("{reference:?}"));
    let same = one.char_indices().zip(reference.chars()).take_while(|((_, a), b)| a == b).count();
    let around = |text: &str| text.chars().skip(same.saturating_sub(40)).take(120).collect::<String>();
    Err(format!("{what}: ...{}..., expected ...{}...", around(&one), around(&reference)))
}

impl Two {
    fn descriptors(&self) -> Result<(), String> {
        same("describe", &self.one.descriptor(), &self.other.descriptor())
    }

    async fn instances(&self) -> Result<[Instance; 2], String> {
        let made = [self.one.instance(None).await, self.other.instance(None).await];
        let [one, other] = made.map(|instance| instance.map_err(|e| e.to_string()));
        Ok([one?, other?])
    }

    async fn parameters(&self) -> Result<(), String> {
        let Some(descriptor) = self.other.descriptor() else { return Ok(()) };
        let usual = defaults(descriptor);
        let with = |name: &str, value: ParamValue| {
            let mut params = usual.clone();
            params.insert(name.to_owned(), value);
            packed(&params)
        };
        let mut tried = vec![packed(&usual), vec![0xc1]];
        for parameter in &descriptor.parameters {
            let name = parameter.name.as_str();
            for value in values() {
                tried.push(with(name, value));
            }
            let without: Params =
                usual.iter().filter(|(n, _)| *n != name).map(|(n, v)| (n.clone(), v.clone())).collect();
            tried.push(packed(&without));
        }
        for bytes in tried {
            let mut one = self.one.bare().await.map_err(|e| e.to_string())?;
            let mut other = self.other.bare().await.map_err(|e| e.to_string())?;
            let budget = &self.one.budgets().configure;
            let took = [one.configure(&bytes, budget).await, other.configure(&bytes, budget).await];
            // Whose words they are does not matter, what they refuse does.
            let [took, expected] = took.map(|took| came(took).map_err(|(source, kind, ..)| (source, kind)));
            let shown: rmp_serde::decode::Error;
            let params = match rmp_serde::from_slice::<Params>(&bytes) {
                Ok(params) => format!("{params:?}"),
                Err(error) => {
                    shown = error;
                    shown.to_string()
                }
            };
            same(&format!("configure with {params}"), &took, &expected)?;
            if took.is_ok() && one.alive() && self.one.component().interfaces().learner {
                let fitted = [one.fit(budget).await, other.fit(budget).await].map(came);
                let [fitted, expected] = fitted;
                same(&format!("fit after configure with {params}"), &fitted, &expected)?;
            }
        }
        Ok(())
    }

    async fn decisions(&self) -> Result<(), String> {
        let [mut one, mut other] = self.instances().await?;
        for surface in SURFACES {
            for (shape, seed) in Shape::ALL.into_iter().flat_map(|shape| (0..SEEDS).map(move |seed| (shape, seed))) {
                let seen = Observation { surface: surface.into(), ..observation(self.other.descriptor(), shape, seed) };
                self.decision(&mut one, &mut other, &seen)
                    .await
                    .map_err(|e| format!("{} ({surface}, {seed}): {e}", shape.name()))?;
            }
        }
        Ok(())
    }

    async fn decision(&self, one: &mut Instance, other: &mut Instance, seen: &Observation) -> Result<(), String> {
        let budget = &self.one.budgets().decide;
        let decided = [one.decide(seen, budget).await, other.decide(seen, budget).await];
        let [decided, expected] = decided.map(came);
        same("it asked of the host", &one.latest_calls(), &other.latest_calls())?;
        same("it decided", &format!("{decided:?}"), &format!("{expected:?}"))
    }

    async fn learning(&self) -> Result<(), String> {
        if !self.other.component().interfaces().learner {
            return Ok(());
        }
        let [mut one, mut other] = self.instances().await?;
        let unlucky = Feedback { events: vec![13], cursors: vec![13], ..Feedback::default() };
        let batches = [feedback(1, 0, 1), feedback(1_500, 1, 2), Feedback::default(), unlucky, feedback(99, 2_000, 3)];
        let budget = &self.one.budgets().learn;
        for batch in batches {
            let n = batch.events.len();
            let [learned, expected] = [one.learn(&batch, budget).await, other.learn(&batch, budget).await].map(came);
            same(&format!("learn of {n} events"), &learned, &expected)?;
            let [fitted, expected] = [one.fit(budget).await, other.fit(budget).await].map(came);
            same(&format!("fit after {n} events"), &fitted, &expected)?;
            let kept = [one.snapshot(budget).await, other.snapshot(budget).await].map(came);
            same("snapshot", &kept[0], &kept[1])?;
        }
        Ok(())
    }

    async fn states(&self) -> Result<(), String> {
        if self.other.descriptor().is_none() {
            return Ok(());
        }
        let [_, mut other] = self.instances().await?;
        let budget = &self.one.budgets().restore;
        let own = other.snapshot(budget).await.map_err(|e| e.to_string())?;
        let mut tried = vec![own.clone(), State { schema: "other/9".to_owned(), ..own.clone() }];
        for length in [0, 1, own.bytes.len() + 1, 100_000] {
            tried.push(State { schema: own.schema.clone(), bytes: vec![7; length] });
        }
        for state in tried {
            let [mut one, mut other] = self.instances().await?;
            let took = [one.restore(&state, budget).await, other.restore(&state, budget).await];
            let [took, expected] = took.map(|took| came(took).map_err(|(source, kind, ..)| (source, kind)));
            same(&format!("restore of {} bytes of {:?}", state.bytes.len(), state.schema), &took, &expected)?;
            if took.is_ok() {
                let [kept, expected] = [one.snapshot(budget).await, other.snapshot(budget).await].map(came);
                same("snapshot after restore", &kept, &expected)?;
            }
        }
        Ok(())
    }
}

/// The largest whole number that a language has whose numbers are all f64.
const WHOLE_MAX: i64 = (1 << 53) - 1;

/// Values of every type, some at its edges; within a type only what some decision space may allow.
fn values() -> Vec<ParamValue> {
    let named = [("a".to_owned(), 0.5), ("ü".to_owned(), -2.0), ("ü".repeat(40), 1e300)];
    vec![
        ParamValue::Boolean(false),
        ParamValue::Integer(-1),
        ParamValue::Integer(5),
        ParamValue::Integer(200),
        ParamValue::Integer(70_000),
        ParamValue::Integer(-WHOLE_MAX),
        ParamValue::Integer(WHOLE_MAX),
        ParamValue::Float(0.25),
        ParamValue::Float(-1e300),
        ParamValue::Text("y".to_owned()),
        ParamValue::Text("ü".to_owned()),
        ParamValue::Rows(vec![]),
        ParamValue::Rows(vec![3, 1, 70_000]),
        ParamValue::Rows((0..40).collect()),
        ParamValue::Numbers(vec![0.5, -1.0, 1e300]),
        ParamValue::Named(named.into()),
    ]
}
