//! `[memory.*]`: namespaces.

use greenroom_model::{NamespaceKind, VectorMetric};

use super::Shape;
use crate::diagnostic::Span;
use crate::reader::{At, Reader, Section};

#[derive(Debug, Clone)]
pub(crate) struct NamespaceShape {
    pub(crate) span: Span,
    pub(crate) kind: Option<At<NamespaceKind>>,
    pub(crate) bytes_max: Option<At<u64>>,
    pub(crate) retention_s: Option<At<u64>>,
    pub(crate) schema: Option<At<u64>>,
    pub(crate) owner: Option<At<String>>,
    pub(crate) dimension: Option<At<u64>>,
    /// Whether there is one that could not be read.
    pub(crate) dimension_unread: bool,
    pub(crate) metric: Option<At<VectorMetric>>,
    pub(crate) subject_keys: Vec<At<String>>,
}

impl Shape for NamespaceShape {
    const KEYS: &'static [&'static str] =
        &["kind", "bytes_max", "retention_s", "schema", "owner", "dimension", "metric", "subject_keys"];
}

impl NamespaceShape {
    pub(super) fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        reader.require(section, "kind", "kind = \"kv\"");
        reader.require(section, "bytes_max", "bytes_max = \"64MiB\"");
        let dimension = reader.whole(section, "dimension");
        let subject_keys = section.get("subject_keys").and_then(|value| reader.texts("subject_keys", value));
        Self {
            span: section.span.clone(),
            kind: reader.word(section, "kind", &NamespaceKind::ALL.map(|kind| (kind.name(), kind))),
            bytes_max: reader.size(section, "bytes_max"),
            retention_s: reader.whole(section, "retention_s"),
            schema: reader.whole(section, "schema"),
            owner: reader.text(section, "owner"),
            dimension_unread: dimension.is_none() && section.get("dimension").is_some(),
            dimension,
            metric: reader.word(section, "metric", &VectorMetric::ALL.map(|metric| (metric.name(), metric))),
            subject_keys: subject_keys.unwrap_or_default(),
        }
    }
}
