//! Draws what growth costs: reads beside writes, both scales logarithmic.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use crate::growth::{AGAIN, FIRST, FIRST_ALONE, PUT, PUT_ALONE, SIZES, Step, Times};

const SIZE: (u32, u32) = (900, 420);
const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);
const GRID: RGBColor = RGBColor(0xd0, 0xd7, 0xde);
/// Of Okabe and Ito's palette, which colour-blind readers can tell apart.
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
const ORANGE: RGBColor = RGBColor(0xd5, 0x5e, 0x00);

/// A place among the lines that were measured, what the legend says of it, and its colour.
type Shown = (usize, &'static str, RGBColor);
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Writes the drawing.
pub(crate) fn draw(steps: &[Step], path: &Path) -> Result<(), Box<dyn Error>> {
    let whole = SVGBackend::new(path, SIZE).into_drawing_area();
    // Not the page's own: it may be dark.
    whole.fill(&WHITE)?;
    let (reads, writes) = whole.margin(8, 8, 8, 8).split_horizontally(450);
    let reading = [
        (FIRST_ALONE, "redb alone", ORANGE),
        (FIRST, "Greenroom, not read before", BLUE),
        (AGAIN, "Greenroom, read lately", GREEN),
    ];
    panel(&reads, "get, microseconds", 0.05..20_000.0, steps, &reading)?;
    let writing = [(PUT_ALONE, "redb alone", ORANGE), (PUT, "Greenroom", BLUE)];
    panel(&writes, "durable put of one writer, milliseconds", 0.05..50.0, steps, &writing)?;
    whole.present()?;
    Ok(())
}

fn panel(
    area: &Area<'_>,
    title: &str,
    range: std::ops::Range<f64>,
    steps: &[Step],
    shown: &[Shown],
) -> Result<(), Box<dyn Error>> {
    let font = |size: i32| ("sans-serif", size).into_font().color(&INK);
    let ends = (SIZES[0] as f64 * 0.7)..(SIZES[SIZES.len() - 1] as f64 * 1.5);
    let mut chart = ChartBuilder::on(area)
        .caption(title, font(19))
        .margin_right(12)
        .x_label_area_size(50)
        .y_label_area_size(52)
        .build_cartesian_2d(ends.log_scale(), range.log_scale())?;
    chart
        .configure_mesh()
        .x_labels(SIZES.len())
        .y_labels(7)
        .max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(INK)
        .x_label_formatter(&|keys| grouped(*keys))
        .y_label_formatter(&|value| format!("{value}"))
        .x_desc("keys")
        .label_style(font(16))
        .axis_desc_style(font(16))
        .draw()?;
    for &(place, name, colour) in shown {
        let points = |of: fn(&Times) -> f64| -> Vec<(f64, f64)> {
            steps.iter().map(|step| (step.keys as f64, of(&step.times[place]))).collect()
        };
        let (p50, p99) = (points(|times| times.p50.0), points(|times| times.p99.0));
        let line = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(p50.clone(), line))?
            .label(format!("{name}, p50"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 28, y)], line));
        chart
            .draw_series(DashedLineSeries::new(p99.clone(), 6, 4, line))?
            .label(format!("{name}, p99"))
            .legend(move |(x, y)| DashedPathElement::new([(x, y), (x + 28, y)], 6, 4, line));
        chart.draw_series(p50.into_iter().chain(p99).map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(34)
        .background_style(WHITE)
        .border_style(GRID)
        .label_font(font(16))
        .draw()?;
    Ok(())
}

/// A whole number with commas.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}
