//! Figures as `make figures` collects them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A figure beside its baseline.
pub struct Figure {
    /// Area, a dot and its name.
    pub id: &'static str,
    /// For a person.
    pub what: &'static str,
    /// In `unit`.
    pub value: f64,
    /// What the value counts.
    pub unit: &'static str,
    /// "lower" or "higher".
    pub better: &'static str,
    /// What it should be.
    pub target: Option<f64>,
    /// What it is compared with, in the same run.
    pub baseline: Option<(&'static str, f64)>,
    /// How many were measured.
    pub samples: u64,
    /// In `unit`.
    pub spread: f64,
}

/// The value below which `share` of all are, and half of the middle half's width. Zeroes of nothing.
#[must_use]
pub fn quantile(all: &mut [f64], share: f64) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    #[expect(clippy::cast_precision_loss, reason = "lists are short")]
    let at = |share: f64| all.get((all.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or_default();
    (at(share), (at(0.75) - at(0.25)) / 2.0)
}

/// Prints a table and writes `$GREENROOM_FIGURES`. What the file says of other figures stays in it: an area may be
/// measured by several benches.
///
/// # Panics
/// When the file cannot be written, or is there and holds no figures.
#[expect(clippy::expect_used, reason = "figures that nobody can read must fail, and say why")]
pub fn report(figures: &[Figure]) {
    println!("\n{:<42} {:>10} {:<12} {:>8}  baseline", "figure", "value", "unit", "target");
    for f in figures {
        let target = f.target.map_or_else(|| "-".to_owned(), |t| format!("{t}"));
        let baseline = f.baseline.map_or_else(String::new, |(what, value)| format!("{what}: {value:.1}"));
        println!("{:<42} {:>10.2} {:<12} {target:>8}  {baseline}", f.what, f.value, f.unit);
    }
    let list: Vec<Value> = figures
        .iter()
        .map(|f| {
            json!({
                "id": f.id, "what": f.what, "value": f.value, "unit": f.unit, "better": f.better, "target": f.target,
                "baseline": f.baseline.map(|(what, value)| json!({ "what": what, "value": value })),
                "samples": f.samples, "spread": f.spread,
            })
        })
        .collect();
    if let Some(path) = std::env::var_os("GREENROOM_FIGURES").map(PathBuf::from) {
        let all: Vec<Value> = others(&path, figures).into_iter().chain(list).collect();
        let text = serde_json::to_string_pretty(&all).expect("figures are finite");
        path.parent().map_or(Ok(()), std::fs::create_dir_all).expect("the folder of figures can be made");
        std::fs::write(&path, text).expect("the file of figures can be written");
        println!("\nwritten to {}", path.display());
    }
}

/// The figures of a file that are not among these.
#[expect(clippy::expect_used, reason = "figures that nobody can read must fail, and say why")]
fn others(path: &Path, figures: &[Figure]) -> Vec<Value> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let mut list: Vec<Value> = serde_json::from_str(&text).expect("the file of figures holds a list: delete it");
    list.retain(|other| !figures.iter().any(|figure| other["id"] == figure.id));
    list
}
