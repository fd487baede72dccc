//! Changes of the graph file and of the components and learned states that it names, on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use greenroom_graph::Authored;
use greenroom_model::{Digest, Script};

use super::Host;
use super::roll::{Change, Part, Proposal, Refused};
use crate::load::{GraphText, Loaded};
use crate::watch::{Found, Watch, WatchError};

/// Who proposes what files say.
const AUTHOR: &str = "files";
/// How long to wait before what was refused for a reason that passes is proposed again.
const AGAIN: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

impl Host {
    /// Proposes what the graph file, its components and its states say from now on whenever they change: once they have been
    /// as they are for `settle`. What they say now is proposed too, unless it was before: so a change of another kind is not
    /// undone by a restart.
    ///
    /// # Errors
    /// When no thread can be had to watch them.
    pub fn watch_files(&self, settle: Duration) -> Result<(), WatchError> {
        let host = std::sync::Arc::downgrade(&self.inner);
        let watch = Watch::start(settle, move |files| {
            if let Some(inner) = host.upgrade() {
                Self { inner }.files_changed(files);
            }
        })?;
        let loaded = self.loaded();
        // Before the first call, which may have to look at more.
        let mut kept = self.inner.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let states = loaded.given.values().map(|given| &given.path);
        kept.insert(watch).set(self.watched(loaded.paths.keys().chain(states)));
        Ok(())
    }

    /// The graph file and what it names, beside it.
    fn watched<'p>(&self, named: impl Iterator<Item = &'p String>) -> Vec<PathBuf> {
        let graph = &self.inner.graph;
        std::iter::once(graph.clone()).chain(named.map(|path| beside(graph, path))).collect()
    }

    fn files_changed(&self, files: &BTreeMap<PathBuf, Found>) {
        let path = &self.inner.graph;
        let text = match files.get(path) {
            Some(Found::Bytes { bytes, .. }) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(format!("{} is no text: {error}", path.display())),
            },
            Some(other) => Err(wrong(path, other)),
            // It is looked at later.
            None => return,
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                self.unreadable(why);
                return;
            }
        };
        let file_name = path.display().to_string();
        let (components, states): (Vec<String>, Vec<String>) = match Authored::parse(&file_name, &text) {
            // Signatures are watched as the components are that they are of, and come with them.
            Ok(authored) => (
                authored
                    .components()
                    .into_iter()
                    .map(|component| component.path)
                    .chain(authored.signatures())
                    .collect(),
                authored.states().into_iter().map(|state| state.path).collect(),
            ),
            // What is wrong with it is told when it is proposed.
            Err(_) => (Vec::new(), Vec::new()),
        };
        let mut named = components.iter().chain(&states);
        if named.any(|name| !files.contains_key(&beside(path, name))) {
            let watch = self.inner.watch.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(watch) = &*watch {
                watch.set(self.watched(components.iter().chain(&states)));
            }
            // They are looked at first, and come in another call.
            return;
        }
        let known = self.loaded();
        let known = |digest: &Digest| known.components.contains_key(digest);
        let (components, states) = (found(files, path, components, known), found(files, path, states, |_| false));
        let digests = |of: &BTreeMap<String, (Part, Digest)>| -> BTreeMap<String, Digest> {
            of.iter().map(|(name, (_, digest))| (name.clone(), *digest)).collect()
        };
        let (of_components, of_states) = (digests(&components), digests(&states));
        let seen = files_digest(&text, &of_components, &of_states);
        if self.inner.history.files().ok().flatten() == Some(seen) {
            return;
        }
        let reason = self.what_changed(&text, &of_components, &of_states);
        let parts =
            |of: BTreeMap<String, (Part, Digest)>| of.into_iter().map(|(name, (part, _))| (name, part)).collect();
        let proposal = Proposal {
            parent: None,
            author: AUTHOR.to_owned(),
            reason,
            change: Change::Graph {
                graph: GraphText { file_name, text },
                components: parts(components),
                states: parts(states),
            },
        };
        // What was refused for a reason that passes is tried again, and once more after a restart.
        let passes = |done: &Result<_, Refused>| done.as_ref().is_err_and(Refused::passes);
        let mut done = self.propose(proposal.clone());
        for wait in AGAIN {
            if !passes(&done) {
                break;
            }
            std::thread::sleep(wait);
            done = self.propose(proposal.clone());
        }
        if !passes(&done) {
            self.saw_files(&seen);
        }
    }

    /// The files are those of a graph that was loaded.
    pub(super) fn saw_loaded(&self, loaded: &Loaded) {
        self.saw_files(&files_digest(&loaded.source.text, &component_files(loaded), &given_files(loaded)));
    }

    fn saw_files(&self, seen: &Digest) {
        if let Err(error) = self.inner.history.saw_files(seen) {
            tracing::warn!(%error, "it is not written down that these files were looked at");
        }
    }

    fn unreadable(&self, why: String) {
        let proposal = Proposal {
            parent: None,
            author: AUTHOR.to_owned(),
            reason: "the graph file changed".to_owned(),
            change: Change::States(BTreeMap::new()),
        };
        self.refused(&proposal, &Refused::Unreadable(why));
    }

    fn what_changed(
        &self,
        text: &str,
        components: &BTreeMap<String, Digest>,
        states: &BTreeMap<String, Digest>,
    ) -> String {
        let active = self.loaded();
        let (paths, given) = (component_files(&active), given_files(&active));
        let other = |now: &BTreeMap<String, Digest>, name: &str, digest: &Digest| now.get(name) != Some(digest);
        let mut changed: Vec<&str> = Vec::new();
        if active.source.text != text {
            changed.push("the graph file");
        }
        changed.extend(components.iter().filter(|(n, d)| other(&paths, n, d)).map(|(name, _)| name.as_str()));
        changed.extend(states.iter().filter(|(n, d)| other(&given, n, d)).map(|(name, _)| name.as_str()));
        if changed.is_empty() { "files changed".to_owned() } else { format!("{} changed", changed.join(", ")) }
    }
}

fn beside(graph: &Path, named: &str) -> PathBuf {
    graph.parent().unwrap_or(Path::new("")).join(named)
}

/// What is at each path that a graph file names, with a digest by which a change is known. What serves already is named by it.
fn found(
    files: &BTreeMap<PathBuf, Found>,
    graph: &Path,
    named: Vec<String>,
    serves: impl Fn(&Digest) -> bool,
) -> BTreeMap<String, (Part, Digest)> {
    let part = |name: String| {
        let at = beside(graph, &name);
        let part = match files.get(&at)? {
            Found::Bytes { digest, .. } if serves(digest) => (Part::Kept(*digest), *digest),
            Found::Bytes { bytes, digest } => (Part::Bytes(std::sync::Arc::clone(bytes)), *digest),
            other => {
                let why = wrong(&at, other);
                let digest = Digest::of(why.as_bytes());
                (Part::Absent(why), digest)
            }
        };
        Some((name, part))
    };
    named.into_iter().filter_map(part).collect()
}

/// The files with components and scripts that a graph was loaded with.
fn component_files(loaded: &Loaded) -> BTreeMap<String, Digest> {
    let file = |digest: &Digest| {
        let bytes = loaded.components.get(digest)?.component.bytes();
        let (_, script) = Script::split(bytes).ok()?;
        script.map(|script| Digest::of(script.source.as_bytes()))
    };
    loaded.paths.iter().map(|(path, digest)| (path.clone(), file(digest).unwrap_or(*digest))).collect()
}

/// The files with states that a graph was loaded with.
fn given_files(loaded: &Loaded) -> BTreeMap<String, Digest> {
    loaded.given.values().map(|given| (given.path.clone(), given.file)).collect()
}

fn wrong(path: &Path, found: &Found) -> String {
    match found {
        Found::Absent => format!("there is no file {}", path.display()),
        Found::Folder => format!("{} is a folder, not a file", path.display()),
        Found::Unreadable(why) => format!("{} cannot be read: {why}", path.display()),
        Found::Bytes { .. } => format!("{} is there", path.display()),
    }
}

fn files_digest(text: &str, components: &BTreeMap<String, Digest>, states: &BTreeMap<String, Digest>) -> Digest {
    let mut parts = vec![text.as_bytes()];
    for (name, digest) in components.iter().chain(states) {
        parts.extend([name.as_bytes(), digest.bytes().as_slice()]);
    }
    Digest::of_parts(parts)
}
