//! The tokens as they are now, and how often each may still call.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use super::rate::{Bucket, Rate};
use super::tokens::{Level, TOKENS_FILE, Tokens, TokensError};

/// Bytes of what is presented as a token; nobody has a longer one.
const PRESENTED_MAX: usize = 512;

/// Looked at before each call, so that a token that was taken away is of no use from then on.
pub(super) struct Keyring {
    data_dir: PathBuf,
    each: Rate,
    failures: Rate,
    held: Mutex<Held>,
}

struct Held {
    seen: Seen,
    /// None when the file cannot be used: then no token is valid.
    tokens: Option<Arc<Tokens>>,
    /// By the name of a token: no more than there are tokens.
    buckets: HashMap<String, Bucket>,
    /// Of all that had no token together: nobody needs to be remembered.
    failed: Bucket,
}

/// What was read of the file last.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// It was not there.
    Nothing,
    /// It was there, as it was then.
    File(Stamp),
    /// It could not be looked at or read: it is tried again.
    Unsure,
}

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    /// Which file, when its access changed, and what that is: none where the system does not tell.
    inode: Option<(u64, i64, i64, u32)>,
}

/// What is to be done with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its token is this one.
    Known(String, Level),
    /// It has none, or one that nobody knows.
    Unknown(&'static str),
    /// It comes too often; it may come again after so many seconds.
    TooOften(u32),
    /// The file of tokens cannot be used.
    Unusable,
}

impl Keyring {
    /// # Errors
    /// When the file of tokens cannot be used.
    pub(super) fn open(data_dir: &Path, each: Rate, failures: Rate) -> Result<Self, TokensError> {
        let seen = seen(data_dir);
        let tokens = Tokens::read(data_dir)?;
        let failed = Bucket::full(failures, Instant::now());
        let held = Held { seen, tokens: Some(Arc::new(tokens)), buckets: HashMap::new(), failed };
        Ok(Self { data_dir: data_dir.to_owned(), each, failures, held: Mutex::new(held) })
    }

    /// Looks whose token it is, and whether it may call now. Blocks for as long as the disk takes.
    pub(super) fn check(&self, presented: Option<&str>, now: Instant) -> Verdict {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut held);
        let found = match (&held.tokens, presented) {
            (None, _) => Err(Verdict::Unusable),
            (Some(_), None) => Err(Verdict::Unknown("there is no token")),
            (Some(_), Some(presented)) if presented.len() > PRESENTED_MAX => {
                Err(Verdict::Unknown("nobody knows the token"))
            }
            (Some(tokens), Some(presented)) => {
                let holder = tokens.holder(presented).map(|token| (token.name.clone(), token.level));
                holder.ok_or(Verdict::Unknown("nobody knows the token"))
            }
        };
        match found {
            Ok((name, level)) => {
                let each = self.each;
                let bucket = held.buckets.entry(name.clone()).or_insert_with(|| Bucket::full(each, now));
                bucket.take(each, now).map_or_else(Verdict::TooOften, |()| Verdict::Known(name, level))
            }
            Err(verdict) => held.failed.take(self.failures, now).map_or_else(Verdict::TooOften, |()| verdict),
        }
    }

    fn look(&self, held: &mut Held) {
        let now = seen(&self.data_dir);
        if now == held.seen && now != Seen::Unsure {
            return;
        }
        let read = Tokens::read(&self.data_dir);
        // A machine out of file descriptors has some a moment later, with the same file.
        let passes = matches!(read, Err(TokensError::Io { .. }));
        let known = std::mem::replace(&mut held.seen, if passes { Seen::Unsure } else { now });
        held.tokens = match read {
            Ok(tokens) => {
                tracing::info!(tokens = tokens.each().count(), "the tokens changed");
                held.buckets.retain(|name, _| tokens.each().any(|token| token.name == *name));
                Some(Arc::new(tokens))
            }
            Err(error) => {
                if !(passes && known == Seen::Unsure) {
                    tracing::error!(%error, "no token is valid");
                }
                None
            }
        };
    }
}

fn seen(data_dir: &Path) -> Seen {
    match std::fs::metadata(data_dir.join(TOKENS_FILE)) {
        Ok(metadata) => {
            let (modified, len, inode) = (metadata.modified().ok(), metadata.len(), inode(&metadata));
            Seen::File(Stamp { modified, len, inode })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Seen::Nothing,
        Err(_) => Seen::Unsure,
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn inode(metadata: &std::fs::Metadata) -> Option<(u64, i64, i64, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.ino(), metadata.ctime(), metadata.ctime_nsec(), metadata.mode()))
}

#[cfg(not(unix))]
fn inode(_metadata: &std::fs::Metadata) -> Option<(u64, i64, i64, u32)> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: Rate = Rate { burst: 2, per_s: 1 };

    #[test]
    fn a_changed_file_is_heeded_and_a_wrong_one_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let ann = Tokens::add(folder.path(), "ann", Level::Read).unwrap();
        let many = Rate { burst: 100, per_s: 1 };
        let keyring = Keyring::open(folder.path(), many, many).unwrap();
        let now = Instant::now();
        let known = |token: &str| keyring.check(Some(token), now);
        assert_eq!(known(&ann), Verdict::Known("ann".to_owned(), Level::Read));
        let bob = Tokens::add(folder.path(), "bob", Level::Deploy).unwrap();
        assert_eq!(known(&bob), Verdict::Known("bob".to_owned(), Level::Deploy));
        Tokens::remove(folder.path(), "ann").unwrap();
        assert_eq!(known(&ann), Verdict::Unknown("nobody knows the token"));
        let text = std::fs::read_to_string(folder.path().join(TOKENS_FILE)).unwrap();
        super::super::tokens::private(&folder.path().join(TOKENS_FILE), &(text.clone() + "ann\n")).unwrap();
        assert_eq!(known(&bob), Verdict::Unusable, "the line that is wrong may have been the important one");
        super::super::tokens::private(&folder.path().join(TOKENS_FILE), &text).unwrap();
        assert_eq!(known(&bob), Verdict::Known("bob".to_owned(), Level::Deploy));
        std::fs::remove_file(folder.path().join(TOKENS_FILE)).unwrap();
        assert_eq!(known(&bob), Verdict::Unknown("nobody knows the token"));
    }

    #[test]
    fn a_file_that_could_not_be_read_is_read_again_though_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let ann = Tokens::add(folder.path(), "ann", Level::Read).unwrap();
        let many = Rate { burst: 100, per_s: 1 };
        let keyring = Keyring::open(folder.path(), many, many).unwrap();
        let known = || keyring.check(Some(&ann), Instant::now());
        // A folder in its place fails as a disk does that cannot be read.
        let path = folder.path().join(TOKENS_FILE);
        let text = std::fs::read(&path).unwrap();
        std::fs::rename(&path, folder.path().join("kept")).unwrap();
        std::fs::create_dir(&path).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        assert_eq!([known(), known()], [Verdict::Unusable, Verdict::Unusable], "nobody knows what it says");
        assert_eq!(keyring.held.lock().unwrap().seen, Seen::Unsure, "so it is looked at again, whatever its stamp");
        std::fs::remove_dir(&path).unwrap();
        std::fs::rename(folder.path().join("kept"), &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), text);
        assert_eq!(known(), Verdict::Known("ann".to_owned(), Level::Read));
    }

    #[test]
    fn each_token_has_a_bucket_and_those_without_share_one() {
        let folder = tempfile::tempdir().unwrap();
        let [ann, bob] = ["ann", "bob"].map(|name| Tokens::add(folder.path(), name, Level::Read).unwrap());
        let keyring = Keyring::open(folder.path(), RATE, RATE).unwrap();
        let now = Instant::now();
        let none = |keyring: &Keyring| keyring.check(None, now);
        assert_eq!(
            [none(&keyring), none(&keyring)],
            [Verdict::Unknown("there is no token"), Verdict::Unknown("there is no token")]
        );
        assert_eq!(none(&keyring), Verdict::TooOften(1));
        let long = "x".repeat(10_000);
        assert_eq!(keyring.check(Some(&long), now), Verdict::TooOften(1), "a wrong token is a failure as well");
        let ask = |token: &str, ms| keyring.check(Some(token), now + Duration::from_millis(ms));
        assert!(matches!([ask(&ann, 0), ask(&ann, 0)], [Verdict::Known(..), Verdict::Known(..)]));
        assert_eq!(ask(&ann, 0), Verdict::TooOften(1));
        assert!(matches!(ask(&bob, 0), Verdict::Known(..)), "others are not held up by it");
        assert!(matches!(ask(&ann, 1_000), Verdict::Known(..)));
    }
}
