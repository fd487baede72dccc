//! Which rows a namespace takes, by its kind.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use greenroom_memory::{Blobs, Change, Declared, KeyValue, Namespaces, Store, Upload, Vectors, Write, WriteError};
use greenroom_model::NamespaceKind;

#[test]
fn rows_of_a_kind_are_written_by_that_kind_alone() {
    let kinds = [("files", NamespaceKind::Blob), ("points", NamespaceKind::Vector), ("profile", NamespaceKind::Kv)];
    let declared = kinds.map(|(name, kind)| (name.to_owned(), Declared { kind, ..Declared::default() }));
    let plain = Namespaces::new(Store::in_memory().unwrap().kv(), declared.into());
    let (value, changes) = (b"x".to_vec(), |value: Vec<u8>| {
        [
            Change::Put { value: value.clone() },
            Change::Swap { expected: None, value: value.clone() },
            Change::Delete,
            Change::Add { by: 1 },
            Change::Append { value },
        ]
    });
    for (of, handle) in [(NamespaceKind::Kv, &plain), (NamespaceKind::Blob, &plain.rows_of(NamespaceKind::Blob))] {
        for (name, kind) in kinds {
            for (place, change) in changes(value.clone()).into_iter().enumerate() {
                let done = handle.write(name, Write::new(format!("k{place}"), change)).wait();
                if of == kind && place < 3 {
                    done.unwrap();
                } else {
                    assert!(matches!(&done, Err(WriteError::Kind { holds, .. }) if *holds == kind), "{done:?}");
                }
            }
        }
    }
    assert_eq!(plain.declared("points").unwrap().kind, NamespaceKind::Vector);
}

#[test]
fn what_holds_blobs_and_vectors_goes_from_thread_to_thread() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Blobs>();
    shared::<Vectors>();
    sent::<Upload>();
}
