//! Grants that an operator took back.
//!
//! They stand in a file of the data folder, a line each, which whoever may write there can edit, and which a running host
//! looks at again and again: what is taken back is gone within a moment, stays gone after a restart, and needs no change
//! of the graph, whose agents would have to learn anew.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use greenroom_model::Grant;
use thiserror::Error;

/// The file in a data folder.
const FILE: &str = "revoked";
/// How often a running host looks at it.
const LOOK: Duration = Duration::from_millis(200);
const HEAD: &str = "# Grants that were taken back, a line each: AGENT GRANT, or AGENT * for all of them.\n";

/// One that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The agent.
    pub agent: String,
    /// Which; all of them when absent.
    pub grant: Option<Grant>,
}

/// What is wrong with the file.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum RevokedError {
    #[error("{path} cannot be used: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {}; expected AGENT GRANT, such as `content items:read`, or AGENT *", lines.join(", "))]
    Lines { path: PathBuf, lines: Vec<String> },
}

/// All that were taken back, as the file has them now.
#[derive(Debug, Default)]
pub struct Revocations {
    path: Option<PathBuf>,
    now: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    all: Vec<Revoked>,
    /// The writing of the file that `all` is from.
    of: Option<Look>,
    /// The writing that was seen at the latest look.
    seen: Option<Look>,
}

/// What tells one writing of the file from another.
type Look = (SystemTime, u64);

impl Revocations {
    /// Of a data folder.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or has lines that say nothing.
    pub fn open(data_dir: &Path) -> Result<Self, RevokedError> {
        let path = data_dir.join(FILE);
        let seen = look(&path);
        let all = read(&path)?;
        Ok(Self { path: Some(path), now: Mutex::new(Read { all, of: seen, seen }) })
    }

    /// Those there are.
    #[must_use]
    pub fn all(&self) -> Vec<Revoked> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// What an agent is left with.
    #[must_use]
    pub fn left(&self, agent: &str, granted: &[Grant]) -> Vec<Grant> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = |grant: &Grant| {
            now.all.iter().any(|one| one.agent == agent && one.grant.as_ref().is_none_or(|gone| touches(gone, grant)))
        };
        granted.iter().filter(|grant| !gone(grant)).cloned().collect()
    }

    /// Takes grants back, or gives them again; durable when it returns. Whether anything changed.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn change(&self, change: &Revoked, give: bool) -> Result<bool, RevokedError> {
        let Some(path) = &self.path else { return Ok(false) };
        let wrong = |source| RevokedError::Io { path: path.clone(), source };
        // Of two who change it at once, one waits for the other.
        let lock = fs::File::create(path.with_extension("lock")).map_err(wrong)?;
        lock.lock().map_err(wrong)?;
        let mut all = read(path)?;
        let before = all.len();
        let of = |one: &Revoked| one.agent == change.agent && (change.grant.is_none() || one.grant == change.grant);
        if give {
            all.retain(|one| !of(one));
        } else if !all.contains(change) {
            all.push(change.clone());
        }
        if all.len() == before {
            return Ok(false);
        }
        write(path, &all).map_err(wrong)?;
        let seen = look(path);
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Read { all, of: seen, seen };
        Ok(true)
    }

    /// Reads the file again if it changed and was left alone since the look before: who edits it may be half-way. Whether
    /// anything else was taken back. What cannot be read, and a file that is gone, leave things as they were, so that nothing
    /// is granted again by mistake.
    fn refresh(&self) -> bool {
        let Some(path) = &self.path else { return false };
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = look(path);
        if now.of == seen {
            return false;
        }
        if now.seen != seen {
            now.seen = seen;
            return false;
        }
        let read = if seen.is_some() { read(path) } else { Err(gone(path)) };
        match read {
            Ok(all) => {
                now.of = seen;
                let changed = now.all != all;
                now.all = all;
                changed
            }
            Err(error) => {
                // Looked at again when it is written again, or can be read: an error of the system may pass.
                now.of = if matches!(error, RevokedError::Lines { .. }) || seen.is_none() { seen } else { now.of };
                tracing::error!(%error, "grants stay as they were");
                false
            }
        }
    }

    /// Calls `changed` after each change of the file, on a thread of its own, for as long as somebody else has this.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn watch(self: &Arc<Self>, changed: impl Fn() + Send + 'static) -> io::Result<()> {
        let revocations = Arc::downgrade(self);
        let work = move || {
            while let Some(revocations) = revocations.upgrade() {
                if revocations.refresh() {
                    changed();
                }
                drop(revocations);
                std::thread::sleep(LOOK);
            }
        };
        std::thread::Builder::new().name("greenroom-revoked".to_owned()).spawn(work).map(drop)
    }
}

fn gone(path: &Path) -> RevokedError {
    RevokedError::Io { path: path.to_owned(), source: ErrorKind::NotFound.into() }
}

/// Whether taking back one touches the other: some key may be used by both in some way.
fn touches(gone: &Grant, grant: &Grant) -> bool {
    gone.namespace == grant.namespace
        && (gone.prefix.starts_with(&grant.prefix) || grant.prefix.starts_with(&gone.prefix))
        && (gone.verb.covers(grant.verb) || grant.verb.covers(gone.verb))
}

fn look(path: &Path) -> Option<Look> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path) -> Result<Vec<Revoked>, RevokedError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(RevokedError::Io { path: path.to_owned(), source }),
    };
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match parse(line) {
            Some(revoked) => all.push(revoked),
            None => wrong.push(format!("line {} says {line:?}", number + 1)),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(RevokedError::Lines { path: path.to_owned(), lines: wrong }) }
}

fn parse(line: &str) -> Option<Revoked> {
    let (agent, grant) = line.split_once(' ')?;
    let grant = if grant == "*" { None } else { Some(Grant::parse(grant)?) };
    Some(Revoked { agent: agent.to_owned(), grant })
}

fn write(path: &Path, all: &[Revoked]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(HEAD.as_bytes())?;
    for Revoked { agent, grant } in all {
        let grant = grant.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string);
        writeln!(file, "{agent} {grant}")?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    // The name is durable once the folder is.
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> Grant {
        Grant::parse(text).unwrap()
    }

    fn revoked(agent: &str, text: &str) -> Revoked {
        Revoked { agent: agent.to_owned(), grant: Some(grant(text)) }
    }

    #[test]
    fn what_was_taken_back_stays_so_until_it_is_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let granted = ["profile:write", "items:read"].map(grant);
        let one = Revocations::open(folder.path()).unwrap();
        assert!(one.change(&revoked("ease", "profile:write"), false).unwrap());
        assert!(!one.change(&revoked("ease", "profile:write"), false).unwrap());
        let again = Revocations::open(folder.path()).unwrap();
        assert_eq!(again.left("ease", &granted), [grant("items:read")]);
        assert_eq!(again.left("other", &granted), granted);
        let all = Revoked { agent: "ease".to_owned(), grant: None };
        assert!(again.change(&all, false).unwrap());
        assert_eq!(again.left("ease", &granted), []);
        assert!(!one.refresh(), "who wrote it may be half-way");
        assert!(one.refresh());
        assert_eq!(one.left("ease", &granted), []);
        assert!(again.change(&all, true).unwrap());
        assert_eq!(again.left("ease", &granted), granted);
    }

    #[test]
    fn what_is_granted_in_other_words_is_taken_back_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let one = Revocations::open(folder.path()).unwrap();
        one.change(&revoked("ease", "profile/tastes.:read"), false).unwrap();
        let left = |text: &str| one.left("ease", &[grant(text)]).len();
        for touched in ["profile:read", "profile:write", "profile/tastes.:write", "profile/tastes.a:read"] {
            assert_eq!(left(touched), 0, "{touched}");
        }
        for apart in ["profile/other.:read", "profile/tastes.:append", "other/tastes.:read"] {
            assert_eq!(left(apart), 1, "{apart}");
        }
    }

    #[test]
    fn a_file_that_says_nothing_grants_nothing_again() {
        let folder = tempfile::tempdir().unwrap();
        let one = Revocations::open(folder.path()).unwrap();
        one.change(&revoked("ease", "profile:write"), false).unwrap();
        fs::write(folder.path().join(FILE), "ease\nease profile:own\n\n# fine\n").unwrap();
        assert!(!one.refresh() && !one.refresh());
        assert_eq!(one.left("ease", &[grant("profile:write")]), []);
        fs::remove_file(folder.path().join(FILE)).unwrap();
        assert!(!one.refresh() && !one.refresh());
        assert_eq!(one.left("ease", &[grant("profile:write")]), []);
        fs::write(folder.path().join(FILE), "ease\nease profile:own\n\n# fine\n").unwrap();
        let error = Revocations::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("line 1 says \"ease\", line 2 says \"ease profile:own\""), "{error}");
    }
}
