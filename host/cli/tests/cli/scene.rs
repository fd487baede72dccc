//! A folder with a graph, events and items, in which the command is run.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use tempfile::TempDir;

/// Popularity and neighbours, fused.
pub(crate) const GRAPH: &str = r#"[graph]
name = "small"
output = "fuse"
deadline_ms = 2000

[agents.popularity]
component = "popularity.wasm"
instances = "pooled"

[agents.item-knn]
component = "item-knn.wasm"
params = { neighbours = 20 }
instances = "pooled"

[agents.fusion]
component = "fusion.wasm"
instances = "pooled"

[nodes.popular]
agent = "popularity"
limit = 20

[nodes.alike]
agent = "item-knn"
limit = 20

[nodes.fuse]
agent = "fusion"
inputs = { popular = "popular", alike = "alike" }
"#;

/// One agent that does as its `mode` says.
pub(crate) fn probe(mode: &str) -> String {
    let size = if mode == "spin-configure" { 77_777 } else { 10 };
    format!(
        r#"[graph]
name = "probing"
output = "probe"
deadline_ms = 20000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.probe]
component = "probe.wasm"
params = {{ mode = "{mode}", size = {size} }}
grants = {{ memory = ["probe:write"] }}

[nodes.probe]
agent = "probe"
"#
    )
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it printed, of a run that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// The JSON that it printed, of a run that went well.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}

pub(crate) struct Scene {
    folder: TempDir,
}

impl Scene {
    /// With `graph.toml` as given, `events.csv`, `items.csv`, and the components that graphs here name.
    pub(crate) fn new(graph: &str) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        scene.write("graph.toml", graph);
        scene.write("events.csv", events());
        scene.write("items.csv", items());
        for name in ["popularity", "item-knn", "fusion", "probe", "brittle", "saboteur"] {
            fs::copy(greenroom_kit::component(name), scene.path(&format!("{name}.wasm"))).unwrap();
        }
        scene
    }

    /// The same, trained.
    pub(crate) fn trained(graph: &str) -> Self {
        let scene = Self::new(graph);
        scene.run(&["train", "graph.toml", "--events", "events.csv", "--items", "items.csv"]).ok();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The command, run here with nothing of this process's environment. Compiled components are shared by all scenes.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        if arguments.first() == Some(&"serve") {
            // Tests run at once.
            command.env("GREENROOM_ADMIN_LISTEN", "127.0.0.1:0");
        }
        command.env("GREENROOM_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments))
    }

    /// Starts it and waits for a line of its standard output or error that contains `sign`; that line is returned.
    pub(crate) fn start(&self, mut command: Command, sign: &str, on_stderr: bool) -> (Child, String) {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let line = if on_stderr {
            find(BufReader::new(child.stderr.take().unwrap()), sign)
        } else {
            // What a host says of each request would fill the pipe, and stop it.
            let mut said = child.stderr.take().unwrap();
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            find(BufReader::new(child.stdout.take().unwrap()), sign)
        };
        (child, line)
    }

    /// Every file here with its content, and every folder.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let content = if path.is_dir() { None } else { Some(fs::read(&path).unwrap()) };
                if content.is_none() {
                    folders.push(path.clone());
                }
                found.insert(path, content);
            }
        }
        found
    }

    /// Runs something that is refused: its exit code, its message as in `golden/NAME.txt`, nothing on the standard output
    /// and every file as it was. With `UPDATE_GOLDEN=1` in the environment the message is written anew.
    #[track_caller]
    pub(crate) fn refused(&self, name: &str, code: i32, arguments: &[&str]) -> Ran {
        self.refused_with(name, code, self.command(arguments), &format!("greenroom {}", arguments.join(" ")))
    }

    /// The same with the message of the run before.
    #[track_caller]
    pub(crate) fn refused_alike(&self, like: &Ran, arguments: &[&str]) {
        let before = self.files();
        let ran = self.run(arguments);
        assert_eq!((ran.code, &ran.out, &ran.err), (like.code, &like.out, &like.err), "{arguments:?}");
        assert!(before == self.files(), "{arguments:?}: files were touched: {:?}", self.touched(&before));
    }

    #[track_caller]
    pub(crate) fn refused_with(&self, name: &str, code: i32, command: Command, shown: &str) -> Ran {
        let before = self.files();
        let ran = ran(command);
        assert!(before == self.files(), "{name}: files were touched: {:?}", self.touched(&before));
        self.told(name, code, ran, shown)
    }

    /// What was said by something that was refused, as in `golden/NAME.txt`, with nothing on the standard output.
    #[track_caller]
    pub(crate) fn told(&self, name: &str, code: i32, ran: Ran, shown: &str) -> Ran {
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        assert_eq!(ran.out, "", "{name}: the standard output is for results");
        let lines: Vec<&str> = ran.err.lines().map(str::trim_end).collect();
        let found = format!("$ {shown}\n{}\n-> {code}\n", lines.join("\n").trim_matches('\n'));
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/golden/{name}.txt"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, found).unwrap();
            return ran;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(found == expected, "{name}\nexpected:\n{expected}\nfound:\n{found}");
        ran
    }

    fn touched(&self, before: &BTreeMap<PathBuf, Option<Vec<u8>>>) -> Vec<PathBuf> {
        let after = self.files();
        let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
        before.keys().chain(after.keys()).filter(differs).cloned().collect()
    }
}

fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[track_caller]
fn find(lines: impl std::io::BufRead, sign: &str) -> String {
    let mut all = String::new();
    for line in lines.lines() {
        let line = line.unwrap();
        if line.contains(sign) {
            return line;
        }
        all.push_str(&line);
        all.push('\n');
    }
    panic!("it ended without saying {sign:?}:\n{all}");
}

/// Sends a signal.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

/// Three crowds of ten subjects, each with a taste for every third item.
fn events() -> String {
    let mut text = "user,item,rating,timestamp\n".to_owned();
    for subject in 0..30_u32 {
        for step in 0..8_u32 {
            let item = subject % 3 + 3 * ((subject * 5 + step * 7) % 12);
            text.push_str(&format!("s{subject},i{item},5,{}\n", 1_000_000_000 + subject * 1_000 + step));
        }
    }
    text
}

fn items() -> String {
    let lines =
        (0..36).map(|item| format!("i{item},Title {item},{},{}\n", 1990 + item % 20, ["Drama", "Comedy"][item % 2]));
    format!("id,title,year,genres\n{}", lines.collect::<String>())
}
