//! The test part of a data set, which a study may read once.
//!
//! That it is read is written down before it is, so that a kill in between does not make a second look of it. The same
//! candidate may be read again then: the same lists against the same rows say nothing new. Another candidate of the study
//! may not, and how often a test part was read by studies at all is known.

use std::sync::Arc;

use greenroom_memory::KeyValue;
use greenroom_model::Digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Judgement;
use crate::records::{RecordError, Records};
use crate::study::Data;

/// No graph can declare a name with an `@`.
const SPACE: &str = "@tests";

/// That a study read a test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestUse {
    /// Which study.
    pub study: String,
    /// For what: the digest of the plan.
    pub candidate: Digest,
    /// On what.
    pub data: Data,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// What came out; none while it is read, and after a kill meanwhile.
    pub judgement: Option<Judgement>,
}

/// Why a test part may not be read.
#[derive(Debug, Clone, Error)]
pub enum TestError {
    /// It was read for something else.
    #[error(
        "study `{study}` has used its look at the test part, for {candidate} at {time_ms} ms since 1970; what it says of another \
         candidate of the same study is not proof. Begin another study, on data that came since if there is some"
    )]
    Used {
        /// Which study.
        study: String,
        /// For what it was read.
        candidate: Digest,
        /// When.
        time_ms: i64,
    },
    /// Its record can't be read or written.
    #[error(transparent)]
    Records(#[from] RecordError),
}

/// What is to be done to know what a test part says.
pub enum Reading {
    /// Evaluate on it, and keep what came out.
    Now(Ticket),
    /// It was read, for the same candidate.
    Known(TestUse),
}

/// The right to read a test part. That it was taken is durable.
pub struct Ticket {
    records: Records,
    key: String,
    revision: u64,
    using: TestUse,
}

impl Ticket {
    /// Keeps what came out.
    ///
    /// # Errors
    /// When it can't be written, or was by another process.
    pub fn keep(self, judgement: Judgement) -> Result<TestUse, TestError> {
        let using = TestUse { judgement: Some(judgement), ..self.using };
        self.records.swap(&self.key, Some(self.revision), &using)?;
        Ok(using)
    }
}

/// The test part of a data set.
pub struct TestPart {
    records: Records,
    data: Data,
}

impl TestPart {
    /// That of these data.
    #[must_use]
    pub fn of(kv: Arc<dyn KeyValue>, data: Data) -> Self {
        Self { records: Records::new(kv, SPACE), data }
    }

    /// Asks to read it for a candidate of a study.
    ///
    /// # Errors
    /// [`TestError::Used`] when the study read it for another one.
    pub fn read(&self, study: &str, candidate: Digest, now_ms: i64) -> Result<Reading, TestError> {
        let key = format!("{}/{study}", self.prefix());
        let (records, data) = (self.records.clone(), self.data.clone());
        if let Some((using, revision)) = records.get::<TestUse>(&key)? {
            let TestUse { candidate: its, time_ms, .. } = using;
            return match &using.judgement {
                _ if its != candidate => Err(TestError::Used { study: study.to_owned(), candidate: its, time_ms }),
                Some(_) => Ok(Reading::Known(using)),
                None => Ok(Reading::Now(Ticket { records, key, revision, using })),
            };
        }
        let using = TestUse { study: study.to_owned(), candidate, data, time_ms: now_ms, judgement: None };
        let revision = records.swap(&key, None, &using)?;
        Ok(Reading::Now(Ticket { records, key, revision, using }))
    }

    /// Which studies read it: what several looks say together is worth less than what one says.
    ///
    /// # Errors
    /// When that can't be read.
    pub fn uses(&self) -> Result<Vec<TestUse>, TestError> {
        let all = self.records.scan(&format!("{}/", self.prefix()))?;
        all.into_iter().map(|(key, bytes, _)| Ok(self.records.read(&key, &bytes)?)).collect()
    }

    /// The same for all graphs and agents: events and protocol make the rows.
    fn prefix(&self) -> String {
        Digest::of_parts([&self.data.events.bytes()[..], self.data.protocol.as_bytes()]).hex()
    }
}
