//! The stream of a bucket: one message for each key.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use super::JetStreamSettings;

/// The layout of subjects and headers, among the stream's metadata.
const LAYOUT: (&str, &str) = ("greenroom-memory", "1");

/// How long the server knows a write by its number, so that the same one is not applied twice. Far longer than a write is tried for.
pub(super) const DUPLICATES: Duration = Duration::from_secs(120);

/// The stream that a bucket is kept in.
pub(super) fn stream(bucket: &str) -> String {
    format!("GREENROOM_{bucket}")
}

/// What all its subjects begin with.
pub(super) fn root(bucket: &str) -> String {
    format!("greenroom.{bucket}")
}

/// What its stream has to be.
pub(super) fn config(settings: &JetStreamSettings) -> Config {
    let (layout, version) = LAYOUT;
    Config {
        name: stream(&settings.bucket),
        description: Some("Greenroom's shared memory layer".to_owned()),
        subjects: vec![format!("{}.>", root(&settings.bucket))],
        max_messages_per_subject: 1,
        max_messages: -1,
        max_consumers: -1,
        max_bytes: settings.bytes_max.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        discard: DiscardPolicy::New,
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        duplicate_window: DUPLICATES,
        // What a follower answers may be old.
        allow_direct: false,
        allow_message_ttl: true,
        metadata: [(layout.to_owned(), version.to_owned())].into(),
        ..Config::default()
    }
}

/// What of a stream is not as it has to be.
pub(super) fn faults(found: &Config, expected: &Config) -> Vec<String> {
    let (layout, version) = LAYOUT;
    let mut faults = Vec::new();
    let mut check = |what: &str, found: String, expected: String| {
        if found != expected {
            faults.push(format!("{what} is {found}, not {expected}"));
        }
    };
    let told = found.metadata.get(layout).map_or("none", String::as_str);
    check("its layout", told.to_owned(), version.to_owned());
    check("subjects", found.subjects.join(", "), expected.subjects.join(", "));
    check("max_msgs_per_subject", found.max_messages_per_subject.to_string(), "1".to_owned());
    check("max_bytes", found.max_bytes.to_string(), expected.max_bytes.to_string());
    check("max_msgs", found.max_messages.to_string(), expected.max_messages.to_string());
    check("max_age", format!("{:?}", found.max_age), format!("{:?}", expected.max_age));
    check("replicas", found.num_replicas.to_string(), expected.num_replicas.to_string());
    check("allow_direct", found.allow_direct.to_string(), "false".to_owned());
    check("allow_msg_ttl", found.allow_message_ttl.to_string(), "true".to_owned());
    check("discard", policy(found.discard).to_owned(), policy(expected.discard).to_owned());
    check("duplicate_window", format!("{:?}", found.duplicate_window), format!("{DUPLICATES:?}"));
    check("storage", storage(found.storage).to_owned(), storage(expected.storage).to_owned());
    check("sealed", found.sealed.to_string(), "false".to_owned());
    faults
}

fn policy(discard: DiscardPolicy) -> &'static str {
    match discard {
        DiscardPolicy::New => "new",
        DiscardPolicy::Old => "old",
    }
}

fn storage(storage: StorageType) -> &'static str {
    match storage {
        StorageType::File => "file",
        StorageType::Memory => "memory",
    }
}
