//! How far a study is, in words: from what happened and the time that it is told.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use greenroom_evolve::study::{Budget, Config, Direction, Event, Job, Trial};
use greenroom_evolve::{Failure, Outcome};
use greenroom_model::text::shortened;

use crate::table::large;

/// Outcomes that are shown.
const LATEST_MAX: usize = 6;
/// Trials by which the rate is taken: it follows what trials take now.
const RATE_OVER: usize = 30;
/// Columns of the bar.
const BAR: usize = 24;

/// What a trial came to, as far as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Came {
    To { value: f64, keeps: bool },
    Pruned,
    Failed(Failure),
}

/// How far a study is.
pub(super) struct Course {
    name: String,
    objective: String,
    direction: Direction,
    budget: Budget,
    baseline: Option<f64>,
    /// By number.
    over: BTreeMap<u64, Came>,
    /// The numbers of those that were over last, the latest last.
    latest: VecDeque<u64>,
    fuel: u64,
    evaluated_us: u64,
    /// What of both is from before.
    before: (u64, u64),
    /// When trials were over, since the beginning.
    times: VecDeque<Duration>,
    /// The best of those that keep to the constraints.
    best: Option<(u64, f64)>,
}

impl Course {
    pub(super) fn new(config: &Config, trials: &[Trial], baseline: Option<f64>) -> Self {
        let objective = config.objectives.first();
        let mut course = Self {
            name: shortened(&config.name, 64),
            objective: objective.map_or_else(|| "value".to_owned(), |objective| shortened(&objective.name, 24)),
            direction: objective.map_or(Direction::Maximise, |objective| objective.direction),
            budget: config.budget,
            baseline,
            over: BTreeMap::new(),
            latest: VecDeque::new(),
            fuel: 0,
            evaluated_us: 0,
            before: (0, 0),
            times: VecDeque::from([Duration::ZERO]),
            best: None,
        };
        for trial in trials {
            let cost = trial.cost(u64::MAX);
            course.spend(cost.fuel, cost.time_us);
            course.take(trial);
        }
        course.before = (course.fuel, course.evaluated_us);
        course
    }

    /// Whether anything that is shown has changed.
    pub(super) fn see(&mut self, event: &Event<'_>, now: Duration) -> bool {
        let Event::Over(job, trial) = event else { return false };
        let Some(over) = trial.over() else { return false };
        match job {
            Job::Trial { number } => {
                self.spend(over.cost.fuel, over.cost.time_us);
                self.latest.push_back(*number);
                self.times.push_back(now);
            }
            Job::Again { before, .. } => {
                let anew = over.again.iter().filter(|again| again.before == *before);
                anew.for_each(|again| self.spend(again.cost.fuel, again.cost.time_us));
            }
        }
        if self.latest.len() > LATEST_MAX {
            self.latest.pop_front();
        }
        if self.times.len() > RATE_OVER + 1 {
            self.times.pop_front();
        }
        self.take(trial);
        true
    }

    fn spend(&mut self, fuel: u64, time_us: u64) {
        self.fuel = self.fuel.saturating_add(fuel);
        self.evaluated_us = self.evaluated_us.saturating_add(time_us);
    }

    fn take(&mut self, trial: &Trial) {
        let Some(told) = trial.told(u64::MAX) else { return };
        let came = match told.outcome {
            Outcome::Complete { values, violations } => Came::To {
                value: self.own(values.first().copied().unwrap_or(f64::NAN)),
                keeps: violations.iter().all(|violation| *violation <= 0.0),
            },
            Outcome::Pruned { .. } => Came::Pruned,
            Outcome::Failed { failure, .. } => Came::Failed(failure),
        };
        self.over.insert(trial.number, came);
        let keep = self.over.iter().filter_map(|(number, came)| match came {
            Came::To { value, keeps: true } => Some((*number, *value)),
            _ => None,
        });
        self.best = keep.reduce(|best, next| if self.own(next.1) > self.own(best.1) { next } else { best });
    }

    /// A stored value in the objective's own direction, and the other way around.
    fn own(&self, value: f64) -> f64 {
        match self.direction {
            Direction::Maximise => value,
            Direction::Minimise => -value,
        }
    }

    fn made(&self) -> u64 {
        self.over.len() as u64
    }

    pub(super) fn is_done(&self) -> bool {
        self.made() >= self.budget.trials
    }

    /// Trials a second, lately.
    fn rate(&self, now: Duration) -> Option<f64> {
        let since = now.saturating_sub(*self.times.front()?).as_secs_f64();
        let made = self.times.len().saturating_sub(1);
        (made > 0 && since > 0.0).then(|| made as f64 / since)
    }

    /// Seconds until the first of the budgets is spent.
    fn left_s(&self, now: Duration) -> Option<f64> {
        let elapsed = now.as_secs_f64();
        let of = |budget: Option<u64>, spent: u64, before: u64| {
            let rate = spent.saturating_sub(before) as f64 / elapsed;
            budget.filter(|_| rate > 0.0).map(|budget| budget.saturating_sub(spent) as f64 / rate)
        };
        let trials = self.rate(now).map(|rate| self.budget.trials.saturating_sub(self.made()) as f64 / rate);
        let fuel = of(self.budget.fuel, self.fuel, self.before.0);
        let time = of(self.budget.time_us, self.evaluated_us, self.before.1);
        [trials, fuel, time].into_iter().flatten().min_by(f64::total_cmp)
    }

    /// What is best, then what is said of it, each with how soon it may be left out.
    fn best_parts(&self) -> Vec<(u8, String)> {
        let Some((trial, value)) = self.best else {
            let mut parts = vec![(0, format!("no {} yet", self.objective))];
            parts.extend(self.baseline.map(|baseline| (2, format!("baseline {baseline:.4}"))));
            return parts;
        };
        let mut parts = vec![(0, format!("{} {value:.4}", self.objective))];
        let beside = |baseline: f64| format!("{:+.4} on the baseline's {baseline:.4}", value - baseline);
        parts.extend(self.baseline.map(|baseline| (2, beside(baseline))));
        parts.push((4, format!("trial {trial}")));
        parts
    }

    fn fuel_text(&self) -> String {
        let of = self.budget.fuel.map_or_else(String::new, |budget| format!(" of {}", large(budget as f64)));
        format!("{}{of} fuel", large(self.fuel as f64))
    }

    /// Of which nothing else tells: how many were given up, have failed.
    fn lost_text(&self) -> Option<String> {
        let of = |is: fn(&Came) -> bool| self.over.values().filter(|came| is(came)).count();
        let (pruned, failed) = (of(|came| *came == Came::Pruned), of(|came| matches!(came, Came::Failed(_))));
        let told = [(pruned, "given up"), (failed, "failed")];
        let told: Vec<String> =
            told.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    fn rate_text(&self, now: Duration) -> Option<String> {
        self.rate(now).map(|rate| if rate >= 0.1 { format!("{rate:.1}/s") } else { format!("{:.1}/min", rate * 60.0) })
    }

    fn left_text(&self, now: Duration) -> Option<String> {
        if self.is_done() {
            return None;
        }
        self.left_s(now).map(|seconds| match seconds {
            0.0..100.0 => format!("{seconds:.0} s left"),
            100.0..6_000.0 => format!("{:.0} min left", seconds / 60.0),
            _ => format!("{:.1} h left", seconds / 3_600.0),
        })
    }

    /// All of it in a line, for logs.
    pub(super) fn line(&self, now: Duration) -> String {
        let mut parts = vec![format!("{}: {} of {} trials", self.name, self.made(), self.budget.trials)];
        parts.extend(self.rate_text(now));
        let mut best = self.best_parts().into_iter().map(|(_, text)| text);
        let said = |first: String, rest: Vec<String>| {
            if rest.is_empty() { first } else { format!("{first} ({})", rest.join(", ")) }
        };
        parts.extend(best.next().map(|first| said(first, best.collect())));
        parts.extend(self.lost_text());
        parts.push(self.fuel_text());
        parts.extend(self.left_text(now));
        parts.join(", ")
    }

    /// Three lines that are at most so wide; what matters least is left out first.
    pub(super) fn lines(&self, now: Duration, width: usize) -> Vec<String> {
        let count = format!("{}/{}", self.made(), self.budget.trials);
        let share = self.made() as f64 / self.budget.trials.max(1) as f64;
        let mut head = vec![(3, self.name.clone()), (4, bar(share)), (0, count)];
        head.extend(self.left_text(now).map(|text| (1, text)));
        head.extend(self.rate_text(now).map(|text| (2, text)));
        let mut best = self.best_parts();
        best.push((1, self.fuel_text()));
        best.extend(self.lost_text().map(|text| (3, text)));
        let latest = self.latest.iter().rev().zip(0..).map(|(number, age)| (age, self.outcome_text(*number)));
        let mut lines = vec![fitted(head, width), fitted(best, width)];
        if !self.latest.is_empty() {
            lines.push(fitted(latest.collect(), width));
        }
        lines
    }

    fn outcome_text(&self, number: u64) -> String {
        let best = if self.best.is_some_and(|(best, _)| best == number) { " best" } else { "" };
        match self.over.get(&number) {
            Some(Came::To { value, keeps: true }) => format!("#{number} {value:.4}{best}"),
            Some(Came::To { value, keeps: false }) => format!("#{number} {value:.4} beyond a bound"),
            Some(Came::Pruned) => format!("#{number} given up"),
            Some(Came::Failed(failure)) => format!("#{number} failed: {}", class(*failure)),
            None => format!("#{number}"),
        }
    }
}

fn class(failure: Failure) -> &'static str {
    match failure {
        Failure::Invalid => "invalid",
        Failure::Fault => "fault",
        Failure::Budget => "budget",
        Failure::Deadline => "deadline",
        Failure::Undefined => "undefined",
        Failure::Host => "host",
    }
}

fn bar(share: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few columns")]
    let full = ((share.clamp(0.0, 1.0) * BAR as f64) as usize).min(BAR);
    format!("{}{}", "\u{2588}".repeat(full), "\u{2591}".repeat(BAR - full))
}

/// Parts in their order with two blanks between. Of those that do not fit into the width the one with the highest number
/// goes first; the last one is cut.
fn fitted(mut parts: Vec<(u8, String)>, width: usize) -> String {
    let line = |parts: &[(u8, String)]| parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("  ");
    while parts.len() > 1 && line(&parts).chars().count() > width {
        let least = parts.iter().map(|(rank, _)| *rank).max();
        parts.retain(|(rank, _)| Some(*rank) != least);
    }
    line(&parts).chars().take(width).collect()
}

#[cfg(test)]
mod tests {
    use greenroom_evolve::study::{Again, Bound, Constraint, Cost, Data, Objective, Over, State};
    use greenroom_evolve::{Dimension, Domain, Pruner, Space};
    use greenroom_model::Digest;

    use super::*;

    fn config() -> Config {
        let domain = Domain::Float { low: 0.0, high: 1.0, log: false };
        let digest = Digest::of(b"");
        Config {
            name: "movies-1-individual".to_owned(),
            seed: 1,
            space: Space::new(vec![Dimension { name: "x".to_owned(), domain, condition: None }]).unwrap(),
            objectives: vec![Objective { name: "ndcg@10".to_owned(), direction: Direction::Maximise }],
            constraints: vec![Constraint { name: "fuel".to_owned(), bound: Bound::Max(1.0) }],
            sampler: "random".to_owned(),
            lag: 1,
            budget: Budget { trials: 40, fuel: None, time_us: None },
            rungs: vec![1.0],
            pruner: Pruner::Never,
            elites: None,
            warm: Vec::new(),
            data: Data { events: digest, protocol: "p1".to_owned(), catalogue: digest, graph: digest },
        }
    }

    fn trial(number: u64, outcome: Outcome) -> Trial {
        let cost = Cost { fuel: 1_500_000, time_us: 500_000, bytes: 1 };
        let over = Over { outcome, rungs: vec![], cost, inner: BTreeMap::new(), again: vec![], over_ms: 0 };
        Trial { number, seed: 0, point: BTreeMap::new(), state: State::Over(over) }
    }

    fn complete(value: f64, violation: f64) -> Outcome {
        Outcome::Complete { values: vec![value], violations: vec![violation] }
    }

    fn seen(config: &Config, outcomes: Vec<Outcome>) -> Course {
        let mut course = Course::new(config, &[], Some(0.1));
        for (outcome, number) in outcomes.into_iter().zip(0_u64..) {
            let at = Duration::from_millis(500 * (number + 1));
            assert!(course.see(&Event::Over(Job::Trial { number }, &trial(number, outcome)), at));
        }
        course
    }

    fn some() -> Vec<Outcome> {
        let failed = Outcome::Failed { failure: Failure::Fault, why: "\u{1b}[2J".to_owned() };
        let pruned = Outcome::Pruned { rung: 0, values: vec![9.0] };
        vec![complete(0.104, 0.0), complete(0.5, 0.2), failed, pruned, complete(0.1031, -0.1)]
    }

    const NOW: Duration = Duration::from_millis(2_500);

    #[test]
    fn a_line_has_all_of_it() {
        assert_eq!(
            seen(&config(), some()).line(NOW),
            "movies-1-individual: 5 of 40 trials, 2.0/s, ndcg@10 0.1040 (+0.0040 on the baseline's 0.1000, trial 0), \
             1 given up, 1 failed, 7.5M fuel, 18 s left"
        );
        assert_eq!(
            Course::new(&config(), &[], Some(0.1)).line(Duration::ZERO),
            "movies-1-individual: 0 of 40 trials, no ndcg@10 yet (baseline 0.1000), 0 fuel"
        );
    }

    #[test]
    fn lines_fit_into_any_terminal() {
        let course = seen(&config(), some());
        assert_eq!(
            course.lines(NOW, 100),
            [
                "movies-1-individual  \u{2588}\u{2588}\u{2588}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\
                 \u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}\u{2591}  5/40  \
                 18 s left  2.0/s",
                "ndcg@10 0.1040  +0.0040 on the baseline's 0.1000  trial 0  7.5M fuel  1 given up, 1 failed",
                "#4 0.1031  #3 given up  #2 failed: fault  #1 0.5000 beyond a bound  #0 0.1040 best",
            ]
        );
        assert_eq!(course.lines(NOW, 30)[0], "5/40  18 s left  2.0/s");
        assert_eq!(course.lines(NOW, 30)[1], "ndcg@10 0.1040  7.5M fuel");
        assert_eq!(course.lines(NOW, 30)[2], "#4 0.1031  #3 given up");
        for width in 0..120 {
            let lines = course.lines(NOW, width);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
        }
    }

    #[test]
    fn the_first_budget_that_is_spent_says_how_long_it_takes() {
        let left = |fuel, time_us| {
            let budget = Budget { trials: 40, fuel, time_us };
            seen(&Config { budget, ..config() }, some()).left_text(NOW)
        };
        assert_eq!(left(None, None).as_deref(), Some("18 s left"));
        assert_eq!(left(Some(13_500_000), None).as_deref(), Some("2 s left"));
        assert_eq!(left(Some(1_000_000), None).as_deref(), Some("0 s left"));
        assert_eq!(left(Some(u64::MAX), Some(3_500_000)).as_deref(), Some("1 s left"));
    }

    #[test]
    fn a_study_that_goes_on_counts_what_it_has_and_not_as_fast() {
        let before: Vec<Trial> = (0..10).map(|number| trial(number, complete(0.2, 0.0))).collect();
        let mut course = Course::new(&config(), &before, None);
        assert_eq!((course.made(), course.rate(NOW), course.left_s(NOW)), (10, None, None));
        course.see(&Event::Over(Job::Trial { number: 10 }, &trial(10, complete(0.1, 0.0))), NOW);
        assert_eq!((course.made(), course.rate(NOW)), (11, Some(0.4)));
        assert_eq!(course.best, Some((0, 0.2)));
        assert!(course.line(NOW).contains("16.5M fuel"), "{}", course.line(NOW));
    }

    #[test]
    fn what_is_evaluated_anew_may_lose_its_place_and_is_paid_for() {
        let mut course = seen(&config(), vec![complete(0.3, 0.0), complete(0.25, 0.0)]);
        assert_eq!(course.best, Some((0, 0.3)));
        let mut anew = trial(0, complete(0.3, 0.0));
        let State::Over(over) = &mut anew.state else { unreachable!() };
        let cost = Cost { fuel: 1_000_000, ..Cost::default() };
        over.again.push(Again { before: 2, outcome: complete(0.1, 0.0), cost });
        course.see(&Event::Over(Job::Again { before: 2, number: 0 }, &anew), NOW);
        assert_eq!((course.best, course.fuel, course.made()), (Some((1, 0.25)), 4_000_000, 2));
    }

    #[test]
    fn less_is_better_where_the_objective_says_so() {
        let objectives = vec![Objective { name: "loss".to_owned(), direction: Direction::Minimise }];
        let course = seen(&Config { objectives, ..config() }, vec![complete(-0.4, 0.0), complete(-0.2, 0.0)]);
        assert_eq!(course.best, Some((1, 0.2)));
    }
}
