//! What a namespace is said to hold.

use greenroom_model::{DIMENSION_MAX, NamespaceKind, SubjectKeys};

use super::Mistakes;
use super::limits::{range, size_range};
use crate::authored::NamespaceShape;
use crate::diagnostic::Mistake;
use crate::wiring::Wiring;

pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    for (name, shape) in &wiring.authored.memory {
        size_range("bytes_max", shape.bytes_max.as_ref(), 1, 1 << 50, mistakes);
        // A hundred years.
        range("retention_s", shape.retention_s.as_ref(), 1, 100 * 365 * 24 * 60 * 60, mistakes);
        range("schema", shape.schema.as_ref(), 1, u32::MAX.into(), mistakes);
        vectors(name, shape, mistakes);
        subjects(name, shape, mistakes);
    }
}

fn vectors(name: &str, shape: &NamespaceShape, mistakes: &mut Mistakes) {
    let Some(kind) = &shape.kind else { return };
    if kind.value == NamespaceKind::Vector {
        range("dimension", shape.dimension.as_ref(), 1, DIMENSION_MAX as u64, mistakes);
        if shape.dimension.is_none() && !shape.dimension_unread {
            let message = format!("the namespace `{name}` does not say how many numbers its vectors have");
            mistakes.push(
                Mistake::error("missing_key", &kind.span, message, "expected `dimension` beside it")
                    .help("add `dimension = 64`, or however many numbers they have"),
            );
        }
        return;
    }
    let spans = [
        ("dimension", shape.dimension.as_ref().map(|at| &at.span)),
        ("metric", shape.metric.as_ref().map(|at| &at.span)),
    ];
    for (key, span) in spans.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        let message = format!("the namespace `{name}` is of kind {}, and says `{key}`", kind.value.name());
        mistakes.push(
            Mistake::error("no_vectors", span, message, "expected only where `kind` is \"vector\"")
                .help(format!("remove `{key}`, or say `kind = \"vector\"`")),
        );
    }
}

fn subjects(name: &str, shape: &NamespaceShape, mistakes: &mut Mistakes) {
    for keys in &shape.subject_keys {
        if let Err(error) = keys.value.parse::<SubjectKeys>() {
            let message = format!("{:?} says no keys of a subject", keys.value);
            mistakes.push(Mistake::error("subject_keys", &keys.span, message, error.to_string()));
        }
    }
    if let Some(first) = shape.subject_keys.first()
        && shape.kind.as_ref().is_some_and(|kind| kind.value == NamespaceKind::Blob)
    {
        let message = format!("the namespace `{name}` is of kind blob, whose keys are digests");
        mistakes.push(
            Mistake::error("subject_keys", &first.span, message, "expected only where an agent makes the keys").help(
                "remove `subject_keys`, and keep the digests of what is a subject's in a namespace of kind \"kv\"",
            ),
        );
    }
}
