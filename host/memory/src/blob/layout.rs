//! How blobs lie in a namespace of keys and values.
//!
//! | key | value |
//! |---|---|
//! | `b/DIGEST` | the manifest: how many bytes, and of which upload |
//! | `h/UPLOAD` | the header of an upload, there before its chunks and until they are gone: when it began |
//! | `u/UPLOAD/NUMBER` | a chunk |
//!
//! A chunk is never written twice, so whoever holds a manifest reads the right bytes or finds that some are gone.

use greenroom_model::Digest;

/// Bytes of each chunk but the last.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;

/// What manifests begin with.
pub(crate) const MANIFESTS: &str = "b/";

/// What headers begin with.
pub(crate) const HEADERS: &str = "h/";

const VERSION: u8 = 1;

/// An upload: 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UploadId(pub(crate) u128);

impl UploadId {
    pub(crate) fn header(self) -> String {
        format!("{HEADERS}{:032x}", self.0)
    }

    /// What the keys of its chunks begin with.
    pub(crate) fn chunks(self) -> String {
        format!("u/{:032x}/", self.0)
    }

    pub(crate) fn chunk(self, number: u32) -> String {
        format!("u/{:032x}/{number:08x}", self.0)
    }

    /// Whose header it is.
    pub(crate) fn of_header(key: &str) -> Option<Self> {
        u128::from_str_radix(key.strip_prefix(HEADERS)?, 16).ok().map(Self)
    }
}

pub(crate) fn manifest_key(digest: &Digest) -> String {
    format!("{MANIFESTS}{}", digest.hex())
}

/// Whose manifest it is.
pub(crate) fn manifest_digest(key: &str) -> Option<Digest> {
    format!("sha256:{}", key.strip_prefix(MANIFESTS)?).parse().ok()
}

/// Where a blob's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) bytes: u64,
    /// Bytes of each chunk but the last; at least 1.
    pub(crate) chunk_bytes: u32,
    pub(crate) upload: UploadId,
}

/// What stands at a manifest's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Blob(Manifest),
    /// It was removed, and the key is about to go.
    Removed,
    /// It can't be read.
    Unreadable,
}

impl Manifest {
    pub(crate) fn new(bytes: u64, upload: UploadId) -> Self {
        Self { bytes, chunk_bytes: u32::try_from(CHUNK_BYTES).unwrap_or(u32::MAX), upload }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self { bytes, chunk_bytes, upload } = self;
        [&[VERSION][..], &bytes.to_le_bytes(), &chunk_bytes.to_le_bytes(), &upload.0.to_le_bytes()].concat()
    }

    pub(crate) fn decode(value: &[u8]) -> Listed {
        let read = || {
            let (version, rest) = value.split_first()?;
            let (bytes, rest) = rest.split_first_chunk()?;
            let (chunk_bytes, rest) = rest.split_first_chunk()?;
            let (bytes, chunk_bytes) = (u64::from_le_bytes(*bytes), u32::from_le_bytes(*chunk_bytes));
            let upload = UploadId(u128::from_le_bytes(rest.try_into().ok()?));
            (*version == VERSION && chunk_bytes > 0).then_some(Self { bytes, chunk_bytes, upload })
        };
        match read() {
            _ if value.is_empty() => Listed::Removed,
            Some(manifest) => Listed::Blob(manifest),
            None => Listed::Unreadable,
        }
    }

    /// How many chunks it has.
    pub(crate) fn chunks(&self) -> u64 {
        self.bytes.div_ceil(u64::from(self.chunk_bytes))
    }

    /// Bytes of one of them.
    pub(crate) fn bytes_of(&self, number: u64) -> u64 {
        let chunk = u64::from(self.chunk_bytes);
        chunk.min(self.bytes.saturating_sub(number.saturating_mul(chunk)))
    }
}

/// What stands in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// When the upload began, in milliseconds since 1970.
    pub(crate) began_ms: i64,
    pub(crate) stage: Stage,
}

/// Whether an upload's chunks stay. Each step is a swap, so that who finishes an upload and who sweeps agree on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// They do, if there is a manifest.
    Open,
    /// A sweep looks whether there is one. Who has listed it opens it again.
    Claimed,
    /// There was none, and they are being removed.
    Doomed,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [&self.began_ms.to_le_bytes()[..], &[self.stage as u8]].concat()
    }

    /// What can't be read is doomed, and older than anything.
    pub(crate) fn decode(value: &[u8]) -> Self {
        let stage = match value.get(8..) {
            Some([0]) => Stage::Open,
            Some([1]) => Stage::Claimed,
            _ => Stage::Doomed,
        };
        let began_ms = value.first_chunk().map_or(i64::MIN, |bytes| i64::from_le_bytes(*bytes));
        Self { began_ms, stage }
    }

    pub(crate) fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let manifest = Manifest::new(700_000, UploadId(7));
        assert_eq!(Manifest::decode(&manifest.encode()), Listed::Blob(manifest));
        assert_eq!((manifest.chunks(), manifest.bytes_of(1), manifest.bytes_of(2)), (3, 262_144, 175_712));
        assert_eq!(Manifest::decode(b""), Listed::Removed);
        assert_eq!(Manifest::decode(&manifest.encode()[1..]), Listed::Unreadable);
        assert_eq!(Manifest::new(0, UploadId(7)).chunks(), 0);
    }

    #[test]
    fn a_header_reads_as_it_was_written() {
        for stage in [Stage::Open, Stage::Claimed, Stage::Doomed] {
            let header = Header { began_ms: 1_795_000_000_000, stage };
            assert_eq!(Header::decode(&header.encode()), header);
        }
        assert_eq!(Header::decode(b"?"), Header { began_ms: i64::MIN, stage: Stage::Doomed });
    }

    #[test]
    fn keys_tell_what_they_are_of() {
        let digest = Digest::of(b"x");
        assert_eq!(manifest_digest(&manifest_key(&digest)), Some(digest));
        assert_eq!(UploadId::of_header(&UploadId(5).header()), Some(UploadId(5)));
        assert!(UploadId(5).chunk(1).starts_with(&UploadId(5).chunks()));
    }
}
