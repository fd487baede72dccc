//! Figures as `make figures` collects them.

use std::path::PathBuf;

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

/// Prints a table and writes `$GREENROOM_FIGURES`.
///
/// # Panics
/// When the file cannot be written.
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
        let text = serde_json::to_string_pretty(&list).expect("figures are finite");
        path.parent().map_or(Ok(()), std::fs::create_dir_all).expect("the folder of figures can be made");
        std::fs::write(&path, text).expect("the file of figures can be written");
        println!("\nwritten to {}", path.display());
    }
}
