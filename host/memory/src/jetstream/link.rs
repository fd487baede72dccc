//! The connection to the server, and what is asked of its stream. A request is asked again until its time is over, as long as what
//! is in the way may pass: a server that restarts, a leader that is being elected, a connection that broke.

use std::error::Error as _;
use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{Context, Error as Told, ErrorCode};
use async_nats::{Client, HeaderMap};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Unavailable;

/// How long one request may go without an answer. What was lost on its way is asked again; an answer that is slow is found again
/// by the write's number.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);

/// The first pause between two attempts, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));

/// How often the state of the connection is looked at while nothing is told of it.
const LOOK: Duration = Duration::from_millis(100);

/// One message to be stored.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Published {
    /// It is stored, at this sequence.
    Stored(u64),
    /// What was expected is not there. Where an earlier attempt went unanswered, that one may have been stored.
    Mismatch {
        /// Whether it may have been.
        unanswered: bool,
    },
    /// There is no room, and it is not stored.
    Full(String),
    /// It is not stored, for another reason.
    Refused(String),
    /// Its time is over.
    Late {
        /// What was in the way.
        why: String,
        /// Whether it may be stored.
        unanswered: bool,
    },
}

/// See the module.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) stream: Stream<()>,
    /// Of the stream.
    pub(super) name: String,
    /// Grows whenever the connection breaks.
    pub(super) breaks: watch::Receiver<u64>,
    /// Where, without passwords.
    pub(super) servers: String,
}

/// What an attempt came to.
enum Attempt<T> {
    Answered(T),
    /// Nobody knows whether the server has seen it.
    Unanswered(&'static str),
}

/// Grows from attempt to attempt.
pub(super) struct Pause(Duration);

impl Pause {
    pub(super) fn new() -> Self {
        Self(PAUSE.0)
    }

    /// Waits, not beyond `until`. A random share keeps writers that were refused together from trying together again.
    pub(super) async fn take(&mut self, until: Instant) {
        let share = 0.5 + f64::from(super::random_u32() >> 8) / f64::from(1_u32 << 24) / 2.0;
        sleep(self.0.mul_f64(share).min(until.saturating_duration_since(Instant::now()))).await;
        self.0 = (self.0 * 2).min(PAUSE.1);
    }
}

impl Link {
    /// Waits for the connection.
    pub(super) async fn connected(&self, until: Instant) -> bool {
        let mut breaks = self.breaks.clone();
        while self.client.connection_state() != State::Connected {
            let now = Instant::now();
            if now >= until {
                return false;
            }
            let _ = timeout_at((now + LOOK).min(until), breaks.changed()).await;
        }
        true
    }

    async fn attempt<T>(&self, until: Instant, request: impl Future<Output = T>) -> Attempt<T> {
        let mut breaks = self.breaks.clone();
        breaks.borrow_and_update();
        tokio::select! {
            biased;
            answer = request => Attempt::Answered(answer),
            _ = breaks.changed() => Attempt::Unanswered("the connection broke"),
            () = tokio::time::sleep_until(until.min(Instant::now() + ATTEMPT)) => Attempt::Unanswered("no answer came"),
        }
    }

    /// Asks until there is an answer.
    pub(super) async fn ask<T, E: Display, F: Future<Output = Result<T, E>>>(
        &self,
        until: Instant,
        request: impl Fn() -> F,
    ) -> Result<T, Unavailable> {
        let mut pause = Pause::new();
        let mut why = format!("there is no connection to {}", self.servers);
        loop {
            if self.connected(until).await {
                why = match self.attempt(until, request()).await {
                    Attempt::Answered(Ok(answer)) => return Ok(answer),
                    Attempt::Answered(Err(error)) => error.to_string(),
                    Attempt::Unanswered(why) => why.to_owned(),
                };
            }
            if Instant::now() >= until {
                return Err(Unavailable::of(format!(
                    "the shared memory layer could not be read: {why}; try again later"
                )));
            }
            pause.take(until).await;
        }
    }

    async fn found<F: Future<Output = Result<StreamMessage, LastRawMessageError>>>(
        &self,
        until: Instant,
        request: impl Fn() -> F,
    ) -> Result<Option<StreamMessage>, Unavailable> {
        let request = || async {
            match request().await {
                Ok(message) => Ok(Some(message)),
                Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.ask(until, request).await
    }

    /// The message of a subject.
    pub(super) async fn last(&self, subject: &str, until: Instant) -> Result<Option<StreamMessage>, Unavailable> {
        self.found(until, || self.stream.get_last_raw_message_by_subject(subject)).await
    }

    /// The message at a sequence.
    pub(super) async fn at(&self, sequence: u64, until: Instant) -> Result<Option<StreamMessage>, Unavailable> {
        self.found(until, || self.stream.get_raw_message(sequence)).await
    }

    /// The first message from a sequence on.
    pub(super) async fn from(&self, sequence: u64, until: Instant) -> Result<Option<StreamMessage>, Unavailable> {
        self.found(until, || self.stream.get_first_raw_message_by_subject(">", sequence)).await
    }

    async fn store(&self, message: &Outgoing) -> Result<u64, PublishError> {
        let sent = PublishMessage::build().headers(message.headers.clone()).payload(message.payload.clone());
        let answer = self.context.send_publish(message.subject.clone(), sent).await?;
        Ok(answer.await?.sequence)
    }

    /// Stores a message. It is sent again with the same number until there is an answer, which stores it once.
    pub(super) async fn publish(&self, message: &Outgoing, until: Instant) -> Published {
        let mut pause = Pause::new();
        let mut unanswered = false;
        let mut why = format!("there is no connection to {}", self.servers);
        loop {
            if self.connected(until).await {
                match self.attempt(until, self.store(message)).await {
                    Attempt::Unanswered(what) => {
                        unanswered = true;
                        why = what.to_owned();
                    }
                    Attempt::Answered(Ok(sequence)) => return Published::Stored(sequence),
                    Attempt::Answered(Err(error)) => match refusal(&error, unanswered) {
                        Refusal::Final(published) => return published,
                        Refusal::Passing(what) => why = what,
                        Refusal::Unanswered(what) => {
                            unanswered = true;
                            why = what;
                        }
                    },
                }
            }
            if Instant::now() >= until {
                return Published::Late { why, unanswered };
            }
            pause.take(until).await;
        }
    }
}

/// What an attempt to store a message that failed means.
enum Refusal {
    /// It is not worth another one.
    Final(Published),
    /// Nothing is stored, and what is in the way may pass.
    Passing(String),
    /// It may be stored.
    Unanswered(String),
}

fn refusal(error: &PublishError, unanswered: bool) -> Refusal {
    match (error.kind(), error.source().and_then(|source| source.downcast_ref::<Told>())) {
        (PublishErrorKind::WrongLastSequence, _) => Refusal::Final(Published::Mismatch { unanswered }),
        (PublishErrorKind::StreamNotFound, _) => Refusal::Passing("no server leads the stream now".to_owned()),
        (PublishErrorKind::MaxAckPending, _) => Refusal::Passing(error.to_string()),
        (PublishErrorKind::MaxPayloadExceeded, _) => Refusal::Final(Published::Refused(error.to_string())),
        (_, Some(told)) => told_refusal(told, unanswered),
        (_, None) => Refusal::Unanswered(error.to_string()),
    }
}

fn told_refusal(told: &Told, unanswered: bool) -> Refusal {
    let text = told.to_string();
    match told.error_code() {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => Refusal::Final(Published::Mismatch { unanswered }),
        ErrorCode::STREAM_STORE_FAILED if text.contains("maximum") => Refusal::Final(Published::Full(text)),
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES => Refusal::Final(Published::Full(text)),
        // A server that fails may do better later; one that takes the request for wrong will not.
        code if told.code() >= 500 || code == DUPLICATE_IN_PROCESS => Refusal::Passing(text),
        _ => Refusal::Final(Published::Refused(text)),
    }
}

/// The same write is being stored at this moment.
const DUPLICATE_IN_PROCESS: ErrorCode = ErrorCode(10158);
