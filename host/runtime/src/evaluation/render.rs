//! A report for people: tables that fold to the width of the terminal, then what they mean in words.

use super::{Arm, ArmKind, Comparison, Estimate, Metric, Report, Segment, Verdict};

/// No terminal is taken to be narrower.
const WIDTH_MIN: usize = 60;

/// Between columns.
const GAP: &str = "  ";

impl Report {
    /// The report in lines of at most `width` characters (but at least 60): columns that do not fit go below, beside the
    /// names again.
    #[must_use]
    pub fn render(&self, width: usize) -> String {
        let width = width.max(WIDTH_MIN);
        let data = &self.data;
        let blocks = if data.blocks > 1 { format!(" in {} blocks", data.blocks) } else { String::new() };
        let mut text = wrapped(
            &format!(
                "protocol {}: {} subjects ({} judged), {} items, {} train and {} test rows{blocks}",
                self.protocol, data.users, data.judged, data.items, data.train, data.test
            ),
            width,
        );
        text.push('\n');
        text.push_str(&table(&self.arm_columns(), width));
        for metric in Self::COMPARED {
            text.push_str(&format!("\n{metric} by segment (how many subjects)\n"));
            text.push_str(&table(&self.segment_columns(metric), width));
        }
        for of_pair in self.comparisons.chunk_by(|x, y| (&x.a, &x.b) == (&y.a, &y.b)) {
            if let Some(Comparison { a, b, .. }) = of_pair.first() {
                text.push('\n');
                text.push_str(&wrapped(&format!("{a} minus {b}, with {} intervals", self.percent()), width));
                text.push_str(&table(&comparison_columns(of_pair), width));
            }
        }
        text.push('\n');
        let overall = self.comparisons.iter().filter(|comparison| comparison.segment.is_none());
        for comparison in overall {
            text.push_str(&wrapped(&self.sentence(comparison), width));
        }
        for note in &self.notes {
            text.push_str(&wrapped(&format!("note: {note}"), width));
        }
        text
    }

    /// What a comparison means, in words.
    #[must_use]
    pub fn sentence(&self, comparison: &Comparison) -> String {
        let Comparison { a, b, metric, difference, low, high, .. } = comparison;
        let of_agent = !self.arms.iter().any(|arm| arm.kind == ArmKind::Graph && arm.name == *b);
        let other = if of_agent { format!("its best single agent, {b},") } else { format!("graph {b}") };
        let percent = self.percent();
        let figures = format!("{difference:+.4}, {percent} interval {low:+.4} to {high:+.4}");
        match comparison.verdict {
            Verdict::Above => format!("Graph {a} is above {other} in {metric} ({figures})."),
            Verdict::Below => format!("Graph {a} is NOT above {other} in {metric}: it is below ({figures})."),
            Verdict::Undecided => {
                format!("Graph {a} is NOT shown to be above {other} in {metric}: it may be chance ({figures}).")
            }
        }
    }

    fn percent(&self) -> String {
        format!("{} %", (self.confidence * 1_000.0).round() / 10.0)
    }

    fn arm_columns(&self) -> Vec<Vec<String>> {
        let column = |title: &str, cell: &dyn Fn(&Arm) -> String| {
            std::iter::once(title.to_owned()).chain(self.arms.iter().map(cell)).collect::<Vec<_>>()
        };
        let optional =
            |value: Option<f64>, decimals: usize| value.map_or("-".to_owned(), |x| format!("{x:.decimals$}"));
        vec![
            column("arm", &name),
            column("ndcg@10", &|arm| estimate(&arm.ndcg)),
            column("recall@20", &|arm| estimate(&arm.recall)),
            column("coverage@10", &|arm| format!("{:.4}", arm.coverage)),
            column("mrr", &|arm| format!("{:.4}", arm.mrr.value)),
            column("hit@10", &|arm| format!("{:.4}", arm.hit.value)),
            column("novelty", &|arm| optional(arm.novelty, 2)),
            column("gini", &|arm| optional(arm.gini, 3)),
            column("fuel/req", &|arm| arm.cost.fuel_per_request.map_or("-".to_owned(), large)),
            column("p50 us", &|arm| optional(arm.cost.time_us.map(|t| t.p50), 0)),
            column("p99 us", &|arm| optional(arm.cost.time_us.map(|t| t.p99), 0)),
            column("degraded", &|arm| arm.cost.degraded.to_string()),
        ]
    }

    fn segment_columns(&self, metric: Metric) -> Vec<Vec<String>> {
        let mut columns = vec![std::iter::once("arm".to_owned()).chain(self.arms.iter().map(name)).collect()];
        for segment in Segment::ALL {
            let Some(users) = self.arms.iter().find_map(|arm| arm.segments.get(&segment)).map(|s| s.users) else {
                continue;
            };
            let cell = |arm: &Arm| {
                let scores = arm.segments.get(&segment);
                let value = scores.map(|s| if metric == Metric::Recall { &s.recall } else { &s.ndcg });
                value.map_or("-".to_owned(), |value| format!("{:.4}", value.value))
            };
            columns.push(std::iter::once(format!("{segment} ({users})")).chain(self.arms.iter().map(cell)).collect());
        }
        columns
    }
}

fn name(arm: &Arm) -> String {
    if arm.kind == ArmKind::Graph { format!("{} (graph)", arm.name) } else { arm.name.clone() }
}

fn estimate(estimate: &Estimate) -> String {
    format!("{:.4} ±{:.4}", estimate.value, estimate.se)
}

/// A large number in the unit that leaves one to three digits before the point.
fn large(number: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| number >= *size);
    unit.map_or_else(|| format!("{number:.0}"), |(size, name)| format!("{:.1}{name}", number / size))
}

fn comparison_columns(comparisons: &[Comparison]) -> Vec<Vec<String>> {
    let column = |title: &str, cell: &dyn Fn(&Comparison) -> String| {
        std::iter::once(title.to_owned()).chain(comparisons.iter().map(cell)).collect::<Vec<_>>()
    };
    vec![
        column("metric", &|c| format!("{} {}", c.metric, c.segment.map_or("all", Segment::name))),
        column("diff", &|c| format!("{:+.4}", c.difference)),
        column("low", &|c| format!("{:+.4}", c.low)),
        column("high", &|c| format!("{:+.4}", c.high)),
        column("verdict", &|c| {
            let verdict = match c.verdict {
                Verdict::Above => "above",
                Verdict::Below => "below",
                Verdict::Undecided => "undecided",
            };
            verdict.to_owned()
        }),
    ]
}

/// Columns, each a title and its cells, side by side; the first is repeated in each block of those that fit.
fn table(columns: &[Vec<String>], width: usize) -> String {
    let Some((names, rest)) = columns.split_first() else { return String::new() };
    let names: Vec<String> = names.iter().map(|name| shortened(name, width / 3)).collect();
    let mut blocks: Vec<Vec<&Vec<String>>> = Vec::new();
    let mut used = width;
    for column in rest {
        let needed = GAP.len() + widest(column);
        if used + needed > width {
            blocks.push(Vec::new());
            used = widest(&names);
        }
        used += needed;
        if let Some(block) = blocks.last_mut() {
            block.push(column);
        }
    }
    let drawn: Vec<String> = blocks.iter().map(|block| draw(&names, block)).collect();
    drawn.join("\n")
}

fn draw(names: &[String], block: &[&Vec<String>]) -> String {
    let mut text = String::new();
    for (row, name) in names.iter().enumerate() {
        let mut line = format!("{name:<width$}", width = widest(names));
        for column in block {
            let cell = column.get(row).map_or("", String::as_str);
            line.push_str(&format!("{GAP}{cell:>width$}", width = widest(column)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn widest(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default()
}

fn shortened(text: &str, length_max: usize) -> String {
    if text.chars().count() <= length_max {
        return text.to_owned();
    }
    text.chars().take(length_max.saturating_sub(1)).chain(['…']).collect()
}

/// Text in lines of at most `width` characters, where words allow.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines.push('\n');
    lines
}
