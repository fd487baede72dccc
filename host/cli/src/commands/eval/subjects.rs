//! What each graph has for each subject, for whoever compares further than `eval` does.

use std::path::Path;

use greenroom_runtime::Evaluated;
use greenroom_runtime::evaluation::{ArmKind, Exam, Metric};
use serde_json::{Map, Value, json};

use crate::exit::Failure;
use crate::whole;

/// Values of graphs in the order in which they were given; those of one place are of the subject of that place.
pub(super) fn write(path: &Path, exam: &Exam, seeds: &[u64], evaluated: &Evaluated) -> Result<(), Failure> {
    let ids = exam.blocks.first().map(|block| block.split.users.as_slice()).unwrap_or_default();
    let users = evaluated.judged.first().map(|judged| judged.users.iter()).unwrap_or_default();
    let subjects: Vec<_> = users.filter_map(|user| ids.get(*user as usize)).map(AsRef::<str>::as_ref).collect();
    let arms = evaluated.report.arms.iter().zip(&evaluated.judged).filter(|(arm, _)| arm.kind == ArmKind::Graph);
    let graphs = arms.map(|(arm, judged)| {
        let metrics = [Metric::Ndcg, Metric::Recall, Metric::Mrr, Metric::Hit].into_iter();
        let mut graph: Map<String, Value> =
            metrics.map(|metric| (metric.name().to_owned(), json!(judged.values(metric, None)))).collect();
        graph.insert("name".to_owned(), json!(arm.name));
        graph.insert("fuel_per_request".to_owned(), json!(arm.cost.fuel_per_request));
        graph.insert("degraded".to_owned(), json!(arm.cost.degraded));
        Value::Object(graph)
    });
    let graphs: Vec<Value> = graphs.collect();
    let document = json!({
        "protocol": exam.protocol,
        "seeds": seeds,
        "digests": evaluated.report.data.digests,
        "subjects": subjects,
        "graphs": graphs,
    });
    whole::write(path, format!("{document}\n").as_bytes())
        .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display())))
}
