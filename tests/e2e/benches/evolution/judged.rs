//! What graphs have for subjects that no search saw.

use std::fs;

use serde::Deserialize;

use crate::plan::{Plan, SEEDS};
use crate::search::Found;

/// What `greenroom eval --per-subject` writes.
#[derive(Deserialize)]
struct Document {
    subjects: Vec<String>,
    graphs: Vec<Graph>,
}

#[derive(Clone, Deserialize)]
struct Graph {
    #[serde(rename = "ndcg@10")]
    ndcg: Vec<f64>,
    #[serde(rename = "recall@20")]
    recall: Vec<f64>,
    fuel_per_request: f64,
    degraded: u64,
}

/// What one graph has.
pub(crate) struct Judged {
    pub(crate) subjects: Vec<String>,
    pub(crate) ndcg: Vec<f64>,
    pub(crate) recall: Vec<f64>,
    pub(crate) fuel_per_request: f64,
    pub(crate) degraded: u64,
}

/// Has the graphs of arms learn and answer as a protocol says, all in one run and with the same seeds. Two arms with the same graph
/// share what it has. What was judged before is read.
pub(crate) fn judge(plan: &Plan, name: &str, protocol: &[&str], arms: &[&Found]) -> Vec<Judged> {
    let folder = plan.place(name);
    let mut graphs: Vec<&str> = Vec::new();
    let places: Vec<usize> = arms
        .iter()
        .map(|found| {
            graphs.iter().position(|graph| *graph == found.graph).unwrap_or_else(|| {
                graphs.push(&found.graph);
                graphs.len() - 1
            })
        })
        .collect();
    let files: Vec<_> = (0..graphs.len()).map(|number| folder.join(format!("graph-{number}.toml"))).collect();
    let (asked, values) = (folder.join("asked.json"), folder.join("values.json"));
    let question = serde_json::to_string(&(protocol, SEEDS, &graphs)).unwrap();
    if !values.is_file() || fs::read_to_string(&asked).ok().as_deref() != Some(&question) {
        let _ = fs::remove_file(&values);
        for (file, graph) in files.iter().zip(&graphs) {
            fs::write(file, graph).unwrap();
        }
        let mut command = plan.command();
        command.arg("eval").args(&files).args(plan.data()).args(protocol).args(["--seeds", SEEDS]);
        command.arg("--data-dir").arg(folder.join("data")).arg("--per-subject").arg(&values);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        fs::write(folder.join("report.txt"), output.stdout).unwrap();
        fs::write(&asked, question).unwrap();
    }
    let document: Document = serde_json::from_slice(&fs::read(&values).unwrap()).unwrap();
    assert_eq!(document.graphs.len(), graphs.len(), "{}", values.display());
    let judged = |place: &usize| {
        let Graph { ndcg, recall, fuel_per_request, degraded } = document.graphs[*place].clone();
        Judged { subjects: document.subjects.clone(), ndcg, recall, fuel_per_request, degraded }
    };
    places.iter().map(judged).collect()
}
