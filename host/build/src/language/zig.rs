//! Zig, whose compiler has no promises between its minor versions: the SDK is for one of them.

use std::path::PathBuf;
use std::process::Command;

use super::{Compiled, Site, read, run};
use crate::native::{authored, says};
use crate::tool::{Needed, Place};
use crate::{BuildError, module};

/// C is compiled by it too, and takes this or a newer one.
pub(super) const ZIG: Needed = Needed {
    name: "zig",
    places: &[Place::Program("zig"), Place::PythonModule("ziglang")],
    version: &["version"],
    oldest: (0, 17),
    before: None,
    install: "`pip install \"ziglang>=0.17.1,<0.18\"`, or zig from ziglang.org",
};

const OF_SDK: Needed = Needed { before: Some((0, 18)), ..ZIG };

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let zig = OF_SDK.find(&site.project.folder)?;
    (site.say)("compiling (zig)");
    let mut command = zig.command();
    command.args(["build-exe", "-fno-entry", "-rdynamic", "--stack", "262144", "--name", "agent", "--color", "off"]);
    command.args(["-fno-reference-trace", "--cache-dir", "build/cache", "-femit-bin=build/core.wasm"]);
    // Flags are of the module that follows. The author's keeps Zig's checks: a panic with words instead of wrong numbers.
    let source = format!("-Magent={}", site.project.source.display());
    for (optimised, uses, module) in [
        ("small", &["agent", "greenroom"][..], "-Mroot=build/sdk/component.zig"),
        ("safe", &["greenroom"][..], source.as_str()),
        ("small", &[][..], "-Mgreenroom=build/sdk/greenroom.zig"),
    ] {
        command.args(["-target", "wasm32-freestanding", "-fno-strip", "-O", optimised]);
        uses.iter().for_each(|used| {
            command.args(["--dep", used]);
        });
        command.arg(module);
    }
    run(site, command).map_err(|error| match error {
        BuildError::Compile { language, said } => BuildError::Compile { language, said: authors(&said) },
        other => other,
    })?;
    let core = read(&site.build.join("core.wasm"))?;
    let core = module::strip(&core, &["name"]).map_err(BuildError::Component)?;
    Ok((Compiled::Module(core, Vec::new()), String::new()))
}

/// Zig runs the tests of a file and of all that it imports: so those of the agent, and of each file of tests that nothing imports.
pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let files = authored(site, &[".zig"])?;
    let (mut reached, mut roots) = (false, Vec::new());
    for path in &files {
        if !says(site, path, &|line| line.trim_start().starts_with("test "))? {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let imports = |line: &str| line.contains("@import(") && line.contains(&format!("{name}\")"));
        let mut alone = name.ends_with("_test.zig");
        for other in files.iter().filter(|other| *other != path) {
            alone = alone && !says(site, other, &imports)?;
        }
        match alone {
            true => roots.push(path),
            false => reached = true,
        }
    }
    roots.extend(reached.then_some(&site.project.source));
    if roots.is_empty() {
        return Ok(Vec::new());
    }
    let zig = OF_SDK.find(&site.project.folder)?;
    let command = |root: &PathBuf| {
        let mut command = zig.command();
        command.args(["test", "--cache-dir", "build/cache", "--dep", "greenroom"]);
        command.arg(format!("-Mroot={}", root.display())).arg("-Mgreenroom=build/sdk/greenroom.zig");
        command
    };
    Ok(roots.into_iter().map(command).collect())
}

/// A message of the compiler: "PATH:LINE:COLUMN: KIND: TEXT", and the lines of source under it.
struct Said<'s> {
    place: &'s str,
    kind: &'s str,
    text: &'s str,
    below: Vec<&'s str>,
}

impl<'s> Said<'s> {
    fn of(line: &'s str) -> Option<Self> {
        [": error: ", ": note: "].into_iter().find_map(|kind| {
            let (place, text) = line.split_once(kind)?;
            let placed = !place.starts_with(' ') && place.rsplit(':').take(2).all(|n| n.parse::<u32>().is_ok());
            placed.then(|| Self { place, kind: kind.trim_matches([':', ' ']), text, below: Vec::new() })
        })
    }

    fn is_authors(&self) -> bool {
        !self.place.starts_with("build/sdk/") && !self.place.starts_with('/')
    }

    fn show(&self, text: &str) -> String {
        let below = self.below.iter().fold(String::new(), |all, line| all + "\n" + line);
        format!("{}: {}: {text}{below}", self.place, self.kind)
    }
}

/// What the compiler says of the author's lines. What the SDK checks of an agent is said at the line that used it.
fn authors(said: &str) -> String {
    let mut all: Vec<Said<'_>> = Vec::new();
    let mut before: Vec<&str> = Vec::new();
    let mut traces = false;
    for line in said.lines() {
        if let Some(message) = Said::of(line) {
            traces = false;
            all.push(message);
        } else if line.trim_start().starts_with("referenced by:") {
            traces = true;
        } else if let (Some(message), false) = (all.last_mut(), traces) {
            message.below.push(line);
        } else if !traces {
            before.push(line);
        }
    }
    let mut shown: Vec<String> = before.into_iter().map(ToOwned::to_owned).collect();
    for (at, error) in all.iter().enumerate().filter(|(_, message)| message.kind == "error") {
        let notes = all.iter().skip(at + 1).take_while(|message| message.kind == "note");
        let mut own = notes.filter(|note| note.is_authors());
        if error.is_authors() {
            shown.push(error.show(error.text));
            shown.extend(own.map(|note| note.show(note.text)));
        } else if let Some(used) = own.next() {
            shown.push(Said { kind: "error", below: used.below.clone(), ..*used }.show(error.text));
        } else {
            shown.push(error.show(error.text));
        }
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_in_the_sdk_are_left_out() {
        let said = "agent.zig:51:68: error: no field named 'limti' in struct 'observation.Observation'\n        return x.limti;\n               ^~~~~\n\
                    build/sdk/observation.zig:47:25: note: struct declared here\npub const Observation = struct {\n";
        assert_eq!(
            authors(said),
            "agent.zig:51:68: error: no field named 'limti' in struct 'observation.Observation'\n        return x.limti;\n               ^~~~~"
        );
    }

    #[test]
    fn what_the_sdk_checks_is_said_at_the_authors_line() {
        let said = "build/sdk/shape.zig:18:37: error: the agent needs `pub fn decide`\n    x\nagent.zig:57:26: note: called at comptime here\n    \
                    greenroom.exportAgent(Agent);\n";
        assert_eq!(
            authors(said),
            "agent.zig:57:26: error: the agent needs `pub fn decide`\n    greenroom.exportAgent(Agent);"
        );
    }
}
