//! Figures as `make figures` collects them. The tests' kit has the same, but brings the sandbox with it.

use std::path::PathBuf;

use serde_json::{Value, json};

/// A figure, of which less is better.
pub(crate) struct Figure {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) target: Option<f64>,
    pub(crate) baseline: Option<(String, f64)>,
    pub(crate) samples: usize,
    pub(crate) spread: f64,
}

/// Writes `$GREENROOM_FIGURES`, beside the other figures in it.
pub(crate) fn report(figures: &[Figure]) {
    let Some(path) = std::env::var_os("GREENROOM_FIGURES").map(PathBuf::from) else { return };
    let mut all: Vec<Value> =
        std::fs::read_to_string(&path).map_or_else(|_| Vec::new(), |text| serde_json::from_str(&text).unwrap());
    all.retain(|other| figures.iter().all(|figure| other["id"] != figure.id));
    all.extend(figures.iter().map(|f| {
        json!({
            "id": f.id, "what": f.what, "value": f.value, "unit": f.unit, "better": "lower", "target": f.target,
            "baseline": f.baseline.as_ref().map(|(what, value)| json!({ "what": what, "value": value })),
            "samples": f.samples, "spread": f.spread,
        })
    }));
    path.parent().map_or(Ok(()), std::fs::create_dir_all).unwrap();
    std::fs::write(&path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
    println!("\nwritten to {}", path.display());
}
