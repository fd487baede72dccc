//! `[memory.*]`: namespaces.

use super::Shape;
use crate::diagnostic::Span;
use crate::plan::NamespaceKind;
use crate::reader::{At, Reader, Section};

#[derive(Debug, Clone)]
pub(crate) struct NamespaceShape {
    pub(crate) span: Span,
    pub(crate) kind: Option<At<NamespaceKind>>,
    pub(crate) bytes_max: Option<At<u64>>,
}

impl Shape for NamespaceShape {
    const KEYS: &'static [&'static str] = &["kind", "bytes_max"];
}

impl NamespaceShape {
    pub(super) fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        reader.require(section, "kind", "kind = \"kv\"");
        reader.require(section, "bytes_max", "bytes_max = \"64MiB\"");
        Self {
            span: section.span.clone(),
            kind: reader.word(section, "kind", &[("kv", NamespaceKind::Kv)]),
            bytes_max: reader.size(section, "bytes_max"),
        }
    }
}
