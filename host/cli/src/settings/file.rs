//! The file of settings: TOML with the keys at its root.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::key::{KEYS, Key, Value};
use super::mistakes::Mistakes;
use crate::exit::Failure;
use crate::failures;

/// Where it is looked for when nobody says.
const NAME: &str = "greenroom.toml";

/// The file that is meant, if any: the flag's, the environment's, or the one in the working folder.
pub(super) fn wanted(flag: Option<&Path>) -> Option<PathBuf> {
    let named = || std::env::var_os("GREENROOM_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let here = || Some(PathBuf::from(NAME)).filter(|path| path.is_file());
    flag.map(Path::to_owned).or_else(named).or_else(here)
}

/// What the folder of an agent or a library says of it in a file of the same name; `greenroom build` reads it.
const SOURCES: [&str; 3] = ["agent", "library", "imports"];

/// Its values; paths in it are relative to its folder.
pub(super) fn read(path: &Path, mistakes: &mut Mistakes) -> Result<Vec<(&'static Key, Value)>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| failures::unreadable(path, &e))?;
    mistakes.file(path, &text);
    let (document, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        let span = error.span().unwrap_or(0..text.len());
        mistakes.inside(error.message().to_owned(), span, "this is not TOML".to_owned(), None);
    }
    if !errors.is_empty() {
        // What is left of the document may not be what was meant.
        return Ok(Vec::new());
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut values = Vec::new();
    for (name, value) in document.get_ref() {
        let written: &str = name.get_ref();
        if SOURCES.contains(&written) {
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.name == written) else {
            let label = "this setting does not exist".to_owned();
            mistakes.inside(format!("unknown setting `{written}`"), name.span(), label, Some(near(written)));
            continue;
        };
        let wrong = || (format!("`{written}` has a wrong value"), format!("expected {}", key.expected()));
        let text = match value.get_ref() {
            DeValue::Integer(number) if key.is_number() => Some(number.as_str().to_owned()),
            DeValue::String(text) if !key.is_number() => Some(text.to_string()),
            _ => None,
        };
        match text.as_deref().map(|text| key.parse(text)) {
            Some(Ok(Value::Folder(Some(path)))) => values.push((key, Value::Folder(Some(folder.join(path))))),
            Some(Ok(value)) => values.push((key, value)),
            _ => {
                let (message, label) = wrong();
                mistakes.inside(message, value.span(), label, None);
            }
        }
    }
    Ok(values)
}

fn near(written: &str) -> String {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let distance = |key: &&Key| strsim::osa_distance(&plain(written), key.name);
    let nearest = KEYS.iter().min_by_key(distance).filter(|key| distance(key) <= written.len().max(3) / 3);
    nearest.map_or_else(
        || format!("there are {}", KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")),
        |key| format!("did you mean `{}`?", key.name),
    )
}
