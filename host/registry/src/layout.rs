//! A folder with an OCI image layout: `oci-layout`, `index.json` and what they name, in `blobs/`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use crate::RegistryError;
use crate::document::{Descriptor, Index, Made, Manifest};
use crate::pull::document;
use crate::reference::At;
use crate::store::{DOCUMENT_MAX, Store};

const MARK: &str = "oci-layout";
const INDEX: &str = "index.json";
const VERSION: &str = "1.0.0";

pub(crate) struct Layout {
    dir: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    image_layout_version: String,
}

impl Layout {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    fn path_of(&self, digest: &Digest) -> PathBuf {
        self.dir.join("blobs/sha256").join(digest.hex())
    }

    /// The folder is a layout, of a version that is known.
    fn check(&self) -> Result<(), RegistryError> {
        let mark = read(&self.dir.join(MARK), DOCUMENT_MAX)?.ok_or_else(|| RegistryError::Absent {
            place: self.called(),
            what: format!("file `{MARK}`: it is no OCI image layout"),
        })?;
        let mark: Mark = document(&mark).map_err(|why| RegistryError::wrong(&self.called(), why))?;
        if mark.image_layout_version == VERSION {
            return Ok(());
        }
        let what = format!("its layout has the version {:?}, expected {VERSION:?}", mark.image_layout_version);
        Err(RegistryError::wrong(&self.called(), what))
    }

    fn index(&self) -> Result<Index, RegistryError> {
        let Some(bytes) = read(&self.dir.join(INDEX), DOCUMENT_MAX)? else { return Ok(Index::default()) };
        document(&bytes).map_err(|why| RegistryError::wrong(&format!("{} in {INDEX}", self.called()), why))
    }

    /// Two that push at once take turns: each changes the index that the other left.
    fn locked(&self) -> Result<File, RegistryError> {
        let path = self.dir.join(MARK);
        if !path.is_file() {
            let mark = Mark { image_layout_version: VERSION.to_owned() };
            // Whoever comes second leaves the file that the first one may have locked.
            self.put_document(&path, &mark, Existing::Stays)?;
        }
        let file = File::open(&path).map_err(RegistryError::file(&path, "read"))?;
        file.lock().map_err(RegistryError::file(&path, "locked"))?;
        self.check()?;
        Ok(file)
    }

    fn put_document(&self, path: &Path, document: &impl Serialize, existing: Existing) -> Result<(), RegistryError> {
        let bytes = serde_json::to_vec(document).map_err(|e| RegistryError::wrong(&self.called(), e.to_string()))?;
        put(path, &bytes, existing)
    }
}

impl Store for Layout {
    fn called(&self) -> String {
        self.dir.display().to_string()
    }

    fn manifest(&self, at: &At) -> Result<Option<Vec<u8>>, RegistryError> {
        self.check()?;
        let digest = match at {
            At::Digest(digest) => *digest,
            At::Tag(tag) => {
                let index = self.index()?;
                match index.manifests.iter().find(|manifest| manifest.tag() == Some(tag)) {
                    Some(found) => found.digest,
                    None => return Ok(None),
                }
            }
        };
        let bytes = read(&self.path_of(&digest), DOCUMENT_MAX + 1)?;
        // By its name in the index it is pinned as well.
        match bytes {
            Some(bytes) if Digest::of(&bytes) != digest => {
                let what = format!("the file of {digest} has other bytes");
                Err(RegistryError::wrong(&self.called(), what))
            }
            bytes => Ok(bytes),
        }
    }

    fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, RegistryError> {
        let absent = || RegistryError::Absent { place: self.called(), what: format!("blob {digest}") };
        read(&self.path_of(digest), size)?.ok_or_else(absent)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        let digest = Digest::of(bytes);
        let path = self.path_of(&digest);
        let there = read(&path, bytes.len() as u64 + 1)?;
        if there.is_some_and(|there| there == bytes) { Ok(()) } else { put(&path, bytes, Existing::Goes) }
    }

    fn put_manifest(&self, made: &Made, tag: Option<&str>) -> Result<(), RegistryError> {
        self.put_blob(&made.bytes)?;
        let _turn = self.locked()?;
        let mut index = self.index()?;
        let descriptor = made.descriptor.clone().tagged(tag);
        let same = |other: &Descriptor| other.tag() == tag && (tag.is_some() || other.digest == descriptor.digest);
        index.manifests.retain(|other| !same(other));
        index.manifests.push(descriptor);
        self.put_document(&self.dir.join(INDEX), &index, Existing::Goes)
    }

    fn referrers(&self, of: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let index = self.index()?;
        let about = |descriptor: &Descriptor| {
            let bytes = read(&self.path_of(&descriptor.digest), DOCUMENT_MAX).ok().flatten();
            let manifest = bytes.and_then(|bytes| document::<Manifest>(&bytes).ok());
            manifest.and_then(|manifest| manifest.subject).is_some_and(|subject| subject.digest == *of)
        };
        Ok(index.manifests.into_iter().filter(Descriptor::is_signature).filter(about).collect())
    }
}

/// The first bytes of a file; none when there is no such file.
fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, RegistryError> {
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(max).read_to_end(&mut bytes));
    match done {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RegistryError::file(path, "read")(error)),
    }
}

/// What becomes of a file that is there already.
enum Existing {
    Goes,
    Stays,
}

/// Writes beside and renames, so that a file is whole or not there.
fn put(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), RegistryError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(RegistryError::file(folder, "created"))?;
    let mut beside = tempfile::Builder::new();
    beside.prefix(".");
    // As any new file: a layout is there to be shared.
    #[cfg(unix)]
    let open_to_others = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    beside.permissions(open_to_others);
    let write = || {
        let mut file = beside.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        match existing {
            Existing::Goes => file.persist(path).map(drop).map_err(|e| e.error),
            Existing::Stays => match file.persist_noclobber(path) {
                Err(e) if e.error.kind() != ErrorKind::AlreadyExists => Err(e.error),
                _ => Ok(()),
            },
        }
    };
    write().map_err(RegistryError::file(path, "written"))
}
