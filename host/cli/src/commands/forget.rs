//! `greenroom forget`: what is known of a subject goes.

use serde_json::{Value, json};

use super::memory::Of;
use crate::exit::Failure;
use crate::operator::{figure, word};

/// Removes what is known of a subject: keys of the namespaces that say which are a subject's (`subject_keys`), its events and
/// decisions, recordings of what it asked, its id. Says what may still be somewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The subject's id.
    #[arg(index = 2)]
    subject: String,
    #[command(flatten)]
    of: Of,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let done = arguments.of.asked("forget", &json!({ "subject": arguments.subject }))?;
    arguments.of.tell(done, told)
}

fn told(done: &Value) -> String {
    let count = |name: &str| figure(done, name).unwrap_or_default();
    let keys: Vec<(&String, u64)> = done
        .get("keys")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, count)| Some((name, count.as_u64()?)))
        .collect();
    let sum: u64 = keys.iter().map(|(_, count)| count).sum();
    let of: Vec<String> =
        keys.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} of {name}")).collect();
    let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(", ")) };
    let mut text = format!(
        "removed {} events, {} decisions, {sum} keys{of}, {} recordings\n",
        count("events"),
        count("decisions"),
        count("recordings")
    );
    if done.get("known") != Some(&Value::Bool(true)) {
        text.push_str("the log knew no such subject\n");
    }
    text.push_str("not removed:\n");
    for remains in done.get("remains").and_then(Value::as_array).into_iter().flatten() {
        text.push_str(&format!("  - {}\n", word(&json!({ "it": remains }), "it")));
    }
    text
}
