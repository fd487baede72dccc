//! `greenroom new`: a folder with an agent that works, to begin from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::imports::Imported;
use crate::layout::{SDKS, files};
use crate::wit::Wit;
use crate::{BuildError, Language, layout};

/// What `greenroom test` asks.
const CASES: &str = "cases.toml";

/// Letters that a name may have beside digits and `-`.
const NAME_BYTES_MAX: usize = 64;

/// Whether an agent may have this name: it names a component, a crate, a package and functions.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let wrong = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "it is longer than 64 letters"
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not begin with a letter from a to z"
    } else if !name.chars().all(fine) {
        "it has something else than a to z, 0 to 9 and `-`"
    } else if name.ends_with('-') || name.contains("--") {
        "it has a `-` with nothing after it"
    } else {
        return Ok(());
    };
    Err(format!("no name for an agent: {wrong}; expected something like `my-agent`"))
}

/// Lays out an agent named `name` in `folder`, which must not be there yet or be empty. The files written.
///
/// # Errors
/// When there is something in the way; then nothing was written.
pub fn new(language: Language, name: &str, folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let there = fs::read_dir(folder).map(|mut entries| entries.next().is_some());
    match there {
        Ok(false) => {}
        Ok(true) => {
            return Err(BuildError::Component(format!(
                "{} is there already and is not empty: take another name, or remove it",
                folder.display()
            )));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(BuildError::File { path: folder.to_owned(), done: "used", error }),
    }
    let from = language.template();
    let template = SDKS
        .get_dir(&from)
        .ok_or_else(|| BuildError::Component(format!("this greenroom has no template for {}", language.name())))?;
    let ident = name.replace('-', "_");
    let mut written = Vec::new();
    for (path, contents) in files(template) {
        let path = PathBuf::from(path.to_string_lossy().replace("__name__", name).replace("__ident__", &ident));
        let contents = std::str::from_utf8(contents).map_or_else(
            |_| contents.to_vec(),
            |text| text.replace("__name__", name).replace("__ident__", &ident).into(),
        );
        layout::put(&folder.join(&path), &contents)?;
        written.push(path);
    }
    // The templates are one agent in all languages, so their cases are the same.
    if let Some(cases) = SDKS.get_file(CASES) {
        layout::put(&folder.join(CASES), cases.contents())?;
        written.push(CASES.into());
    }
    written.sort();
    // Editors and the compiler's own commands find the SDK before the first build.
    let project = crate::Project::read(folder)?;
    let wit = Wit::of_agent(&project.exports, &Imported::default());
    layout::lay_out(language.sdk(), &project.build_folder(), &wit)?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_for_components_crates_and_functions() {
        for name in ["a", "my-agent", "x1-2y"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "1a", "A", "my_agent", "a-", "a--b", "ü", "a/b", "..", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
