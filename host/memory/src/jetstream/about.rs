//! What the server tells of the stream as a whole, and which one it is: other writes come after a stream was made anew, or restored.
//!
//! Streams are told apart by when they were made, which is anew where the server restores one. Where its disk was put back, or has
//! lost what was written last, it says to be what it was: whichever host sees that it went back marks it as another one.

use std::collections::HashMap;

use async_nats::datetime::parse_rfc3339;
use async_nats::jetstream::response::Response;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::link::Link;
use super::read::milliseconds;
use super::recent::Start;
use crate::Unavailable;

/// Among the stream's metadata: what tells it apart from the one that it was before.
const MARK: &str = "greenroom-store";

/// What is asked: no more than what is always told.
#[derive(Serialize)]
struct Asked {}

/// What is told, as far as anybody here wants to know. With all of it the answer takes longer to read than to come.
#[derive(Deserialize)]
struct Told {
    created: String,
    config: ToldConfig,
    state: ToldState,
    ts: String,
}

#[derive(Deserialize)]
struct ToldConfig {
    #[serde(default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct ToldState {
    last_seq: u64,
}

impl Told {
    fn read(&self) -> Result<Start, String> {
        let time = |text: &str| parse_rfc3339(text).map_err(|error| format!("{text:?} is no time: {error}"));
        let (created, now) = (time(&self.created)?, time(&self.ts)?);
        let mut hash = Sha256::new();
        hash.update(created.unix_timestamp_nanos().to_le_bytes());
        hash.update(self.config.metadata.get(MARK).map(String::as_bytes).unwrap_or_default());
        let store = hash.finalize().first_chunk().copied().map(u64::from_le_bytes).unwrap_or_default();
        let (created_ms, now_ms) = (milliseconds(created), milliseconds(now));
        Ok(Start { store, last: self.state.last_seq, created_ms, now_ms })
    }
}

impl Link {
    /// What the stream is now.
    pub(super) async fn about(&self, until: Instant) -> Result<Start, Unavailable> {
        let subject = format!("STREAM.INFO.{}", self.name);
        let request = || async {
            match self.context.request(subject.clone(), &Asked {}).await {
                Ok(Response::Ok::<Told>(told)) => told.read(),
                Ok(Response::Err { error }) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        };
        self.ask(until, request).await
    }

    /// Makes it another store for those who follow changes.
    pub(super) async fn mark(&self, mark: String, until: Instant) -> Result<(), Unavailable> {
        let mut config = self.ask(until, || self.stream.get_info()).await?.config;
        config.metadata.insert(MARK.to_owned(), mark);
        self.ask(until, || self.context.update_stream(&config)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(created: &str, mark: Option<&str>) -> Told {
        let metadata = mark.map(|mark| (MARK.to_owned(), mark.to_owned())).into_iter().collect();
        let ts = "2026-11-18T08:00:01.5Z".to_owned();
        Told { created: created.to_owned(), config: ToldConfig { metadata }, state: ToldState { last_seq: 3 }, ts }
    }

    #[test]
    fn a_stream_is_known_by_when_it_was_made_and_by_its_mark() {
        let of = |created, mark| told(created, mark).read().unwrap();
        let one = of("2026-11-18T08:00:00.000000001Z", None);
        assert_eq!((one.last, one.now_ms - one.created_ms), (3, 1_500));
        assert_eq!(one.store, of("2026-11-18T09:00:00.000000001+01:00", None).store);
        let others = [("2026-11-18T08:00:00.000000002Z", None), ("2026-11-18T08:00:00.000000001Z", Some("x"))];
        assert!(others.into_iter().all(|(created, mark)| of(created, mark).store != one.store));
        assert!(told("yesterday", None).read().is_err());
    }
}
