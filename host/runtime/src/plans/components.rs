//! Components in the data folder, by the digest of their bytes: what a plan is made of outlives the files that it came
//! from.
//!
//! A component that is a script in an interpreter may lie there in two files: the interpreter, and what follows it under the
//! component's digest. Of a hundred scripts the interpreter is there once.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use greenroom_model::{Digest, Script};

use crate::states::{aged, remove_old};

/// How a file begins that has the end of a component: then comes the digest of the rest, in hexadecimal, and a line feed.
const APART: &[u8] = b"greenroom:apart ";
const DIGITS: usize = 64;

/// A folder of components.
#[derive(Debug, Clone)]
pub(crate) struct Components {
    dir: PathBuf,
    /// Interpreters whose files were found whole.
    whole: Arc<Mutex<BTreeSet<Digest>>>,
}

impl Components {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), whole: Arc::default() })
    }

    /// The bytes of a digest; none when they are not there, or not what their name says.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let file = fs::read(self.path(digest)).ok()?;
        // Whatever it looks like, it is what it is called.
        if Digest::of(&file) == *digest {
            return Some(file);
        }
        let mut bytes = fs::read(self.path(&interpreter(&file)?)).ok()?;
        bytes.extend(file.get(APART.len() + DIGITS + 1..)?);
        (Digest::of(&bytes) == *digest).then_some(bytes)
    }

    /// Keeps the bytes that have a digest, durably.
    pub(crate) fn put(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        // It is new again: whoever put it is about to refer to it.
        if self.get(digest).is_some() && self.renew(digest) {
            return Ok(());
        }
        self.write(digest, &[bytes])
    }

    /// The same of a component that has a script, with the digest of its interpreter.
    pub(crate) fn put_apart(&self, digest: &Digest, bytes: &[u8], interpreter: Option<Digest>) -> io::Result<()> {
        let (Some(interpreter), Ok((code, Some(_)))) = (interpreter, Script::split(bytes)) else {
            return self.put(digest, bytes);
        };
        // An interpreter lies there in one piece.
        if !matches!(Script::split(code), Ok((_, None))) {
            return self.put(digest, bytes);
        }
        if self.path(digest).exists() {
            if self.get(digest).is_some() && self.renew(digest) {
                return Ok(());
            }
            self.whole().remove(&interpreter);
        }
        if !(self.whole().contains(&interpreter) && self.touch(&interpreter).is_ok()) {
            self.put(&interpreter, code)?;
            self.whole().insert(interpreter);
        }
        let end = bytes.get(code.len()..).unwrap_or_default();
        self.write(digest, &[APART, interpreter.hex().as_bytes(), b"\n", end])
    }

    /// Whether a component is there; then it is new again, as if it had been put there now.
    pub(crate) fn renew(&self, digest: &Digest) -> bool {
        let touched = self.touch(digest);
        touched.is_ok() && self.interpreter(digest).is_none_or(|interpreter| self.touch(&interpreter).is_ok())
    }

    /// Bytes of all that there are.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        Ok(aged(&self.dir)?.iter().map(|(_, bytes, _)| bytes).sum())
    }

    /// Removes those that nobody uses and that are as old: how many, and their bytes.
    pub(crate) fn sweep(&self, used: &BTreeSet<Digest>, age: Duration) -> io::Result<(usize, u64)> {
        let (mut gone, mut stay, mut may_go) = ((0, 0), Vec::new(), Vec::new());
        for (digest, bytes, old) in aged(&self.dir)? {
            if old <= age || used.contains(&digest) {
                stay.push(digest);
            } else {
                may_go.push((digest, bytes));
            }
        }
        let mut remove = |digest: &Digest, bytes| -> io::Result<bool> {
            let removed = remove_old(&self.path(digest), age)?;
            gone = if removed { (gone.0 + 1, gone.1 + bytes) } else { gone };
            Ok(removed)
        };
        // What is in two files first: which interpreters stay is known then.
        let (apart, whole): (Vec<_>, Vec<_>) =
            may_go.into_iter().partition(|(digest, _)| self.interpreter(digest).is_some());
        for (digest, bytes) in apart {
            if !remove(&digest, bytes)? {
                stay.push(digest);
            }
        }
        let needed: BTreeSet<Digest> = stay.iter().filter_map(|digest| self.interpreter(digest)).collect();
        for (digest, bytes) in whole.into_iter().filter(|(digest, _)| !needed.contains(digest)) {
            remove(&digest, bytes)?;
        }
        Ok(gone)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.hex())
    }

    fn whole(&self) -> MutexGuard<'_, BTreeSet<Digest>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The interpreter of a component that lies there in two files.
    fn interpreter(&self, digest: &Digest) -> Option<Digest> {
        let mut head = Vec::new();
        let file = fs::File::open(self.path(digest)).ok()?;
        file.take((APART.len() + DIGITS + 1) as u64).read_to_end(&mut head).ok()?;
        interpreter(&head)
    }

    fn touch(&self, digest: &Digest) -> io::Result<()> {
        fs::File::options().append(true).open(self.path(digest))?.set_modified(SystemTime::now())
    }

    fn write(&self, digest: &Digest, parts: &[&[u8]]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.as_file().sync_data()?;
        file.persist(self.path(digest)).map_err(|e| e.error)?;
        fs::File::open(&self.dir)?.sync_all()
    }
}

/// What a file says that its interpreter is.
fn interpreter(file: &[u8]) -> Option<Digest> {
    let (digits, rest) = file.strip_prefix(APART)?.split_at_checked(DIGITS)?;
    let digest = format!("sha256:{}", std::str::from_utf8(digits).ok()?).parse().ok()?;
    rest.starts_with(b"\n").then_some(digest)
}

#[cfg(test)]
mod tests {
    use greenroom_model::ScriptExports;

    use super::*;

    const INTERPRETER: &[u8] = b"\0asm\x0d\0\x01\0";

    fn components() -> (tempfile::TempDir, Components) {
        let dir = tempfile::tempdir().unwrap();
        let components = Components::open(dir.path()).unwrap();
        (dir, components)
    }

    fn put(components: &Components, source: &str) -> (Digest, Vec<u8>) {
        let exports = ScriptExports::default();
        let script = Script { name: "a.js".to_owned(), exports, source: source.to_owned() };
        let bytes = script.component(INTERPRETER);
        let digest = Digest::of(&bytes);
        components.put_apart(&digest, &bytes, Some(Digest::of(INTERPRETER))).unwrap();
        (digest, bytes)
    }

    fn make_old(dir: &Path, digest: &Digest) {
        let old = SystemTime::now() - Duration::from_secs(7_200);
        fs::File::options().append(true).open(dir.join(digest.hex())).unwrap().set_modified(old).unwrap();
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn scripts_share_an_interpreter_and_come_back_whole() {
        let (dir, components) = components();
        let (one, bytes) = put(&components, "one");
        let (other, _) = put(&components, "other");
        assert_eq!(components.get(&one), Some(bytes));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        // By whoever does not look into it, it is kept in one piece, and found as it is.
        let bytes = components.get(&other).unwrap();
        components.put(&other, &bytes).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_only_looks_like_two_files_and_a_script_in_a_script_come_back_too() {
        let (_dir, components) = components();
        let (one, bytes) = put(&components, "one");
        let text = [APART, one.hex().as_bytes(), b"\ntext"].concat();
        components.put(&Digest::of(&text), &text).unwrap();
        assert_eq!(components.get(&Digest::of(&text)), Some(text));
        let script = Script { name: "b.js".to_owned(), exports: ScriptExports::default(), source: "two".to_owned() };
        let within = script.component(&bytes);
        components.put_apart(&Digest::of(&within), &within, Some(one)).unwrap();
        assert_eq!(components.get(&Digest::of(&within)), Some(within));
    }

    #[test]
    fn what_is_broken_is_not_there_and_heals_when_it_is_put_again() {
        let (dir, components) = components();
        let (one, bytes) = put(&components, "one");
        for broken in [one, Digest::of(INTERPRETER)] {
            fs::write(dir.path().join(broken.hex()), "nonsense").unwrap();
            assert_eq!(components.get(&one), None);
            put(&components, "one");
            assert_eq!(components.get(&one).as_ref(), Some(&bytes));
        }
        fs::remove_file(dir.path().join(Digest::of(INTERPRETER).hex())).unwrap();
        assert!(!components.renew(&one));
        put(&components, "one");
        assert!(components.renew(&one));
    }

    #[test]
    fn an_interpreter_stays_as_long_as_one_of_its_scripts() {
        let (dir, components) = components();
        let ((one, _), (other, _)) = (put(&components, "one"), put(&components, "other"));
        let interpreter = Digest::of(INTERPRETER);
        [one, other, interpreter].iter().for_each(|digest| make_old(dir.path(), digest));
        assert_eq!(components.sweep(&BTreeSet::from([one]), HOUR).unwrap().0, 1);
        assert!(components.get(&one).is_some() && components.get(&other).is_none());
        // Renewed together.
        assert!(components.renew(&one));
        make_old(dir.path(), &one);
        assert_eq!(components.sweep(&BTreeSet::new(), HOUR).unwrap().0, 1);
        make_old(dir.path(), &interpreter);
        assert_eq!(components.sweep(&BTreeSet::new(), HOUR).unwrap(), (1, INTERPRETER.len() as u64));
        assert_eq!(components.bytes().unwrap(), 0);
    }
}
