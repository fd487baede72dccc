//! Agents in every language: that they have the contract right, and that what their guides say works.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use greenroom_kit::{component, components};

const GREENROOM: &str = env!("CARGO_BIN_EXE_greenroom");

#[track_caller]
fn done(output: &Output, what: &str) -> String {
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what} ended with {}:\n{told}{said}", output.status);
    told.into_owned()
}

/// An agent that answers what it sees, in another language, answers as the one in Rust does.
#[track_caller]
fn sees_and_says_the_same(language: &str) {
    let echo = component(&format!("echo-{language}"));
    let mut command = Command::new(GREENROOM);
    command.arg("inspect").arg(echo).args(["--conformance", "--same-as"]).arg(component("echo"));
    let told = done(&command.output().unwrap(), "the comparison");
    assert_eq!(told.lines().filter(|line| line.starts_with("yes ")).count(), 5, "{told}");
}

/// The commands of a guide, run in order by a shell as its reader would: an agent is made, built, tested and asked in the movie graph.
#[track_caller]
fn guide_works(language: &str) {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/agents/{language}.md"));
    let commands = shown(&fs::read_to_string(&guide).unwrap());
    assert!(commands.contains("greenroom new my-agent") && commands.contains("greenroom decide"), "{commands}");
    let scene = tempfile::tempdir().unwrap();
    let graph = movies(scene.path());
    let shell = Command::new("bash")
        .args(["-e", "-u", "-o", "pipefail", "-c", &commands])
        .current_dir(scene.path())
        .env("PATH", path())
        .env("GRAPH", &graph)
        .output()
        .unwrap();
    let told = done(&shell, &format!("a command of {}", guide.display()));
    let (_, answer) = told.split_once("added `my-agent`").unwrap();
    let rows = answer.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())).count();
    assert_eq!(rows, 10, "{told}");
    assert!(fs::read_to_string(&graph).unwrap().contains("output = \"my-agent\""));
}

/// A mistake in an author's file is told with its file and line, and nothing of the SDK's.
#[track_caller]
fn mistake_is_told(language: &str) {
    let scene = tempfile::tempdir().unwrap();
    let greenroom = |arguments: &[&str]| {
        Command::new(GREENROOM).args(arguments).current_dir(scene.path()).env("PATH", path()).output().unwrap()
    };
    done(&greenroom(&["new", "mine", "--lang", language]), "new");
    let manifest = fs::read_to_string(scene.path().join("mine/greenroom.toml")).unwrap();
    let source = manifest.lines().find_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"')).unwrap();
    let file = scene.path().join("mine").join(source);
    let text = fs::read_to_string(&file).unwrap() + "@ nonsense (\n";
    fs::write(&file, &text).unwrap();
    let built = greenroom(&["build", "mine"]);
    let said = String::from_utf8_lossy(&built.stderr);
    assert_eq!(built.status.code(), Some(3), "{said}");
    // Where a thing is never closed some name the end of the file, and some the end of what stands before.
    let last = text.lines().count();
    let placed = |line: usize| {
        [format!("{source}:{line}:"), format!("{source}({line},"), format!("{source}\", line {line}")]
            .iter()
            .any(|at| said.contains(at))
    };
    assert!((last - 1..=last + 1).any(placed), "line {last} of {source}:\n{said}");
    assert!(!said.contains("build/sdk"), "{said}");
    assert!(!scene.path().join("mine/build/mine.wasm").exists());
}

/// What stands in the blocks of shell commands.
fn shown(guide: &str) -> String {
    let mut commands = String::new();
    let mut on = false;
    for line in guide.lines() {
        match (on, line) {
            (false, "```sh") => on = true,
            (true, "```") => on = false,
            (true, line) => commands.extend([line, "\n"]),
            _ => {}
        }
    }
    commands
}

/// A copy of the trained movie graph that `scripts/languages.sh` leaves beside the components.
fn movies(folder: &Path) -> PathBuf {
    let trained = components().join("../languages-movies");
    assert!(trained.join("graph.toml").is_file(), "{} is not there: run `make languages`", trained.display());
    let to = folder.join("movies");
    copy(&trained, &to);
    to.join("graph.toml")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        // The folder of components is a link.
        if entry.file_type().unwrap().is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The path of programs with the compilers that `scripts/languages.sh` installed, and with this greenroom.
fn path() -> OsString {
    let tools = env::var_os("GREENROOM_LANGUAGES").map(PathBuf::from).unwrap_or_else(|| {
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache")).join("greenroom/languages")
    });
    let before = [
        PathBuf::from(GREENROOM).parent().unwrap().to_owned(),
        tools.join("venv/bin"),
        tools.join("npm/node_modules/.bin"),
    ];
    let usual = env::var_os("PATH").unwrap();
    env::join_paths(before.into_iter().chain(env::split_paths(&usual))).unwrap()
}

macro_rules! languages {
    ($($test:ident $language:literal)*) => {
        mod guides {
            $(#[test] fn $test() { super::guide_works($language); })*
        }
    };
}

macro_rules! mistakes {
    ($($test:ident $language:literal)*) => {
        mod mistakes {
            $(#[test] fn $test() { super::mistake_is_told($language); })*
        }
    };
}

macro_rules! echoes {
    ($($test:ident $language:literal)*) => {
        mod conformance {
            $(#[test] fn $test() { super::sees_and_says_the_same($language); })*
        }
    };
}

languages! {
    rust "rust"
    c "c"
    zig "zig"
    go "go"
    assemblyscript "assemblyscript"
    javascript "javascript"
    typescript "typescript"
    python "python"
    wat "wat"
    script_javascript "script-javascript"
    script_rhai "script-rhai"
    composition "composition"
}

mistakes! {
    rust "rust"
    c "c"
    zig "zig"
    go "go"
    assemblyscript "assemblyscript"
    javascript "javascript"
    typescript "typescript"
    python "python"
    wat "wat"
    script_javascript "script-javascript"
    script_rhai "script-rhai"
}

echoes! {
    c "c"
    zig "zig"
    go "go"
    assemblyscript "assemblyscript"
    javascript "javascript"
    typescript "typescript"
    python "python"
    script_javascript "script-javascript"
    script_rhai "script-rhai"
}

/// The example whose agents are in nine languages learns and answers, and what it was shown counts.
#[test]
fn nine_languages_answer_in_one_graph() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens");
    let scene = tempfile::tempdir().unwrap();
    let graph = scene.path().join("polyglot.toml");
    fs::copy(example.join("polyglot.toml"), &graph).unwrap();
    std::os::unix::fs::symlink(fs::canonicalize(components()).unwrap(), scene.path().join("components")).unwrap();
    let mut train = Command::new(GREENROOM);
    train.arg("train").arg(&graph).arg("--events").arg(example.join("ratings.csv"));
    let told = done(&train.arg("--items").arg(example.join("movies.csv")).output().unwrap(), "train");
    let learned = ["cosine", "ease", "isotonic", "trending"];
    assert!(learned.iter().all(|agent| told.contains(&format!("{agent} "))), "{told}");
    let answers: Vec<String> = (0..6)
        .map(|_| {
            let mut decide = Command::new(GREENROOM);
            decide.arg("decide").arg(&graph).args(["--subject", "15", "--limit", "10", "--json"]);
            let answer: serde_json::Value = serde_json::from_str(&done(&decide.output().unwrap(), "decide")).unwrap();
            assert_eq!(answer["items"].as_array().unwrap().len(), 10, "{answer}");
            assert!(answer["degraded"].as_array().is_none_or(Vec::is_empty), "{answer}");
            answer["items"].to_string()
        })
        .collect();
    assert!(
        answers.iter().any(|answer| answer != &answers[0]),
        "six times the same, which `fatigue` is there to prevent"
    );
}

/// Agents that import a library in C: its code is in their components, with a memory of its own, and gives up as theirs does.
#[test]
fn a_library_in_c_serves_agents_in_other_languages() {
    // The engine of JavaScript has three by itself.
    for (name, memories) in [("alike-zig", 2), ("alike-javascript", 4)] {
        let needs = greenroom_sandbox::inspect(&fs::read(component(name)).unwrap()).unwrap().need;
        assert_eq!((needs.memories, needs.weight()), (memories, memories), "{name}");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests").join(name);
        let mut test = Command::new(GREENROOM);
        test.arg("test").arg(folder).arg("--component").arg(component(name));
        let told = done(&test.output().unwrap(), name);
        assert!(told.contains("5 of 5 cases, 13 checks of the contract passed"), "{told}");
    }
}

/// What is imported is found when an agent is built, and libraries are no agents.
#[test]
fn libraries_are_built_before_the_agents_that_import_them() {
    let scene = tempfile::tempdir().unwrap();
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
    for name in ["similarity-c", "alike-zig"] {
        fs::create_dir(scene.path().join(name)).unwrap();
        for entry in fs::read_dir(guests.join(name)).unwrap().map(Result::unwrap) {
            if entry.file_name() == "build" {
                continue;
            }
            let to = scene.path().join(name).join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let greenroom = |arguments: &[&str]| {
        Command::new(GREENROOM).args(arguments).current_dir(scene.path()).env("PATH", path()).output().unwrap()
    };
    let refused = greenroom(&["build", "alike-zig"]);
    // As it is told, lines are broken.
    let said: String = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(
        said.contains("thereisno../similarity-c/build/similarity.wasm:`greenroombuildsimilarity-c`makesit"),
        "{said}"
    );
    let told = done(&greenroom(&["build", "similarity-c"]), "the library's build");
    assert!(told.contains("exports example:vectors/similarity@0.1.0") && !told.contains("imports"), "{told}");
    let told = done(&greenroom(&["build", "alike-zig"]), "the agent's build");
    assert!(told.contains("imports log, memory"), "{told}");
    assert!(done(&greenroom(&["build", "alike-zig"]), "another build").contains("(unchanged)"));
    let tested = greenroom(&["test", "similarity-c"]);
    assert_eq!(tested.status.code(), Some(3), "a library answers nobody");
}

/// Every agent in `plugins/` that is in another language keeps the contract, and its own tests pass.
#[test]
fn plugins_in_other_languages_keep_the_contract_and_pass_their_own_tests() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let (mut checked, mut without) = (0, Vec::new());
    for entry in fs::read_dir(plugins).unwrap() {
        let entry = entry.unwrap();
        if !entry.path().join("greenroom.toml").is_file() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let mut test = Command::new(GREENROOM);
        test.arg("test").arg(entry.path()).arg("--component").arg(component(&name)).args(["--native", "--json"]);
        let told = done(&test.env("PATH", path()).output().unwrap(), &name);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        if told["native"] != true {
            without.push(name);
        }
        checked += 1;
    }
    assert!(checked >= 8, "{checked} plugins in other languages were found");
    assert_eq!(without, ["head"], "only text of WebAssembly has no tests that run without a host");
}

/// A new agent's own tests pass, and when one of them expects something else, the command fails and says so.
#[track_caller]
fn new_agent_is_tested(language: &str, file: &str, right: &str, wrong: &str) {
    let scene = tempfile::tempdir().unwrap();
    let greenroom = |arguments: &[&str]| {
        Command::new(GREENROOM).args(arguments).current_dir(scene.path()).env("PATH", path()).output().unwrap()
    };
    done(&greenroom(&["new", "mine", "--lang", language]), "new");
    // What is asked in the sandbox is tried by the guides.
    fs::remove_file(scene.path().join("mine/cases.toml")).unwrap();
    let component = component("head");
    let test = ["test", "mine", "--native", "--json", "--component", component.to_str().unwrap()];
    let told: serde_json::Value = serde_json::from_str(&done(&greenroom(&test), language)).unwrap();
    assert_eq!(told.get("native"), Some(&serde_json::Value::Bool(true)), "{language}");
    let file = scene.path().join("mine").join(file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(right), "{text}");
    fs::write(&file, text.replacen(right, wrong, 1)).unwrap();
    let failed = greenroom(&test);
    let said = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(4), "{said}");
    assert!(said.contains("its own tests failed"), "{said}");
}

mod own_tests {
    #[test]
    fn rust() {
        super::new_agent_is_tested("rust", "src/lib.rs", "decide(0.9), [1, 0]", "decide(0.9), [0, 2]");
    }

    #[test]
    fn go() {
        super::new_agent_is_tested("go", "agent_test.go", "Row{1, 0}", "Row{0, 2}");
    }

    #[test]
    fn python() {
        super::new_agent_is_tested("python", "test_agent.py", "[1, 0, 2]", "[0, 2, 1]");
    }
}
