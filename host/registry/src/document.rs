//! The documents of an OCI registry, as far as components need them: written the same way each time, and read with what others
//! wrote into them.

use std::collections::BTreeMap;

use greenroom_model::{Digest, Signatures};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::push::Description;

/// What a manifest is (OCI image specification 1.1).
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// What an index is.
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// What a component is.
pub const WASM_TYPE: &str = "application/wasm";
/// What says of a component what it exports and imports (CNCF, Wasm OCI artifact layout).
pub(crate) const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// What the signatures of a component are.
pub const SIGNATURE_TYPE: &str = "application/vnd.greenroom.signatures.v1";
/// The config of what needs none.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";
/// The tag of a manifest in a layout.
pub(crate) const TAG: &str = "org.opencontainers.image.ref.name";
/// What a component is called.
const TITLE: &str = "org.opencontainers.image.title";
/// What it was made from.
const SOURCE: &str = "org.opencontainers.image.source";
/// The contract that it is built against.
const CONTRACT: &str = "dev.greenroom.contract";
/// A time is part of the config, and the same component has the same config.
const CREATED: &str = "1970-01-01T00:00:00Z";

pub(crate) type Annotations = BTreeMap<String, String>;

/// Where something is: by its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub(crate) annotations: Annotations,
    /// What others wrote: it stays.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl Descriptor {
    fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: Annotations::new(),
            other: BTreeMap::new(),
        }
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.annotations.get(TAG).map(String::as_str)
    }

    /// The same under a name, or under none.
    pub(crate) fn tagged(mut self, tag: Option<&str>) -> Self {
        self.annotations.extend(tag.map(|tag| (TAG.to_owned(), tag.to_owned())));
        self
    }

    pub(crate) fn is_signature(&self) -> bool {
        self.artifact_type.as_deref() == Some(SIGNATURE_TYPE)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub(crate) annotations: Annotations,
}

/// The manifests of a layout, or those that refer to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default)]
    pub(crate) manifests: Vec<Descriptor>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            schema_version: 2,
            media_type: Some(INDEX_TYPE.to_owned()),
            manifests: Vec::new(),
            other: BTreeMap::new(),
        }
    }
}

/// A manifest that was made, with all that it refers to.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptor: Descriptor,
    /// What it is about, if it is about another.
    pub(crate) subject: Option<Digest>,
    pub(crate) blobs: Vec<Vec<u8>>,
}

impl Made {
    fn of(manifest: &Manifest, blobs: Vec<Vec<u8>>) -> serde_json::Result<Self> {
        let bytes = serde_json::to_vec(manifest)?;
        let artifact_type = manifest.artifact_type.clone();
        let descriptor = Descriptor { artifact_type, ..Descriptor::of(MANIFEST_TYPE, &bytes) };
        Ok(Self { bytes, descriptor, subject: manifest.subject.as_ref().map(|subject| subject.digest), blobs })
    }

    /// Of a component.
    pub(crate) fn component(bytes: &[u8], says: &Description) -> serde_json::Result<Self> {
        let layer = Descriptor::of(WASM_TYPE, bytes);
        let config = serde_json::to_vec(&Config::of(&layer.digest, says))?;
        let annotations = [(TITLE, &says.name), (CONTRACT, &says.contract), (SOURCE, &says.source)];
        let written = annotations.into_iter().filter(|(_, said)| !said.is_empty());
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            artifact_type: Some(CONFIG_TYPE.to_owned()),
            config: Descriptor::of(CONFIG_TYPE, &config),
            layers: vec![layer],
            subject: None,
            annotations: written.map(|(key, said)| (key.to_owned(), said.clone())).collect(),
        };
        Self::of(&manifest, vec![config, bytes.to_vec()])
    }

    /// Of the signatures of a component, which refer to its manifest.
    pub(crate) fn signatures(signatures: &Signatures, subject: &Descriptor) -> serde_json::Result<Self> {
        let text = signatures.to_string().into_bytes();
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            artifact_type: Some(SIGNATURE_TYPE.to_owned()),
            config: Descriptor::of(EMPTY_TYPE, EMPTY),
            layers: vec![Descriptor::of(SIGNATURE_TYPE, &text)],
            subject: Some(Descriptor { annotations: Annotations::new(), artifact_type: None, ..subject.clone() }),
            annotations: Annotations::new(),
        };
        Self::of(&manifest, vec![EMPTY.to_vec(), text])
    }
}

/// What the layout of the CNCF says of a component.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'d> {
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'d Digest; 1],
    component: Component<'d>,
}

#[derive(Serialize)]
struct Component<'d> {
    exports: &'d [String],
    imports: &'d [String],
}

impl<'d> Config<'d> {
    fn of(layer: &'d Digest, says: &'d Description) -> Self {
        Self {
            created: CREATED,
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [layer],
            component: Component { exports: &says.exports, imports: &says.imports },
        }
    }
}

impl Manifest {
    /// The one layer of a component.
    pub(crate) fn component(&self) -> Result<&Descriptor, String> {
        let found = &self.config.media_type;
        if found != CONFIG_TYPE {
            return Err(format!("its config is {found:?}: expected a WebAssembly component, {CONFIG_TYPE:?}"));
        }
        match self.layers.as_slice() {
            [layer] if layer.media_type == WASM_TYPE => Ok(layer),
            [layer] => Err(format!("its layer is {:?}, expected {WASM_TYPE:?}", layer.media_type)),
            layers => Err(format!("it has {} layers, expected one component", layers.len())),
        }
    }

    /// The one layer of signatures that are of a manifest.
    pub(crate) fn signatures(&self, of: &Digest) -> Option<&Descriptor> {
        let about = self.subject.as_ref().is_some_and(|subject| subject.digest == *of);
        let signs = self.artifact_type.as_deref() == Some(SIGNATURE_TYPE);
        match self.layers.as_slice() {
            [layer] if about && signs && layer.media_type == SIGNATURE_TYPE => Some(layer),
            _ => None,
        }
    }
}
