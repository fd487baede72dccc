//! The folders whose events are listened to: those that hold a watched file or a link on the way to one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// As many links as the kernel follows for one path.
const LINKS_MAX: usize = 40;

/// What events are about that matter. Paths have no link in them, except maybe as their last name.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Trail {
    folders: BTreeSet<PathBuf>,
    /// Entries of those folders: of the files themselves, of links on the way, and of what is not there yet.
    names: HashSet<PathBuf>,
}

impl Trail {
    /// Adds what decides to which file an absolute path leads.
    pub(super) fn add(&mut self, path: &Path) {
        let mut folder = PathBuf::new();
        let mut left = names(path);
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                folder.pop();
                continue;
            }
            // Joining the root starts again from there.
            let entry = folder.join(&name);
            let Ok(metadata) = fs::symlink_metadata(&entry) else {
                // What is missing appears in the innermost folder that is there.
                return self.name(folder, entry);
            };
            if metadata.is_symlink() {
                self.name(folder.clone(), entry.clone());
                links += 1;
                let Ok(target) = fs::read_link(&entry) else { return };
                if links > LINKS_MAX {
                    return;
                }
                left.extend(names(&target));
            } else if left.is_empty() || !metadata.is_dir() {
                return self.name(folder, entry);
            } else {
                folder = entry;
            }
        }
    }

    fn name(&mut self, folder: PathBuf, entry: PathBuf) {
        self.names.insert(entry);
        self.folders.insert(folder);
    }

    /// What an event says of watched files; nothing, for most events of a folder with many other files.
    fn hear(&self, event: &Event) -> Option<Heard> {
        if event.need_rescan() {
            return Some(Heard::Lost);
        }
        if !is_change(event.kind) {
            return None;
        }
        if event.paths.iter().any(|path| self.folders.contains(path)) {
            let moved = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
            return Some(if moved { Heard::Lost } else { Heard::Change });
        }
        event.paths.iter().any(|path| self.names.contains(path)).then_some(Heard::Change)
    }
}

/// What is known from an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Something may have happened to a watched file.
    Change,
    /// Events were lost, or will be: a folder is no longer where it was.
    Lost,
}

/// The names of a path, the last first.
fn names(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|name| name.as_os_str().to_owned()).filter(|name| name != ".").collect()
}

/// What tells a folder from another that has its name later.
type Id = (u64, u64, Option<SystemTime>);

/// Listens to the events of folders.
pub(super) struct Folders {
    /// None on a machine that gives no events.
    watcher: Option<RecommendedWatcher>,
    trail: Arc<ArcSwap<Trail>>,
    watched: BTreeMap<PathBuf, Id>,
    /// Those that could not be listened to, which was said.
    deaf: BTreeSet<PathBuf>,
}

impl Folders {
    /// Calls `heard` with what events say of watched files.
    pub(super) fn new(heard: impl Fn(Heard) + Send + 'static) -> Self {
        let folders = Self::deaf();
        let trail = Arc::clone(&folders.trail);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let said = match event {
                Ok(event) => trail.load().hear(&event),
                Err(error) => {
                    tracing::warn!(%error, "events of watched files may be lost: changes are seen later");
                    Some(Heard::Lost)
                }
            };
            if let Some(said) = said {
                heard(said);
            }
        });
        let watcher = watcher.inspect_err(
            |error| tracing::warn!(%error, "the machine tells of no changes of files: they are looked at now and then"),
        );
        Self { watcher: watcher.ok(), ..folders }
    }

    /// Listens to nothing.
    pub(super) fn deaf() -> Self {
        Self { watcher: None, trail: Arc::default(), watched: BTreeMap::new(), deaf: BTreeSet::new() }
    }

    /// Listens to the folders that matter for these files now, and to no others. What is looked at afterwards has not
    /// changed unheard. With `anew`, also those are listened to again that were before.
    pub(super) fn follow<'a>(&mut self, files: impl Iterator<Item = &'a Path>, anew: bool, retry: bool) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut trail = Trail::default();
        for file in files {
            match std::path::absolute(file) {
                Ok(file) => trail.add(&file),
                Err(error) => tracing::debug!(%error, file = %file.display(), "has no absolute path"),
            }
        }
        if **self.trail.load() != trail {
            self.trail.store(Arc::new(trail));
        }
        let trail = self.trail.load();
        let now: BTreeMap<&PathBuf, Id> = trail.folders.iter().filter_map(|path| Some((path, id(path)?))).collect();
        self.watched.retain(|path, id| {
            let stays = !anew && now.get(path) == Some(id);
            // The listener forgets by itself what was deleted.
            if !stays && let Err(error) = watcher.unwatch(path) {
                tracing::debug!(%error, folder = %path.display(), "was not listened to any more");
            }
            stays
        });
        if retry {
            self.deaf.retain(|path| now.contains_key(path));
        }
        for (path, id) in now {
            if self.watched.contains_key(path) || (self.deaf.contains(path) && !retry) {
                continue;
            }
            match watcher.watch(path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(path.clone(), id);
                    self.deaf.remove(path);
                }
                Err(error) if self.deaf.insert(path.clone()) => tracing::warn!(
                    %error, folder = %path.display(), "changes of files in this folder are seen later than elsewhere"
                ),
                Err(_) => {}
            }
        }
    }
}

/// Not that somebody opened or read a file, which this does itself.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn id(folder: &Path) -> Option<Id> {
    let metadata = fs::metadata(folder).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, RemoveKind, RenameMode};

    use super::*;

    /// A folder without links on the way, as trails name it.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    fn trail(path: &Path) -> Trail {
        let mut trail = Trail::default();
        trail.add(path);
        trail
    }

    #[track_caller]
    fn check(trail: &Trail, root: &Path, folders: &[&str], names: &[&str]) {
        let at = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| if name.is_empty() { root.to_owned() } else { root.join(name) }).collect()
        };
        assert_eq!(trail.folders, BTreeSet::from_iter(at(folders)));
        assert_eq!(trail.names, HashSet::from_iter(at(names)));
    }

    #[test]
    fn only_what_decides_where_a_path_leads_is_listened_to() {
        let (_folder, root) = folder();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        check(&trail(&root.join("a/b/file")), &root, &["a/b"], &["a/b/file"]);
        check(&trail(&root.join("a/b/none")), &root, &["a/b"], &["a/b/none"]);
        check(&trail(&root.join("a/c/d/none")), &root, &["a"], &["a/c"]);
        check(&trail(&root.join("a/b/file/none")), &root, &["a/b"], &["a/b/file"]);
        std::os::unix::fs::symlink("a", root.join("link")).unwrap();
        std::os::unix::fs::symlink("../../link/b/file", root.join("a/b/back")).unwrap();
        check(&trail(&root.join("link/b/back")), &root, &["", "a/b"], &["link", "a/b/back", "a/b/file"]);
        std::os::unix::fs::symlink(root.join("two"), root.join("one")).unwrap();
        std::os::unix::fs::symlink("one", root.join("two")).unwrap();
        check(&trail(&root.join("one/file")), &root, &[""], &["one", "two"]);
    }

    #[test]
    fn events_of_other_files_and_of_reading_say_nothing() {
        let (_folder, root) = folder();
        let trail = trail(&root.join("file"));
        let hear = |kind: EventKind, path: &Path| trail.hear(&Event::new(kind).add_path(path.to_owned()));
        let (file, other) = (root.join("file"), root.join("other"));
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        let removed = EventKind::Remove(RemoveKind::Any);
        let closed = |mode| EventKind::Access(AccessKind::Close(mode));
        for kind in [written, renamed, removed, EventKind::Create(CreateKind::File), closed(AccessMode::Write)] {
            assert_eq!(hear(kind, &other), None, "{kind:?}");
            assert_eq!(hear(kind, &file), Some(Heard::Change), "{kind:?}");
        }
        for kind in [EventKind::Access(AccessKind::Open(AccessMode::Any)), closed(AccessMode::Read)] {
            assert_eq!(hear(kind, &file), None, "{kind:?}");
        }
        assert_eq!(hear(renamed, &root), Some(Heard::Lost));
        assert_eq!(hear(removed, &root), Some(Heard::Lost));
        assert_eq!(hear(written, &root), Some(Heard::Change));
        assert_eq!(trail.hear(&Event::new(EventKind::Other).set_flag(Flag::Rescan)), Some(Heard::Lost));
    }
}
