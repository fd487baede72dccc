//! The connection to the server, and what is asked of its stream. A request is asked again until its time is over, as long as what
//! is in the way may pass: a server that restarts, a leader that is being elected, a connection that broke.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Info, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{Error as Told, ErrorCode};
use async_nats::{Client, HeaderMap, Request, RequestErrorKind};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Unavailable;

/// How long one request may go without an answer. What was lost on its way is asked again; an answer that is slow is found again
/// by the write's number.
const ATTEMPT: Duration = Duration::from_secs(2);

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
    pub(super) stream: Stream<()>,
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
    async fn ask<T, E: Display, F: Future<Output = Result<T, E>>>(
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

    /// What is known of the stream.
    pub(super) async fn info(&self, until: Instant) -> Result<Info, Unavailable> {
        self.ask(until, || self.stream.get_info()).await
    }

    async fn found<F: Future<Output = Result<StreamMessage, async_nats::jetstream::stream::LastRawMessageError>>>(
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

    /// Stores a message. It is sent again with the same number until there is an answer, which stores it once.
    pub(super) async fn publish(&self, message: &Outgoing, until: Instant) -> Published {
        let mut pause = Pause::new();
        let mut unanswered = false;
        let mut why = format!("there is no connection to {}", self.servers);
        loop {
            if self.connected(until).await {
                let request = Request::new().headers(message.headers.clone()).payload(message.payload.clone());
                match self.attempt(until, self.client.send_request(message.subject.clone(), request)).await {
                    Attempt::Unanswered(what) => {
                        unanswered = true;
                        why = what.to_owned();
                    }
                    Attempt::Answered(Err(error)) => match error.kind() {
                        RequestErrorKind::NoResponders => why = "no server leads the stream now".to_owned(),
                        RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::InvalidSubject => {
                            return Published::Refused(error.to_string());
                        }
                        RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                            unanswered = true;
                            why = error.to_string();
                        }
                    },
                    Attempt::Answered(Ok(answer)) => match serde_json::from_slice(&answer.payload) {
                        Ok(Response::Ok(PublishAck { sequence, .. })) => return Published::Stored(sequence),
                        Ok(Response::Err { error }) => match refusal(&error, unanswered) {
                            Ok(published) => return published,
                            Err(passing) => why = passing,
                        },
                        Err(error) => {
                            unanswered = true;
                            why = format!("an answer that can't be read: {error}");
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

/// What a refusal means; an error is one that may pass.
fn refusal(error: &Told, unanswered: bool) -> Result<Published, String> {
    let text = error.to_string();
    match error.error_code() {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
            Ok(Published::Mismatch { unanswered })
        }
        ErrorCode::STREAM_STORE_FAILED if text.contains("maximum") => Ok(Published::Full(text)),
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES => Ok(Published::Full(text)),
        // A server that fails may do better later; one that takes the request for wrong will not.
        _ if error.code() >= 500 || error.error_code().0 == DUPLICATE_IN_PROCESS => Err(text),
        _ => Ok(Published::Refused(text)),
    }
}

/// The same write is being stored at this moment.
const DUPLICATE_IN_PROCESS: u64 = 10158;
