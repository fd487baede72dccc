//! Which branches of the graph run: a new subject needs no model of its history, and a busy page no deep one.
//!
//! The answer names branches with probability 1. A graph wires those that it has; of the others nothing runs.

use greenroom_sdk::{
    Branch, Decision, Descriptor, Fault, Lifecycle, Observation, Params, Payload, PayloadKind, Policy, Role, Route,
    choice, describe, integer,
};

/// Picks branches.
#[derive(Default)]
pub struct Router {
    by: By,
    cold_max: usize,
    light_max: usize,
}

#[derive(Default, Clone, Copy)]
enum By {
    #[default]
    Segment,
    Surface,
    History,
}

// No threshold is higher, so the router needs to see no more of a history.
const HISTORY_MAX: u32 = 501;
const ELSEWHERE: &str = "default";

impl Policy for Router {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        let names = match self.by {
            By::Segment if seen.segments.is_empty() => vec![self.segment(seen.history.rows.len()).to_owned()],
            By::Segment => seen.segments,
            By::Surface if seen.surface.is_empty() => vec![ELSEWHERE.to_owned()],
            By::Surface => vec![seen.surface],
            By::History => vec![self.segment(seen.history.rows.len()).to_owned()],
        };
        let mut route = Route { branches: Vec::with_capacity(names.len()) };
        for name in names {
            if !route.branches.iter().any(|branch| branch.name == name) {
                route.branches.push(Branch { name, probability: 1.0 });
            }
        }
        Ok(Decision { payload: Payload::Route(route), policy: None })
    }
}

impl Router {
    fn segment(&self, events: usize) -> &'static str {
        match events {
            0 => "new",
            n if n <= self.cold_max => "cold",
            n if n <= self.light_max => "light",
            _ => "heavy",
        }
    }
}

impl Lifecycle for Router {
    fn describe() -> Descriptor {
        describe("router", "0.1.0", Role::Routing, "picks branches by what is known of a request")
            .returns(PayloadKind::Route)
            .history(HISTORY_MAX)
            .parameter(choice(
                "by",
                &["segment", "surface", "history"],
                "segment",
                "the request's segments (by history when it has none), its surface, or how long the history is",
            ))
            .parameter(
                integer("cold_max", 0, 500, 10, "events up to which a subject is cold")
                    .when("by", &["segment", "history"]),
            )
            .parameter(
                integer("light_max", 0, 500, 50, "events up to which a subject is light")
                    .when("by", &["segment", "history"]),
            )
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.by = match params.choice("by")? {
            "surface" => By::Surface,
            "history" => By::History,
            _ => By::Segment,
        };
        self.cold_max = params.integer("cold_max")?;
        self.light_max = params.integer("light_max")?;
        if self.light_max < self.cold_max {
            return Err(Fault::invalid_parameters(format!(
                "`light_max` = {} is below `cold_max` = {}: nobody would be light; raise it",
                self.light_max, self.cold_max
            )));
        }
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Router);

#[cfg(test)]
mod tests {
    use greenroom_sdk::native;

    use super::*;

    fn branches(params: Params, change: impl Fn(&mut Observation), events: u32) -> Vec<String> {
        let mut agent = Router::default();
        agent.configure(&params).unwrap();
        let history: Vec<(u32, i64)> = (0..events).map(|row| (row, i64::from(row))).collect();
        let mut seen = native::observe(1, &history);
        change(&mut seen);
        match agent.decide(seen).unwrap().payload {
            Payload::Route(route) => {
                assert!(route.branches.iter().all(|branch| branch.probability == 1.0));
                route.branches.into_iter().map(|branch| branch.name).collect()
            }
            _ => Vec::new(),
        }
    }

    fn defaults() -> Params {
        Params::defaults(&Router::describe())
    }

    #[test]
    fn the_segments_of_a_request_are_its_branches() {
        let said = |seen: &mut Observation| seen.segments = vec!["cold".into(), "family".into(), "cold".into()];
        assert_eq!(branches(defaults(), said, 400), ["cold", "family"]);
    }

    #[test]
    fn without_segments_the_length_of_the_history_decides() {
        for (events, segment) in [(0, "new"), (1, "cold"), (10, "cold"), (11, "light"), (50, "light"), (51, "heavy")] {
            assert_eq!(branches(defaults(), |_| {}, events), [segment]);
        }
    }

    #[test]
    fn the_length_of_the_history_overrides_segments_when_asked_to() {
        let params = defaults().with("by", "history").with("cold_max", 2_i64).with("light_max", 3_i64);
        let said = |seen: &mut Observation| seen.segments = vec!["cold".into()];
        assert_eq!(branches(params, said, 4), ["heavy"]);
    }

    #[test]
    fn a_surface_is_a_branch_and_none_is_the_default_one() {
        let params = || defaults().with("by", "surface");
        assert_eq!(branches(params(), |seen| seen.surface = "home".into(), 0), ["home"]);
        assert_eq!(branches(params(), |_| {}, 0), ["default"]);
    }

    #[test]
    fn thresholds_that_leave_nobody_light_are_refused() {
        let fault = Router::default().configure(&defaults().with("cold_max", 60_i64)).unwrap_err();
        assert!(fault.message.contains("`light_max` = 50"), "{}", fault.message);
    }
}
