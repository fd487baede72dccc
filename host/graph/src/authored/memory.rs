//! `[memory.*]`: namespaces.

use greenroom_model::NamespaceKind;

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
}

impl Shape for NamespaceShape {
    const KEYS: &'static [&'static str] = &["kind", "bytes_max", "retention_s", "schema", "owner"];
}

impl NamespaceShape {
    pub(super) fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        reader.require(section, "kind", "kind = \"kv\"");
        reader.require(section, "bytes_max", "bytes_max = \"64MiB\"");
        Self {
            span: section.span.clone(),
            kind: reader.word(section, "kind", &NamespaceKind::ALL.map(|kind| (kind.name(), kind))),
            bytes_max: reader.size(section, "bytes_max"),
            retention_s: reader.whole(section, "retention_s"),
            schema: reader.whole(section, "schema"),
            owner: reader.text(section, "owner"),
        }
    }
}
