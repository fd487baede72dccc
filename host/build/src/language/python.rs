//! Python: componentize-py, which brings a Python for WebAssembly.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::{Compiled, Site, read, run};
use crate::native::{authored, says};
use crate::tool::{Needed, Place};
use crate::{BuildError, layout};

const COMPONENTIZE: Needed = Needed {
    name: "componentize-py",
    places: &[Place::Program("componentize-py"), Place::PythonModule("componentize_py")],
    version: &["--version"],
    oldest: (0, 25),
    before: None,
    install: "`pip install componentize-py`, in a virtual environment if your Python is managed by the system",
};

const PYTHON: Needed = Needed {
    name: "python",
    places: &[Place::Program("python3"), Place::Program("python")],
    version: &["--version"],
    oldest: (3, 10),
    before: None,
    install: "install Python from python.org or your packages",
};

/// Modules that an author's would hide.
const TAKEN: [&str; 4] = ["greenroom", "greenroom_app", "wit_world", "app"];

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let project = site.project;
    let tool = COMPONENTIZE.find(&project.folder)?;
    let module = module_of(&project.source)?;
    let exports: Vec<String> = project.exports.0.iter().map(|interface| format!("{:?}", interface.name())).collect();
    let app = format!(
        "import {module} as author\nfrom greenroom._component import Learner, Lifecycle, Policy, serve\n\nserve(author, [{}])\n",
        exports.join(", ")
    );
    layout::put(&site.build.join("app/greenroom_app.py"), app.as_bytes())?;
    let imports = if uses_memory(&project.folder)? { &["memory", "log", "metric"][..] } else { &["log", "metric"] };
    layout::put(
        &site.build.join("wit/agent.wit"),
        project.exports.package_of(imports, site.imported.names()).as_bytes(),
    )?;
    let (out, stamp) = (site.build.join("component.wasm"), site.build.join("component.stamp"));
    let now = digest(site)?;
    // The same sources give other bytes each time, which would be another version: so nothing is made anew without need.
    if out.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|made| made == now) {
        return Ok((Compiled::Component(read(&out)?), String::new()));
    }
    (site.say)("compiling (componentize-py): it compiles Python itself, which takes a while");
    let mut command = tool.command();
    command.args(["-q", "-d", "build/wit", "-w", "agent", "componentize", "--stub-wasi"]);
    command.args(["-p", ".", "-p", "build/sdk", "-p", "build/app", "greenroom_app", "-o", "build/component.new"]);
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    let said = run(site, command).map_err(|error| match error {
        BuildError::Compile { language, said } => BuildError::Compile { language, said: authors(&said) },
        other => other,
    })?;
    std::fs::rename(site.build.join("component.new"), &out).map_err(BuildError::file(&out, "written"))?;
    layout::put(&stamp, now.as_bytes())?;
    Ok((Compiled::Component(read(&out)?), said))
}

/// `unittest`, from each folder with tests.
pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let folder = &site.project.folder;
    let mut within = BTreeSet::new();
    for path in authored(site, &[".py"])? {
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("test"));
        if named && says(site, &path, &|line| line.trim_start().starts_with("def test"))? {
            within.extend(path.parent().map(Path::to_owned));
        }
    }
    if within.is_empty() {
        return Ok(Vec::new());
    }
    let python = PYTHON.find(folder)?;
    let root = std::path::absolute(folder).map_err(BuildError::file(folder, "used"))?;
    let path = std::env::join_paths([root, site.build.join("sdk")])
        .map_err(|e| BuildError::Component(format!("{} cannot be on Python's path: {e}", folder.display())))?;
    // What is found from the folder above is not run twice.
    let twice = |place: &Path| {
        place.parent().is_some_and(|above| within.contains(above)) && folder.join(place).join("__init__.py").is_file()
    };
    let command = |place: &PathBuf| {
        let mut command = python.command();
        command.args(["-m", "unittest", "discover", "--start-directory"]).arg(Path::new(".").join(place));
        command.env("PYTHONPATH", &path).env_remove("PYTHONHOME");
        // Nothing that can be made again lies beside the sources.
        command.env("PYTHONPYCACHEPREFIX", site.build.join("cache"));
        command
    };
    Ok(within.iter().filter(|place| !twice(place)).map(command).collect())
}

/// The module that a source file is.
fn module_of(source: &Path) -> Result<String, BuildError> {
    let wrong = |why: &str| Err(BuildError::Component(format!("`source` = {:?} {why}", source.display())));
    let Some(stem) = source.to_str().and_then(|path| path.strip_suffix(".py")) else {
        return wrong("is no Python file: expected a name that ends in .py");
    };
    let names: Vec<&str> = stem.split('/').collect();
    let identifier = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !names.iter().all(identifier) {
        return wrong("cannot be imported: expected names of letters, digits and `_`");
    }
    if names.first().is_some_and(|first| TAKEN.contains(first)) {
        return wrong("hides a module of the SDK: give it another name");
    }
    Ok(names.join("."))
}

/// Whether one of the author's files speaks of memory: the component imports all of its world, and whoever imports memory has
/// to be granted some.
fn uses_memory(folder: &Path) -> Result<bool, BuildError> {
    let mut files = Vec::new();
    sources(folder, &mut files)?;
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".py") || name.starts_with("test") {
            continue;
        }
        let text = read(&path)?;
        let words = String::from_utf8_lossy(&text);
        if words.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "memory") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of all that the component is made of.
fn digest(site: &Site<'_>) -> Result<String, BuildError> {
    let mut files = Vec::new();
    sources(&site.project.folder, &mut files)?;
    for folder in ["sdk", "wit", "app"] {
        sources(&site.build.join(folder), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(Sha256::digest(read(&path)?));
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    for entry in std::fs::read_dir(folder).map_err(BuildError::file(folder, "read"))? {
        let path = entry.map_err(BuildError::file(folder, "read"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "build" || name == "__pycache__" {
            continue;
        }
        if path.is_dir() {
            sources(&path, into)?;
        } else if [".py", ".toml", ".wit", ".json"].iter().any(|end| name.ends_with(end)) {
            into.push(path);
        }
    }
    Ok(())
}

/// Of a traceback, the author's lines and the message. The author's folder is mounted as /0 in the guest.
fn authors(said: &str) -> String {
    let Some((_, traceback)) = said.rsplit_once("Traceback (most recent call last):") else {
        return said.to_owned();
    };
    let mut shown: Vec<String> = Vec::new();
    let mut keeping = false;
    for line in traceback.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(rest) = line.strip_prefix("  File \"") {
            keeping = rest.starts_with("/0/");
            if keeping {
                shown.push(format!("  File \"{}", rest.trim_start_matches("/0/")));
            }
        } else if line.starts_with("    ") {
            if keeping {
                shown.push(line.to_owned());
            }
        } else {
            shown.push(line.to_owned());
            // What stands after the message is the tool's.
            break;
        }
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_traceback_the_authors_lines_are_shown() {
        let said = "componentize failed\nTraceback (most recent call last):\n  File \"/2/greenroom_app.py\", line 1, in <module>\n    import agent\n  \
                    File \"/0/agent.py\", line 7, in <module>\n    x = 1 / 0\n        ~~^~~\nZeroDivisionError: division by zero\nCaused by:\n    more";
        assert_eq!(
            authors(said),
            "  File \"agent.py\", line 7, in <module>\n    x = 1 / 0\n        ~~^~~\nZeroDivisionError: division by zero"
        );
    }

    #[test]
    fn a_source_is_a_module_that_hides_none_of_the_sdks() {
        assert_eq!(module_of(Path::new("agent.py")).unwrap(), "agent");
        assert_eq!(module_of(Path::new("my/agent.py")).unwrap(), "my.agent");
        for wrong in ["agent.txt", "my-agent.py", "greenroom.py", "app/x.py"] {
            assert!(module_of(Path::new(wrong)).is_err(), "{wrong}");
        }
    }
}
