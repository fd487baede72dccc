//! Compiled components on disk.
//!
//! Loading compiled code is running it, so only what this host compiled is loaded: each file begins with an HMAC, under
//! a key that only this cache folder has, of its name and content. A file that was truncated, edited, or written by
//! another build is compiled anew and replaced. This is the one file with `unsafe`.
//!
//! Verdicts about components stand beside them, under the same key.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use greenroom_model::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

const TAG_BYTES: usize = 32;

/// How names of files begin that are half written, as `tempfile` has it.
const HALF: &str = ".tmp";

/// The cache folder.
pub(crate) struct Artifacts {
    dir: PathBuf,
    key: [u8; 32],
    engine: String,
    components: Counted,
    verdicts: Counted,
}

/// How often something was looked for in the cache folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookups {
    /// It was there.
    pub hits: u64,
    /// It was not, or could not be used.
    pub misses: u64,
}

#[derive(Default)]
struct Counted {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Counted {
    fn look<T>(&self, found: Option<T>) -> Option<T> {
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn now(&self) -> Lookups {
        Lookups { hits: self.hits.load(Ordering::Relaxed), misses: self.misses.load(Ordering::Relaxed) }
    }
}

impl Artifacts {
    pub(crate) fn open(dir: &Path, engine: &Engine) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = format!("{:016x}", hasher.finish());
        let (components, verdicts) = Default::default();
        Ok(Self { dir: dir.to_owned(), key: key(&dir.join("key"))?, engine, components, verdicts })
    }

    /// The component from the cache.
    pub(crate) fn get(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        self.components.look(self.load(engine, &self.name(digest)))
    }

    /// What was looked for: components, and verdicts about them.
    pub(crate) fn lookups(&self) -> (Lookups, Lookups) {
        (self.components.now(), self.verdicts.now())
    }

    fn name(&self, digest: &Digest) -> String {
        format!("{}-{}.cwasm", digest.hex(), self.engine)
    }

    /// Keeps a component. A cache that cannot be written costs time, nothing else.
    pub(crate) fn put(&self, digest: &Digest, component: &Component) {
        match component.serialize() {
            Ok(artifact) => {
                if let Err(error) = self.keep(&self.name(digest), &artifact) {
                    tracing::warn!(%error, dir = %self.dir.display(), "a compiled component was not kept");
                }
            }
            Err(error) => tracing::warn!(%error, "a compiled component could not be serialised"),
        }
    }

    fn mac(&self, name: &str, artifact: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(name.as_bytes());
        mac.update(artifact);
        Some(mac)
    }

    /// What was kept under a name by this host, if nobody changed it since.
    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        let mut file = fs::read(self.dir.join(name)).ok()?;
        let (tag, content) = file.split_at_checked(TAG_BYTES)?;
        if self.mac(name, content)?.verify_slice(tag).is_err() {
            tracing::warn!(name, "a file of the cache was not written by this host, or was changed: making it anew");
            return None;
        }
        file.drain(..TAG_BYTES);
        // What is used is not swept. In a cache that cannot be written nothing is.
        if let Err(error) = used_now(&self.dir.join(name)) {
            tracing::debug!(name, %error, "it is not written down that it is used");
        }
        Some(file)
    }

    /// Removes what nobody used for so long, and what was not used for longest until the rest has so many bytes at most: how
    /// many files, and their bytes.
    pub(crate) fn sweep(&self, unused: Duration, bytes_max: u64) -> io::Result<(usize, u64)> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let path = entry.path();
            let kind = path.extension().and_then(|extension| extension.to_str());
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(HALF)) {
                left(&path)?;
            } else if matches!(kind, Some("cwasm" | "verdict")) {
                let metadata = entry.metadata()?;
                // A file from the future is new.
                kept.push((metadata.modified()?.elapsed().unwrap_or_default(), metadata.len(), path));
            }
        }
        // What was used last comes first.
        kept.sort();
        let (mut files, mut gone, mut bytes) = (0, 0, 0_u64);
        for (age, size, path) in kept {
            bytes = bytes.saturating_add(size);
            if age <= unused && bytes <= bytes_max {
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => (files, gone) = (files + 1, gone + size),
                // Another host swept it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok((files, gone))
    }

    /// The verdict about a component that was kept for this engine; `asked` says what it had to pass.
    pub(crate) fn verdict(&self, digest: &Digest, asked: &Digest) -> Option<Vec<u8>> {
        self.verdicts.look(self.kept(&self.verdict_name(digest, asked)))
    }

    pub(crate) fn keep_verdict(&self, digest: &Digest, asked: &Digest, verdict: &[u8]) {
        if let Err(error) = self.keep(&self.verdict_name(digest, asked), verdict) {
            tracing::warn!(%error, dir = %self.dir.display(), "a verdict was not kept");
        }
    }

    fn verdict_name(&self, digest: &Digest, asked: &Digest) -> String {
        format!("{}-{}-{}.verdict", digest.hex(), self.engine, asked.short())
    }

    #[expect(unsafe_code, reason = "the one place where compiled code is loaded")]
    fn load(&self, engine: &Engine, name: &str) -> Option<Component> {
        let artifact = self.kept(name)?;
        // SAFETY: the bytes carry an HMAC under a random key that is readable only by this host's user and was used
        // only over the output of `Component::serialize` (see `keep`); so they are what this host compiled, unchanged,
        // and the name in the HMAC ties them to the engine's configuration. They are in private memory: no one changes
        // them while they are read.
        let loaded = unsafe { Component::deserialize(engine, &artifact) };
        loaded.inspect_err(|error| tracing::warn!(name, %error, "compiling anew")).ok()
    }

    fn keep(&self, name: &str, artifact: &[u8]) -> io::Result<()> {
        let mac = self.mac(name, artifact).ok_or_else(|| io::Error::other("no key"))?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(&mac.finalize().into_bytes())?;
        file.write_all(artifact)?;
        // Not synced: what a crash of the machine leaves of it carries no HMAC, and is made anew.
        file.persist(self.dir.join(name)).map_err(|e| e.error)?;
        Ok(())
    }
}

/// Removes a file that was half written when its writer was killed.
fn left(path: &Path) -> io::Result<()> {
    const DAY: Duration = Duration::from_secs(86_400);
    let old = fs::metadata(path).and_then(|file| file.modified()).map(|at| at.elapsed().unwrap_or_default() > DAY);
    match old.and_then(|old| if old { fs::remove_file(path) } else { Ok(()) }) {
        // It has its name by now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Writes down that a file is used, once an hour.
fn used_now(path: &Path) -> io::Result<()> {
    const HOUR: Duration = Duration::from_secs(3_600);
    if fs::metadata(path)?.modified()?.elapsed().is_ok_and(|unused| unused < HOUR) {
        return Ok(());
    }
    fs::File::options().append(true).open(path)?.set_modified(SystemTime::now())
}

/// Code that was compiled for this process just now.
#[expect(unsafe_code, reason = "the one place where compiled code is loaded")]
pub(crate) fn load_compiled(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes came through a pipe from the program that the operator chose for compiling, this binary as a
    // rule, which this process started with no one between them and which ended well; and they carry the digest under
    // which it sent them. So they are the output of `Engine::precompile_component`, unchanged. The engine refuses code
    // of another version or configuration of its own.
    unsafe { Component::deserialize(engine, compiled) }
}

/// The folder's key, made at first use. Of two hosts that start at once, one makes it and both read it.
fn key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    if !path.exists() {
        getrandom::fill(&mut key).map_err(|e| io::Error::other(e.to_string()))?;
        let dir = path.parent().unwrap_or(Path::new("."));
        // Temporary files are readable by their owner only.
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&key)?;
        file.as_file().sync_data()?;
        match file.persist_noclobber(path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    let mut file = fs::File::open(path)?;
    file.read_exact(&mut key)
        .map_err(|e| io::Error::new(e.kind(), format!("{} is no key ({e}); delete it", path.display())))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_is_swept_and_what_is_too_much_the_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let artifacts = Artifacts::open(dir.path(), &engine).unwrap();
        let put = |name: &str, hours: u64| {
            let path = dir.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let at = SystemTime::now() - Duration::from_secs(3_600 * hours);
            fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
        };
        for (name, hours) in [
            ("a.cwasm", 1),
            ("b.cwasm", 2),
            ("c.verdict", 3),
            ("d.cwasm", 50),
            ("notes.txt", 99),
            (".tmp1", 25),
            (".tmp2", 1),
        ] {
            put(name, hours);
        }
        let day = Duration::from_secs(86_400);
        assert_eq!(artifacts.sweep(day, u64::MAX).unwrap(), (1, 100));
        assert_eq!(artifacts.sweep(day, 250).unwrap(), (1, 100));
        let left = |name: &str| dir.path().join(name).exists();
        assert!(left("a.cwasm") && left("b.cwasm") && left("notes.txt") && left("key"));
        assert!(!left("c.verdict") && !left("d.cwasm"));
        assert!(!left(".tmp1") && left(".tmp2"), "one that was left behind, and one that may be in the making");
        assert_eq!(artifacts.sweep(day, 250).unwrap(), (0, 0));
    }
}
