//! AssemblyScript: its compiler, which npm installs.

use std::path::PathBuf;
use std::process::Command;

use super::{Compiled, Site, read, run};
use crate::BuildError;
use crate::native::authored;
use crate::tool::{Needed, Place, Tool};

const NODE: Needed = Needed {
    name: "node",
    places: &[Place::Program("node")],
    version: &["--version"],
    oldest: (18, 0),
    before: None,
    install: "install Node.js 20 or newer from nodejs.org or your packages",
};

const ASC: Needed = Needed {
    name: "the AssemblyScript compiler",
    places: &[Place::Node("asc"), Place::Program("asc")],
    version: &["--version"],
    oldest: (0, 28),
    before: None,
    install: "`npm install` in the agent's folder, whose package.json names it",
};

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let folder = &site.project.folder;
    let (node, asc) = (NODE.find(folder)?, ASC.find(folder)?);
    (site.say)("compiling (asc)");
    let mut command = node.command();
    // The optimiser is WebAssembly itself: compiling it well costs more than it gives. Source maps, or asc starts itself anew
    // for them.
    command.args(["--liftoff-only", "--enable-source-maps"]).arg(script(&asc)).arg(&site.project.source);
    command.args(["--config", "build/sdk/asconfig.json", "--transform", "./build/sdk/exports.mjs", "--noColors"]);
    command.args(["--outFile", "build/core.wasm"]);
    let said = run(site, command).map_err(|error| match error {
        BuildError::Compile { language, said } => BuildError::Compile { language, said: authors(&said) },
        other => other,
    })?;
    Ok((Compiled::Module(read(&site.build.join("core.wasm"))?, Vec::new()), authors(&said)))
}

pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let files = authored(site, &[".test.ts"])?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let node = NODE.find(&site.project.folder)?;
    // The script that runs them finds it by itself, and says less when it does not.
    ASC.find(&site.project.folder)?;
    let mut command = node.command();
    command.arg("build/sdk/test.mjs").args(files);
    Ok(vec![command])
}

/// The compiler's script, which a link of npm stands for.
fn script(asc: &Tool) -> PathBuf {
    std::fs::canonicalize(asc.path()).unwrap_or_else(|_| asc.path().to_owned())
}

/// What the compiler says, without its count of errors and without what follows from the first of them.
fn authors(said: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    for block in said.split("\n\n") {
        let block = block.trim_matches('\n');
        let counts = block.starts_with("FAILURE ") && block.ends_with(" error(s)");
        let follows = !kept.is_empty() && block.lines().next().is_some_and(|line| line.contains("type 'auto'"));
        if block.is_empty() || counts || follows {
            continue;
        }
        let first = block.lines().find_map(|line| line.trim_start().strip_prefix("└─ in "));
        let of_sdk = first.is_some_and(|place| place.starts_with("~lib/greenroom/"));
        let before = if of_sdk { "in Greenroom's SDK, maybe because of how it is used: " } else { "" };
        kept.push(format!("{before}{}", block.strip_prefix("FAILURE ").unwrap_or(block)));
    }
    kept.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mistake_is_shown_with_its_place_and_its_followers_are_not() {
        let said = "ERROR AS200: Conversion from type 'f64' to 'f32' requires an explicit cast.\n    :\n 34 │ x\n    └─ in agent.ts(34,21)\n\n\
                    ERROR TS2339: Property 'is' does not exist on type 'auto'.\n    └─ in agent.ts(35,1)\n\nFAILURE 2 compile error(s)\n";
        let shown = authors(said);
        assert!(shown.starts_with("ERROR AS200") && shown.ends_with("agent.ts(34,21)"), "{shown}");
        assert_eq!(
            authors("FAILURE nothing makes a component of the agent: add a line"),
            "nothing makes a component of the agent: add a line"
        );
    }
}
