//! The report of an evolution that was made up: what it says, and that nothing in it comes from elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;

use greenroom_evolve::knowledge::Change;
use greenroom_evolve::proof::{Judged, Judgement, Terms, Unusable, Verdict};
use greenroom_evolve::report::{Report, Step, html, importance};
use greenroom_evolve::study::{
    Again, Bound, Config, Constraint, Cost, Direction, Objective, Over, Record, State, Trial,
};
use greenroom_evolve::{Dimension, Domain, Draws, Failure, Front, Member, Outcome, Score, Space, Value};
use greenroom_model::Digest;
use support::*;

const EVIL: &str = "<script>alert(\"x\")</script>&\u{202e}'";

fn dimension(name: &str, domain: Domain) -> Dimension {
    Dimension { name: name.to_owned(), domain, condition: None }
}

/// Five dimensions, of which the first matters much, the second somewhat and the others not at all.
fn dimensions() -> Space {
    Space::new(vec![
        dimension("als.regularisation", Domain::Float { low: 0.001, high: 10.0, log: true }),
        dimension("fusion.method", Domain::Choice { options: ["sum", "rank", EVIL].map(str::to_owned).to_vec() }),
        dimension("item-knn.neighbours", Domain::Integer { low: 5, high: 500, log: true }),
        dimension("popularity.half_life_of_events_in_days", Domain::Float { low: 1.0, high: 900.0, log: false }),
        dimension("rerank.diversify", Domain::Boolean),
    ])
    .unwrap()
}

fn study(name: &str, trials: u64, floor: f64) -> Record {
    let constraints = vec![Constraint { name: "fuel".to_owned(), bound: Bound::Max(2e6) }];
    let config = Config { space: dimensions(), constraints, sampler: "tpe".to_owned(), ..config(name) };
    let config = Config { budget: greenroom_evolve::study::Budget { trials, ..config.budget }, ..config };
    let mut draws = Draws::new(trials);
    let trials = (0..trials).map(|number| trial(&config, number, floor, &mut draws)).collect();
    Record { config, trials }
}

fn trial(config: &Config, number: u64, floor: f64, draws: &mut Draws) -> Trial {
    let point = config.space.complete(&BTreeMap::new(), draws);
    let regularisation = match point["als.regularisation"] {
        Value::Float(x) => x.log10(),
        _ => unreachable!(),
    };
    let method = match &point["fusion.method"] {
        Value::Choice(name) if name == "rank" => 0.004,
        _ => 0.0,
    };
    let value = floor + 0.02 * (-(regularisation + 0.5).powi(2)).exp() + method + 0.002 * draws.normal();
    let fuel = 1.2e6 + 5e7 * (value - floor) + 2e5 * draws.normal();
    let violations = vec![(fuel - 2e6) / 2e6];
    let outcome = match number % 17 {
        3 => Outcome::Failed { failure: Failure::Fault, why: format!("als trapped: {EVIL}") },
        7 => Outcome::Failed {
            failure: Failure::Undefined,
            why: "`ndcg@10` is NaN, expected a finite number".to_owned(),
        },
        5 | 11 => Outcome::Pruned { rung: 1, values: vec![value - 0.004] },
        13 => Outcome::Complete { values: vec![0.001], violations: vec![-0.5] },
        _ => Outcome::Complete { values: vec![value], violations },
    };
    let rungs: Vec<Score> = Score::of(&outcome).into_iter().collect();
    let cost = Cost { fuel: 3_000_000_000, time_us: 1_900_000, bytes: 1 << 24 };
    let over = Over { outcome, rungs, cost, inner: BTreeMap::new(), again: Vec::new(), over_ms: 1_795_670_000_000 };
    Trial { number, seed: number, point, state: State::Over(over) }
}

fn judged(plan: &str, difference: f64, half: f64, verdict: Verdict) -> Judged {
    let (low, high) = (difference - half, difference + half);
    let name = Digest::of(plan.as_bytes()).to_string();
    Judged { name, mean: 0.1043 + difference, difference, se: half / 2.3, low, high, p: 0.0021, verdict }
}

fn step(plan: &str, origin: &str, hypothesis: &str, changes: &[(&str, Option<&str>, Option<&str>)]) -> Step {
    let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
    let change = |(what, from, to): &(&str, Option<&str>, Option<&str>)| Change {
        what: (*what).to_owned(),
        from: owned(*from),
        to: owned(*to),
    };
    Step {
        plan: Digest::of(plan.as_bytes()),
        origin: origin.to_owned(),
        hypothesis: hypothesis.to_owned(),
        changes: changes.iter().map(change).collect(),
    }
}

struct Evolution {
    studies: Vec<Record>,
    lineage: Vec<Step>,
    terms: Terms,
    validation: Judgement,
    test: Judgement,
}

fn evolution() -> Evolution {
    let best = judged("c", 0.0104, 0.004, Verdict::Better);
    let arms =
        vec![best.clone(), judged("d", 0.0021, 0.005, Verdict::Undecided), judged("e", -0.008, 0.003, Verdict::Worse)];
    let unusable = vec![(EVIL.to_owned(), Unusable::Empty)];
    Evolution {
        studies: vec![
            study("movies/1-individual", 120, 0.094),
            study("movies/2-composition", 80, 0.101),
            study("movies/3-individual", 100, 0.104),
        ],
        lineage: vec![
            step("a", "", "", &[]),
            step(
                "b",
                "trial 88 of movies/1-individual",
                "",
                &[("agents.als.regularisation", Some("0.05"), Some("0.31"))],
            ),
            step(
                "c",
                "trial 41 of movies/2-composition",
                &format!("the order of events says more than their number {EVIL}"),
                &[("nodes.next", None, Some("agent transitions")), ("nodes.popular", Some("agent popularity"), None)],
            ),
        ],
        terms: Terms::of_seeds(vec![1, 2, 3, 4, 5]),
        validation: Judgement { users: 659, baseline: 0.1043, arms, unusable },
        test: Judgement {
            users: 659,
            baseline: 0.1061,
            arms: vec![Judged { difference: 0.0071, ..best }],
            unusable: vec![],
        },
    }
}

impl Evolution {
    fn report(&self) -> Report<'_> {
        Report {
            title: "movies",
            studies: &self.studies,
            baseline: Some(0.1043),
            front: None,
            lineage: &self.lineage,
            terms: Some(&self.terms),
            validation: Some(&self.validation),
            test: Some(&self.test),
        }
    }
}

#[test]
fn a_report_has_all_that_is_known_and_is_well_formed() {
    let evolution = evolution();
    let page = html(&evolution.report());
    if let Some(path) = std::env::var_os("GREENROOM_REPORT") {
        std::fs::write(path, &page).unwrap();
    }
    for id in ["proof", "progress", "cost", "parameters", "lineage", "trials", "failures", "studies"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    // A plot of progress and one of cost for each study.
    assert_eq!(page.matches("<svg ").count(), 6);
    // 18 of 300 trials trapped, 18 had no number.
    assert!(page.contains("<td class=\"n\">18</td>"), "failures are counted");
    assert!(page.contains("<strong class=\"standing proven\">proven</strong>"));
    assert!(page.contains("<td class=\"n\">+0.0104</td><td class=\"n\">+0.0064 to +0.0144</td>"), "intervals are told");
    assert!(page.contains("added: <span class=\"new\">agent transitions</span>"));
    well_formed(&page);
    assert_eq!(page, html(&evolution.report()), "the same report is the same page");
}

/// Every element that is opened is closed, in order.
#[track_caller]
fn well_formed(page: &str) {
    let body = page.split_once("</style>").unwrap().1;
    let mut open = vec!["html", "head"];
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes something else");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn nothing_of_what_guests_say_is_markup_and_nothing_comes_from_elsewhere() {
    let mut evolution = evolution();
    evolution.studies[0].config.sampler = EVIL.to_owned();
    evolution.studies[0].config.data.protocol = EVIL.to_owned();
    for study in &mut evolution.studies {
        study.config.objectives[0].name = EVIL.to_owned();
    }
    let page = html(&Report { title: EVIL, ..evolution.report() });
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;\\u{202e}&#39;"));
    for forbidden in ["<script", "\u{202e}", "http:", "https:", "@import", "url(", "src=", " on"] {
        let found = page.split("<style>").flat_map(|part| part.split("</style>")).find(|part| {
            // Words may begin with "on"; attributes are inside tags.
            let tags = part.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
            if forbidden == " on" {
                tags.into_iter().any(|tag| tag.split('"').step_by(2).any(|outside| outside.contains(" on")))
            } else {
                part.contains(forbidden)
            }
        });
        assert!(found.is_none(), "{forbidden}");
    }
    well_formed(&page);
}

#[test]
fn where_little_is_known_the_page_says_so() {
    let nothing = Report {
        title: "new",
        studies: &[],
        baseline: None,
        front: None,
        lineage: &[],
        terms: None,
        validation: None,
        test: None,
    };
    let page = html(&nothing);
    assert!(page.contains("There is no study.") && page.contains("not judged"), "{page}");
    well_formed(&page);
    // One with a trial on its way, one whose trials have all failed.
    let mut begun = study("new/1-individual", 1, 0.1);
    begun.trials[0].state = State::Running { epoch: 1 };
    let mut failed = study("new/2-composition", 3, 0.1);
    for trial in &mut failed.trials {
        let State::Over(over) = &mut trial.state else { unreachable!() };
        over.outcome = Outcome::Failed { failure: Failure::Budget, why: "fuel".to_owned() };
    }
    let page = html(&Report { studies: &[begun.clone(), failed], ..nothing });
    assert!(page.contains("no trial that keeps to the bounds; 0 complete, 3 failed"), "{page}");
    assert!(page.contains("Too few trials to say."));
    well_formed(&page);
    let page = html(&Report { studies: &[begun], ..nothing });
    assert!(page.contains("No trial is over yet."));
}

#[test]
fn a_verdict_is_no_better_than_its_parts() {
    let evolution = evolution();
    let standing = |report: Report<'_>| {
        let page = html(&report);
        page.split("<strong class=\"standing ").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let report = evolution.report();
    assert_eq!(standing(report), "proven");
    assert_eq!(standing(Report { test: None, ..report }), "validated");
    let poor = Judgement { arms: vec![judged("c", -0.001, 0.004, Verdict::Undecided)], ..evolution.test.clone() };
    assert_eq!(standing(Report { test: Some(&poor), ..report }), "contradicted");
    let of_another = Judgement { arms: vec![judged("d", 0.1, 0.004, Verdict::Better)], ..evolution.test.clone() };
    assert_eq!(standing(Report { test: Some(&of_another), ..report }), "validated");
    assert_eq!(standing(Report { validation: Some(&poor), ..report }), "unproven");
    assert_eq!(standing(Report { validation: None, ..report }), "not-judged");
}

#[test]
fn what_was_evaluated_anew_is_told_as_its_mean() {
    let mut evolution = evolution();
    let State::Over(over) = &mut evolution.studies[0].trials[0].state else { unreachable!() };
    over.outcome = Outcome::Complete { values: vec![0.5], violations: vec![-0.1] };
    let anew = Outcome::Complete { values: vec![0.25], violations: vec![-0.1] };
    over.again = vec![Again { before: 10, outcome: anew, cost: Cost::default() }];
    let page = html(&evolution.report());
    assert!(page.contains("<div class=\"value\">0.3750</div>"), "the mean of 0.5 and 0.25 is the best");
    assert!(!page.contains("0.5000"));
}

#[test]
fn what_is_far_below_all_others_is_marked_at_the_edge_and_presses_nothing() {
    let evolution = evolution();
    let page = html(&evolution.report());
    let ticks = |page: &str| page.split("class=\"tick end\"").count() - 1;
    assert!(ticks(&page) >= 6 * 3, "{}", ticks(&page));
    assert!(!page.contains(">0.00</text>") && page.contains(">0.10</text>"), "the scale leaves 0.001 out");
    assert!(page.contains("class=\"m below\""));
    // Where less is better, what is far above: loss 1 beside losses of about 0.1.
    let mut loss = study("a", 60, 0.1);
    loss.config.objectives[0].direction = greenroom_evolve::study::Direction::Minimise;
    for trial in &mut loss.trials {
        let value = if trial.number == 5 { 1.0 } else { 0.1 + trial.number as f64 / 1e4 };
        let State::Over(over) = &mut trial.state else { unreachable!() };
        over.outcome = Outcome::Complete { values: vec![-value], violations: vec![-0.1] };
    }
    let page = html(&Report { studies: &[loss], baseline: None, ..evolution.report() });
    assert!(page.contains("best 0.1000 (trial 0)"));
    // In the plots of progress and of cost.
    assert_eq!(page.matches("class=\"m below\"").count(), 2);
}

#[test]
fn parameters_that_matter_are_told_from_those_that_do_not() {
    let found = importance(&study("a", 300, 0.1));
    let names: Vec<&str> = found.iter().map(|one| one.dimension.as_str()).collect();
    assert_eq!(names[..2], ["als.regularisation", "fusion.method"], "{found:?}");
    assert!(found[0].p < 0.01 && found[0].share > 0.4, "{found:?}");
    assert!((found.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(importance(&study("a", 20, 0.1)).is_empty(), "too few trials");
}

#[test]
fn of_values_by_chance_alone_hardly_any_parameter_matters() {
    let mut told = 0;
    for seed in 0..40 {
        let mut noise = study("a", 120, 0.1);
        let mut draws = Draws::new(seed + 1_000);
        for trial in &mut noise.trials {
            let State::Over(over) = &mut trial.state else { unreachable!() };
            over.outcome = Outcome::Complete { values: vec![draws.normal()], violations: vec![-0.1] };
        }
        told += importance(&noise).iter().filter(|one| one.p <= 0.05).count();
    }
    // Of 200 dimensions 10 are expected.
    assert!((1..=24).contains(&told), "{told} of 200");
}

#[test]
fn what_no_other_beats_is_shown_where_there_are_several_objectives() {
    let evolution = evolution();
    assert!(!html(&evolution.report()).contains("id=\"front\""));
    let objective = |name: &str, direction| Objective { name: name.to_owned(), direction };
    let member = |trial, values: [f64; 2]| Member {
        study: "movies/1-individual".to_owned(),
        trial,
        values: values.to_vec(),
        changes: vec![Change { what: EVIL.to_owned(), from: None, to: Some(EVIL.to_owned()) }],
    };
    let front = Front {
        objectives: vec![objective(EVIL, Direction::Maximise), objective("gini", Direction::Minimise)],
        origin: vec![0.1043, 0.9],
        reference: vec![0.09387, 0.99],
        hypervolume: 0.0321,
        hypervolume_origin: 0.01,
        members: vec![member(7, [0.11, 0.8]), member(9, [0.12, 0.9])],
    };
    let page = html(&Report { front: Some(&front), ..evolution.report() });
    let section = page.split("id=\"front\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in ["2 trials of the search", "Hypervolume 0.0321", "7 of <span", "0.9900", "as it is"] {
        assert!(section.contains(part), "{part}: {section}");
    }
    assert!(!page.contains(EVIL));
    assert_eq!(section.matches("class=\"m front\"").count(), 2);
    well_formed(&page);
}
