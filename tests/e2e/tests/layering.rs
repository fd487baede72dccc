//! Which crate may depend on which.
//!
//! An architecture that nothing enforces erodes one convenient `use` at a time. The rules are the tables below; a
//! dependency that is not in them fails here, by name, with what it would take to allow it. Only normal and build
//! dependencies count between our own crates: tests and benches may reach for whatever they compare with.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// For each crate of the host and the SDK, all the workspace crates that it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("greenroom-model", &[]),
    ("greenroom-build", &[]),
    ("greenroom-graph", &["greenroom-model"]),
    ("greenroom-events", &["greenroom-model"]),
    ("greenroom-wire", &["greenroom-model"]),
    ("greenroom-registry", &["greenroom-model"]),
    ("greenroom-sandbox", &["greenroom-model"]),
    ("greenroom-workbench", &["greenroom-model", "greenroom-sandbox"]),
    ("greenroom-memory", &["greenroom-model"]),
    ("greenroom-telemetry", &["greenroom-model"]),
    ("greenroom-experiment", &["greenroom-model"]),
    ("greenroom-evolve", &["greenroom-model", "greenroom-graph", "greenroom-experiment", "greenroom-memory"]),
    (
        "greenroom-runtime",
        &[
            "greenroom-model",
            "greenroom-graph",
            "greenroom-events",
            "greenroom-experiment",
            "greenroom-sandbox",
            "greenroom-memory",
            "greenroom-telemetry",
        ],
    ),
    (
        "greenroom-server",
        &[
            "greenroom-model",
            "greenroom-graph",
            "greenroom-events",
            "greenroom-experiment",
            "greenroom-wire",
            "greenroom-sandbox",
            "greenroom-memory",
            "greenroom-telemetry",
            "greenroom-runtime",
        ],
    ),
    (
        "greenroom-cli",
        &[
            "greenroom-build",
            "greenroom-workbench",
            "greenroom-model",
            "greenroom-graph",
            "greenroom-events",
            "greenroom-evolve",
            "greenroom-experiment",
            "greenroom-evolve",
            "greenroom-wire",
            "greenroom-registry",
            "greenroom-sandbox",
            "greenroom-memory",
            "greenroom-telemetry",
            "greenroom-runtime",
            "greenroom-server",
        ],
    ),
    ("greenroom-sdk", &["greenroom-sdk-derive"]),
    ("greenroom-sdk-derive", &[]),
];

/// Crates from outside that only some of ours may use, so that the knowledge of them stays in one place.
const CONFINED: &[Confined] = &[
    Confined {
        name: "wasmtime",
        users: &["greenroom-sandbox"],
        in_tests: Some(&["greenroom-sandbox", "greenroom-runtime"]),
        why: "the engine is behind the sandbox's own types",
    },
    Confined {
        name: "ureq",
        users: &["greenroom-registry", "greenroom-cli"],
        in_tests: None,
        why: "what serves asks nobody over the network",
    },
    Confined {
        name: "prometheus-client",
        users: &["greenroom-telemetry"],
        in_tests: Some(&["greenroom-telemetry"]),
        why: "what is counted, and how it is told, is known in one place",
    },
    Confined {
        name: "serde_json",
        users: &["greenroom-wire", "greenroom-registry", "greenroom-server", "greenroom-cli"],
        in_tests: None,
        why: "JSON is spoken at the edge alone",
    },
];

struct Confined {
    name: &'static str,
    users: &'static [&'static str],
    /// Who may use it in tests and benches; everybody when there is no list.
    in_tests: Option<&'static [&'static str]>,
    why: &'static str,
}

impl Confined {
    /// The crate itself or one of its family, such as `wasmtime-wasi`.
    fn covers(&self, name: &str) -> bool {
        name.strip_prefix(self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    fn may_be_used_by(&self, member: &Member, in_tests: bool) -> bool {
        let users = if in_tests { self.in_tests } else { Some(self.users) };
        users.is_none_or(|users| users.contains(&member.name.as_str()))
    }
}

/// A crate of the workspace, as far as the rules go.
#[derive(Clone, Debug)]
struct Member {
    name: String,
    /// Folder in the workspace, such as `plugins/ease`.
    folder: String,
    uses: Vec<Use>,
}

#[derive(Clone, Debug)]
struct Use {
    of: String,
    dev: bool,
}

impl Member {
    fn new(package: &Package, root: &str) -> Self {
        let folder = package.manifest_path.parent().map_or("", |folder| folder.as_str());
        let uses = package
            .dependencies
            .iter()
            .map(|dependency| Use { of: dependency.name.clone(), dev: dependency.kind == DependencyKind::Development })
            .collect();
        let folder = folder.strip_prefix(root).unwrap_or(folder).trim_start_matches('/').to_owned();
        Self { name: package.name.to_string(), folder, uses }
    }

    fn is_test(&self) -> bool {
        ["tests/kit", "tests/e2e"].contains(&self.folder.as_str())
    }

    fn is_guest(&self) -> bool {
        ["plugins/", "tests/guests/", "sdk/scripts/"].iter().any(|kind| self.folder.starts_with(kind))
    }

    /// The workspace crates that it may use; none when no rule covers it.
    fn allowed(&self) -> Option<&'static [&'static str]> {
        if self.is_guest() {
            return Some(&["greenroom-sdk"]);
        }
        LAYERS.iter().find(|(name, _)| *name == self.name).map(|(_, allowed)| *allowed)
    }
}

/// Every arrow that the rules forbid, told in a sentence.
fn mistakes(members: &[Member]) -> Vec<String> {
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut mistakes = Vec::new();
    for member in members {
        mistakes.extend(arrows_within(member, &names));
        mistakes.extend(confined(member));
    }
    mistakes
}

fn arrows_within(member: &Member, names: &BTreeSet<&str>) -> Vec<String> {
    if member.is_test() {
        return Vec::new();
    }
    let Some(allowed) = member.allowed() else {
        return vec![format!("{} ({}) has no rule; add it to LAYERS", member.name, member.folder)];
    };
    let may = if allowed.is_empty() { "no crate of the workspace".to_owned() } else { allowed.join(", ") };
    member
        .uses
        .iter()
        .filter(|used| !used.dev && names.contains(used.of.as_str()) && !allowed.contains(&used.of.as_str()))
        .map(|used| format!("{} -> {}: {} may use {may}", member.name, used.of, member.name))
        .collect()
}

fn confined(member: &Member) -> Vec<String> {
    let mut mistakes = Vec::new();
    for rule in CONFINED {
        let users = rule.users.join(", ");
        let forbidden = member
            .uses
            .iter()
            .filter(|used| rule.covers(&used.of) && !rule.may_be_used_by(member, used.dev || member.is_test()));
        mistakes.extend(
            forbidden
                .map(|used| format!("{} -> {}: only {users} may use it, because {}", member.name, used.of, rule.why)),
        );
    }
    mistakes
}

fn workspace() -> cargo_metadata::Result<Vec<Member>> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()?;
    Ok(metadata.packages.iter().map(|package| Member::new(package, metadata.workspace_root.as_str())).collect())
}

#[track_caller]
fn check(name: &str, folder: &str, uses: &[&str], expected: &[&str]) {
    let others =
        LAYERS.iter().map(|(name, _)| Member { name: (*name).to_owned(), folder: String::new(), uses: Vec::new() });
    let uses = uses.iter().map(|used| match used.strip_prefix("dev:") {
        Some(used) => Use { of: used.to_owned(), dev: true },
        None => Use { of: (*used).to_owned(), dev: false },
    });
    let member = Member { name: name.to_owned(), folder: folder.to_owned(), uses: uses.collect() };
    let members: Vec<Member> = others.filter(|other| other.name != name).chain([member]).collect();
    assert_eq!(mistakes(&members), expected);
}

#[test]
fn the_workspace_keeps_its_layers() {
    let mistakes = mistakes(&workspace().expect("cargo reads the workspace"));
    assert!(mistakes.is_empty(), "forbidden dependencies:\n  {}\n", mistakes.join("\n  "));
}

#[test]
fn an_arrow_against_the_layers_is_named_with_its_rule() {
    check(
        "greenroom-graph",
        "host/graph",
        &["serde", "greenroom-model", "greenroom-runtime"],
        &["greenroom-graph -> greenroom-runtime: greenroom-graph may use greenroom-model"],
    );
    check(
        "greenroom-model",
        "host/model",
        &["greenroom-graph"],
        &["greenroom-model -> greenroom-graph: greenroom-model may use no crate of the workspace"],
    );
}

#[test]
fn a_plugin_sees_nothing_of_the_host() {
    check("greenroom-ease", "plugins/ease", &["greenroom-sdk", "faer"], &[]);
    check(
        "greenroom-ease",
        "plugins/ease",
        &["greenroom-model"],
        &["greenroom-ease -> greenroom-model: greenroom-ease may use greenroom-sdk"],
    );
}

#[test]
fn the_engine_stays_in_the_sandbox_but_benches_may_compare_with_it() {
    check("greenroom-sandbox", "host/sandbox", &["wasmtime", "wasmtime-environ"], &[]);
    check("greenroom-runtime", "host/runtime", &["dev:wasmtime"], &[]);
    check(
        "greenroom-runtime",
        "host/runtime",
        &["wasmtime-wasi"],
        &["greenroom-runtime -> wasmtime-wasi: only greenroom-sandbox may use it, because the engine is behind the \
           sandbox's own types"],
    );
    check(
        "greenroom-graph",
        "host/graph",
        &["dev:wasmtime"],
        &[
            "greenroom-graph -> wasmtime: only greenroom-sandbox may use it, because the engine is behind the sandbox's \
           own types",
        ],
    );
}

#[test]
fn json_stays_at_the_edge_and_in_tests() {
    check("greenroom-cli", "host/cli", &["serde_json"], &[]);
    check("greenroom-kit", "tests/kit", &["serde_json", "greenroom-runtime"], &[]);
    check("greenroom-memory", "host/memory", &["dev:serde_json"], &[]);
    check(
        "greenroom-memory",
        "host/memory",
        &["serde_json"],
        &[
            "greenroom-memory -> serde_json: only greenroom-wire, greenroom-registry, greenroom-server, greenroom-cli may use it, \
           because JSON is spoken at the edge alone",
        ],
    );
}

#[test]
fn a_new_crate_needs_a_rule() {
    check("greenroom-new", "host/new", &[], &["greenroom-new (host/new) has no rule; add it to LAYERS"]);
}
