//! What criterion found, as figures.

use std::path::PathBuf;

use greenroom_kit::Figure;
use serde_json::Value;

/// (median, half width of its 95 % interval) in nanoseconds, as criterion found them in this run.
fn criterion(id: &str) -> (f64, f64) {
    let home = std::env::var_os("CRITERION_HOME").map(PathBuf::from).unwrap_or_else(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        target.unwrap_or_else(|| PathBuf::from("../../target")).join("criterion")
    });
    let path = home.join(id).join("new/estimates.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let median = &serde_json::from_str::<Value>(&text).unwrap()["median"];
    let interval = &median["confidence_interval"];
    let (low, high) = (interval["lower_bound"].as_f64().unwrap(), interval["upper_bound"].as_f64().unwrap());
    (median["point_estimate"].as_f64().unwrap(), (high - low) / 2.0)
}

/// The figures of the calls that criterion measured.
pub(crate) fn of_calls() -> Vec<Figure> {
    let beside = |id, what, group: &str, host: &str, target| {
        let (host, spread) = criterion(&format!("{group}/{host}"));
        let (raw, _) = criterion(&format!("{group}/raw wasmtime"));
        println!("{what}: host {host:.0} ns, raw wasmtime {raw:.0} ns");
        Figure {
            id,
            what,
            value: host / raw,
            unit: "times raw",
            better: "lower",
            target: Some(target),
            baseline: Some(("raw wasmtime, ns", raw)),
            samples: 60,
            spread: spread / raw,
        }
    };
    let (check, spread) = criterion("1,000 candidates/check");
    vec![
        beside("calls.empty", "an empty call", "empty call", "host", 2.0),
        beside("calls.candidates", "decide, 1,000 candidates in and out", "1,000 candidates", "host", 1.5),
        beside("calls.fresh", "a fresh instance and a call", "fresh instance and call", "host", 1.5),
        beside("calls.image", "a copy of a warm image and a call", "fresh instance and call", "image", 1.3),
        Figure {
            id: "calls.check",
            what: "checking 1,000 candidates",
            value: check / 1e3,
            unit: "us",
            better: "lower",
            target: Some(3.0),
            baseline: None,
            samples: 60,
            spread: spread / 1e3,
        },
    ]
}
