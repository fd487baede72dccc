//! An author's own tests: those that run on the author's machine, without a host, the way that is usual in the language.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::imports::Imported;
use crate::language::{self, Site};
use crate::wit::Wit;
use crate::{BuildError, Language, Project, layout};

/// Tests that were found.
#[derive(Debug)]
pub struct NativeTests {
    folder: PathBuf,
    commands: Vec<Command>,
}

impl NativeTests {
    /// Runs all of them, in the agent's folder; what they print goes to the standard error. Whether they passed.
    ///
    /// # Errors
    /// When a program of theirs cannot be started.
    pub fn run(mut self) -> Result<bool, BuildError> {
        let mut passed = true;
        for command in &mut self.commands {
            let program = PathBuf::from(command.get_program());
            command.current_dir(&self.folder).stdout(std::io::stderr());
            passed &= command.status().map_err(BuildError::file(&program, "run"))?.success();
        }
        Ok(passed)
    }
}

/// How an agent's own tests are run; nothing when there are none. Lays out the SDK, which they use.
///
/// # Errors
/// What is missing of the toolchain, as [`build()`](crate::build()) tells it.
pub fn native_tests(project: &Project) -> Result<Option<NativeTests>, BuildError> {
    let used = BuildError::file(&project.folder, "used");
    let build = std::path::absolute(project.build_folder()).map_err(used)?;
    let imported = Imported::read(project)?;
    let wit = Wit::of(project, &imported)?;
    let site = Site { project, build, wit: &wit, imported: &imported, say: &|_| {} };
    let commands = match project.language {
        Language::Rust => language::rust::tests(&site)?,
        Language::C => language::c::tests(&site)?,
        Language::Zig => language::zig::tests(&site)?,
        Language::Go => language::go::tests(&site)?,
        Language::AssemblyScript => language::assemblyscript::tests(&site)?,
        Language::JavaScript | Language::TypeScript => language::javascript::tests(&site)?,
        Language::Python => language::python::tests(&site)?,
        Language::Wat | Language::ScriptJavaScript | Language::ScriptRhai => Vec::new(),
    };
    if commands.is_empty() {
        return Ok(None);
    }
    layout::lay_out(project.language.sdk(), &site.build, &wit)?;
    Ok(Some(NativeTests { folder: project.folder.clone(), commands }))
}

/// The author's files whose names end so, sorted, by their paths from the agent's folder: not what was built or installed there.
pub(crate) fn authored(site: &Site<'_>, ends: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
    let mut found = Vec::new();
    walk(&site.project.folder, Path::new(""), ends, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(root: &Path, within: &Path, ends: &[&str], into: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let folder = root.join(within);
    for entry in std::fs::read_dir(&folder).map_err(BuildError::file(&folder, "read"))? {
        let entry = entry.map_err(BuildError::file(&folder, "read"))?;
        let (name, path) = (entry.file_name(), within.join(entry.file_name()));
        let name = name.to_string_lossy();
        // A link to a folder is none of the author's, and may lead back.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !name.starts_with('.') && !["build", "target", "node_modules", "zig-out"].contains(&name.as_ref()) {
                walk(root, &path, ends, into)?;
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            into.push(path);
        }
    }
    Ok(())
}

/// Whether a line of one of the author's files is as wanted.
pub(crate) fn says(site: &Site<'_>, path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<bool, BuildError> {
    let text = language::read(&site.project.folder.join(path))?;
    Ok(String::from_utf8_lossy(&text).lines().any(wanted))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn agent(language: Language, files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let project = Project {
            folder: folder.path().to_owned(),
            name: "mine".to_owned(),
            language,
            source: language.source().into(),
            library: false,
            exports: crate::Interfaces::default(),
            imports: Vec::new(),
        };
        (folder, project)
    }

    #[test]
    fn an_agent_without_tests_has_none_and_needs_no_tool() {
        for language in Language::ALL {
            let (folder, project) = agent(language, &[(language.source(), ""), ("build/sdk/x_test.go", "")]);
            assert!(native_tests(&project).unwrap().is_none(), "{}", language.name());
            assert!(!folder.path().join("build/wit").exists(), "something was laid out for nothing");
        }
    }

    #[test]
    fn what_fails_is_told_and_the_rest_runs_all_the_same() {
        let (folder, _) = agent(Language::Rust, &[]);
        let shell = |line: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", line]);
            command
        };
        let run = |commands| NativeTests { folder: folder.path().to_owned(), commands }.run().unwrap();
        assert!(!run(vec![shell("exit 3"), shell("touch ran")]));
        assert!(folder.path().join("ran").is_file(), "it runs in the agent's folder");
        assert!(run(vec![shell("exit 0")]));
    }

    #[test]
    fn tests_are_found_by_the_habits_of_their_language() {
        let found = |language, files: &[(&str, &str)], ends: &[&str]| {
            let (_folder, project) = agent(language, files);
            let imported = Imported::default();
            let wit = Wit::of(&project, &imported).unwrap();
            let build = project.build_folder();
            let site = Site { project: &project, build, wit: &wit, imported: &imported, say: &|_| {} };
            authored(&site, ends).unwrap()
        };
        let files = [("src/a.ts", ""), ("test/b.test.ts", ""), ("a.test.ts", ""), ("node_modules/x/c.test.ts", "")];
        assert_eq!(
            found(Language::TypeScript, &files, &[".test.ts"]),
            [Path::new("a.test.ts"), Path::new("test/b.test.ts")]
        );
    }
}
