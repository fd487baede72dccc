//! Plots in SVG: a frame with two scales, and marks in it.

use super::text::escaped;

/// Units of the drawing, which is scaled to the width that it gets.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 230.0;
/// Around the frame: titles and ticks stand there.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// From where to where a scale goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Over these values with some room around; something even where there is one value, or none.
    pub(super) fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        let room = if high > low { (high - low) * 0.06 } else { low.abs().max(1.0) * 0.05 };
        Self { low: low - room, high: high + room }
    }

    /// From 0 to a count.
    pub(super) fn of_count(count: f64) -> Self {
        Self { low: -count.max(1.0) * 0.02, high: count.max(1.0) * 1.02 }
    }

    /// Where a value is, from 0 to 1; what is outside stands at the edge.
    fn share(self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    pub(super) fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Two to seven round numbers, with the same digits after the point.
    fn ticks(self) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        let rough = libm::pow(10.0, libm::floor(libm::log10(span / 4.0)));
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * rough).into_iter().find(|step| span / step <= 6.5);
        let step = step.unwrap_or(rough * 10.0);
        let first = libm::ceil(self.low / step);
        // Whole multiples, so that what should be 0 is 0.
        let ticks = (0..12).map(|k| (first + f64::from(k)) * step).take_while(|tick| *tick <= self.high);
        ticks.map(|tick| (tick, tick_text(tick, step))).collect()
    }
}

/// A plot on its way.
pub(super) struct Plot {
    x: Scale,
    y: Scale,
    body: String,
}

impl Plot {
    pub(super) fn new(x: Scale, y: Scale) -> Self {
        Self { x, y, body: String::new() }
    }

    pub(super) fn y(&self) -> Scale {
        self.y
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let across = LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT);
        (across, TOP + (1.0 - self.y.share(y)) * (HEIGHT - TOP - BOTTOM))
    }

    /// A mark of a class with words for whoever points at it, which are escaped already.
    pub(super) fn mark(&mut self, class: &str, (x, y): (f64, f64), told: &str) {
        let (cx, cy) = self.at(x, y);
        let shape = match class {
            "pruned" => format!("<path class=\"m pruned\" d=\"M{:.1} {cy:.1}h6\">", cx - 3.0),
            "failed" => format!("<path class=\"m failed\" d=\"M{:.1} {:.1}l6 6m0-6l-6 6\">", cx - 3.0, cy - 3.0),
            "below" => format!("<path class=\"m below\" d=\"M{:.1} {:.1}h6l-3 5z\">", cx - 3.0, cy - 5.0),
            "best" | "front" => format!("<circle class=\"m {class}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\">"),
            class => format!("<circle class=\"m {class}\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"2.6\">"),
        };
        let name = if shape.starts_with("<path") { "path" } else { "circle" };
        self.body.push_str(&format!("{shape}<title>{told}</title></{name}>\n"));
    }

    /// A mark at the lower edge.
    pub(super) fn mark_below(&mut self, class: &str, x: f64, told: &str) {
        self.mark(class, (x, self.y.low), told);
    }

    /// Stairs through points whose x grows: each holds until the next; the last to the right edge when `on`.
    pub(super) fn stairs(&mut self, class: &str, points: &[(f64, f64)], on: bool) {
        let Some((first, rest)) = points.split_first() else { return };
        let (x, y) = self.at(first.0, first.1);
        let mut path = format!("M{x:.1} {y:.1}");
        for (x, y) in rest {
            let (x, y) = self.at(*x, *y);
            path.push_str(&format!("H{x:.1}V{y:.1}"));
        }
        if on {
            path.push_str(&format!("H{:.1}", WIDTH - RIGHT));
        }
        self.body.push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }

    /// A line across at a value, if it is in the plot.
    pub(super) fn level(&mut self, class: &str, value: f64) {
        if self.y.holds(value) {
            let (_, y) = self.at(self.x.low, value);
            self.body.push_str(&format!("<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{:.1}\"/>\n", WIDTH - RIGHT));
        }
    }

    /// A line upright at a value, if it is in the plot.
    pub(super) fn upright(&mut self, class: &str, value: f64) {
        if self.x.holds(value) {
            let (x, _) = self.at(value, self.y.low);
            self.body.push_str(&format!("<path class=\"{class}\" d=\"M{x:.1} {TOP}V{:.1}\"/>\n", HEIGHT - BOTTOM));
        }
    }

    /// The drawing, with what its scales are of and what it shows in words.
    pub(super) fn svg(&self, x_title: &str, y_title: &str, shows: &str) -> String {
        let (right, bottom, middle) = (WIDTH - RIGHT, HEIGHT - BOTTOM, f64::midpoint(TOP, HEIGHT - BOTTOM));
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n<rect class=\"frame\" x=\"{LEFT}\" \
             y=\"{TOP}\" width=\"{}\" height=\"{}\"/>\n",
            escaped(shows),
            right - LEFT,
            bottom - TOP,
        );
        for (tick, text) in self.y.ticks() {
            let (_, y) = self.at(self.x.low, tick);
            let below = y + 3.5;
            svg.push_str(&format!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>"));
            svg.push_str(&format!("<text class=\"tick end\" x=\"{}\" y=\"{below:.1}\">{text}</text>\n", LEFT - 5.0));
        }
        for (tick, text) in self.x.ticks() {
            let (x, _) = self.at(tick, self.y.low);
            let below = bottom + 14.0;
            svg.push_str(&format!("<text class=\"tick mid\" x=\"{x:.1}\" y=\"{below}\">{text}</text>\n"));
        }
        let (centre, foot) = (f64::midpoint(LEFT, right), HEIGHT - 8.0);
        svg.push_str(&format!("<text class=\"axis mid\" x=\"{centre}\" y=\"{foot}\">{}</text>\n", escaped(x_title)));
        let turned = format!("transform=\"translate(11 {middle}) rotate(-90)\"");
        svg.push_str(&format!("<text class=\"axis mid\" {turned}>{}</text>\n", escaped(y_title)));
        svg + &self.body + "</svg>\n"
    }
}

/// A tick with as many digits after the point as the step between ticks has.
fn tick_text(tick: f64, step: f64) -> String {
    let (size, unit) = match tick.abs().max(step) {
        1e9.. => (1e9, "G"),
        1e6..1e9 => (1e6, "M"),
        1e4..1e6 => (1e3, "k"),
        _ => (1.0, ""),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits")]
    let digits = (-libm::floor(libm::log10(step / size) + 1e-9)).clamp(0.0, 9.0) as usize;
    format!("{:.digits$}{unit}", tick / size).replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (low, high) in [(0.0, 1.0), (0.0912, 0.0934), (-3.0, 250.0), (1e6, 9e9), (5.0, 5.0)] {
            let scale = Scale::over([low, high]);
            let ticks = scale.ticks();
            assert!((2..=7).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|(tick, _)| scale.holds(*tick)), "{low} to {high}: {ticks:?}");
        }
        let texts = |low, high| Scale::over([low, high]).ticks().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(
            texts(-0.092, -0.05),
            ["\u{2212}0.09", "\u{2212}0.08", "\u{2212}0.07", "\u{2212}0.06", "\u{2212}0.05"]
        );
        assert_eq!(texts(9e5, 2.7e6), ["1.0M", "1.5M", "2.0M", "2.5M"]);
    }

    #[test]
    fn nothing_is_drawn_outside_the_frame() {
        let plot = Plot::new(Scale::over([0.0, 1.0]), Scale::over([0.0, 1.0]));
        assert_eq!(plot.at(-50.0, f64::MAX), (LEFT, TOP));
        assert_eq!(plot.at(f64::MAX, -50.0), (WIDTH - RIGHT, HEIGHT - BOTTOM));
    }
}
