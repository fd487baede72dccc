//! Finds the servers, lets them know who we are, and opens the bucket's stream or makes it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind, RequestErrorKind};
use async_nats::jetstream::{self, Context, ContextBuilder, ErrorCode, stream};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::bucket;
use super::error::JetStreamError;
use super::link::{ATTEMPT, Link, Pause};
use super::{JetStreamSettings, QUEUE_MAX, VALUE_OVERHEAD_BYTES};
use crate::VALUE_BYTES_MAX;

/// What the servers are told.
const NAME: &str = "greenroom";

/// How long one server may take to let us in, before the next one is tried.
const LET_IN: Duration = Duration::from_secs(2);

/// The longest pause before a server is tried again, so that one that is back is found within seconds.
const RECONNECT_MAX: Duration = Duration::from_secs(1);

/// How often a connection on which nothing happens is tried; it is given up when two tries went unanswered.
const PING: Duration = Duration::from_secs(2);

/// So much before the time is over, what the servers said last is told.
const READY_SPARE: Duration = Duration::from_millis(300);

/// Requests that wait for a connection inside the client.
const QUEUE: usize = 1024;

/// Messages whose answers are awaited: those of all writes that may be under way, and of attempts that were given up since.
const UNANSWERED_MAX: usize = 4 * QUEUE_MAX;

/// Messages of the change feed that wait for the mirror. Where more come, they are asked for again.
const FEED_QUEUE: usize = 16 << 10;

/// The oldest server that lets keys expire: major, minor.
const SERVER_MIN: (u64, u64) = (2, 11);

/// Connects and opens the bucket.
pub(super) async fn link(settings: &JetStreamSettings, addresses: Vec<ServerAddr>) -> Result<Link, JetStreamError> {
    let servers = told(&addresses);
    let until = Instant::now() + Duration::from_millis(settings.wait_ms);
    let (tell, breaks) = watch::channel(0);
    let options = options(settings, &addresses, tell)?;
    let connecting = timeout_at(until, options.connect(addresses.as_slice()));
    let client = match connecting.await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return Err(refused(&error, &servers)),
        Err(_) => return Err(silent(&servers)),
    };
    check(&client, &servers)?;
    let context = ContextBuilder::new()
        .timeout(ATTEMPT)
        .ack_timeout(ATTEMPT)
        .max_ack_inflight(UNANSWERED_MAX)
        .build(client.clone());
    let opening = timeout_at(until, open_in_time(&context, settings, &servers, until)).await;
    opening.map_err(|_| JetStreamError::Server {
        asked: format!("{servers} was asked for the stream {}", bucket::stream(&settings.bucket)),
        why: format!("no answer within {} ms", settings.wait_ms),
    })??;
    let name = bucket::stream(&settings.bucket);
    let stream = context
        .get_stream_no_info(&name)
        .await
        .map_err(|error| JetStreamError::Server { asked: "the stream's name".to_owned(), why: error.to_string() })?;
    Ok(Link { client, context, stream, name, breaks, servers })
}

/// Where, without passwords.
fn told(addresses: &[ServerAddr]) -> String {
    let told = |address: &ServerAddr| format!("{}://{}:{}", address.scheme(), address.host(), address.port());
    addresses.iter().map(told).collect::<Vec<_>>().join(", ")
}

fn options(
    settings: &JetStreamSettings,
    addresses: &[ServerAddr],
    breaks: watch::Sender<u64>,
) -> Result<ConnectOptions, JetStreamError> {
    let breaks = Arc::new(breaks);
    let mut options = ConnectOptions::new()
        .name(NAME)
        .connection_timeout(LET_IN.min(Duration::from_millis(settings.wait_ms)))
        .request_timeout(Some(Duration::from_millis(settings.wait_ms)))
        .ping_interval(PING)
        .client_capacity(QUEUE)
        .subscription_capacity(FEED_QUEUE)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| {
            let doubled = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(10);
            if attempts <= 1 { Duration::ZERO } else { Duration::from_millis(10 << doubled).min(RECONNECT_MAX) }
        })
        .event_callback(move |event| {
            if matches!(event, Event::Disconnected | Event::Closed) {
                breaks.send_modify(|times| *times += 1);
            }
            std::future::ready(())
        });
    if let Some(path) = &settings.credentials {
        let fault = |why: String| JetStreamError::File { what: "the credentials file", path: path.clone(), why };
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        options = options.credentials(&text).map_err(|error| fault(error.to_string()))?;
    } else if let Some(address) = addresses.iter().find(|address| address.has_user_pass()) {
        let user = decoded(address.username().unwrap_or_default());
        options = match address.password() {
            Some(password) => options.user_and_password(user, decoded(password)),
            None => options.token(user),
        };
    }
    if let Some(path) = &settings.tls_ca {
        readable_certificates(path)?;
        options = options.add_root_certificates(path.clone());
    }
    Ok(options)
}

fn readable_certificates(path: &Path) -> Result<(), JetStreamError> {
    let fault = |why: String| JetStreamError::File { what: "the authority's certificate", path: path.to_owned(), why };
    let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(())
    } else {
        Err(fault("it holds no certificate in PEM".to_owned()))
    }
}

/// What stands in an address, without its `%` escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = after
            .split_first_chunk::<2>()
            .filter(|_| byte == b'%')
            .and_then(|(digits, after)| Some((u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, after)));
        let (byte, after) = escape.unwrap_or((byte, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn silent(servers: &str) -> JetStreamError {
    let why = "it took the connection and did not greet in time, as NATS does at once".to_owned();
    JetStreamError::NotNats { servers: servers.to_owned(), why }
}

fn refused(error: &async_nats::ConnectError, servers: &str) -> JetStreamError {
    let servers = servers.to_owned();
    let source = std::error::Error::source(error);
    let why = source.map_or_else(|| error.to_string(), ToString::to_string);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            JetStreamError::Refused { servers, why }
        }
        ConnectErrorKind::TimedOut => silent(&servers),
        ConnectErrorKind::Tls => JetStreamError::Tls { servers, why },
        ConnectErrorKind::Io => match io {
            // What it said was no operation of NATS.
            Some(std::io::ErrorKind::InvalidInput | std::io::ErrorKind::Other) => {
                JetStreamError::NotNats { servers, why }
            }
            Some(std::io::ErrorKind::InvalidData) => JetStreamError::Tls { servers, why },
            None if why.starts_with("expected INFO") => JetStreamError::NotNats { servers, why },
            None if why.to_lowercase().contains("authentication") => JetStreamError::Refused { servers, why },
            _ => JetStreamError::Unreachable { servers, why },
        },
        ConnectErrorKind::ServerParse | ConnectErrorKind::Dns | ConnectErrorKind::MaxReconnects => {
            JetStreamError::Unreachable { servers, why }
        }
    }
}

fn check(client: &Client, servers: &str) -> Result<(), JetStreamError> {
    let info = client.server_info();
    let servers = servers.to_owned();
    let mut numbers = info.version.split(['.', '-']).map_while(|number| number.parse::<u64>().ok());
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < SERVER_MIN {
        return Err(JetStreamError::TooOld { servers, found: info.version });
    }
    let needed = VALUE_BYTES_MAX + VALUE_OVERHEAD_BYTES;
    if info.max_payload < needed {
        return Err(JetStreamError::Payload { servers, found: info.max_payload, needed });
    }
    Ok(())
}

/// Opens it, also where a cluster has no leader yet.
async fn open_in_time(
    context: &Context,
    settings: &JetStreamSettings,
    servers: &str,
    until: Instant,
) -> Result<(), JetStreamError> {
    let mut pause = Pause::new();
    loop {
        match open(context, settings, servers).await {
            Err(JetStreamError::NotReady { .. }) if Instant::now() + READY_SPARE < until => pause.take(until).await,
            opened => return opened,
        }
    }
}

async fn open(context: &Context, settings: &JetStreamSettings, servers: &str) -> Result<(), JetStreamError> {
    let config = bucket::config(settings);
    let stream = match context.get_stream(&config.name).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(told) if told.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                make(context, &config, servers).await?
            }
            GetStreamErrorKind::JetStream(told) => return Err(answered(&told, &config, servers)),
            GetStreamErrorKind::Request => return Err(unanswered(&error, &config, servers)),
            GetStreamErrorKind::EmptyName | GetStreamErrorKind::InvalidStreamName => {
                return Err(unanswered(&error, &config, servers));
            }
        },
    };
    let faults = bucket::faults(&stream.cached_info().config, &config);
    if faults.is_empty() { Ok(()) } else { Err(JetStreamError::Foreign { stream: config.name, faults }) }
}

/// Two hosts may do so at once: the second one gets what the first one made.
async fn make(context: &Context, config: &stream::Config, servers: &str) -> Result<stream::Stream, JetStreamError> {
    context.create_stream(config).await.map_err(|error| match error.kind() {
        CreateStreamErrorKind::JetStream(told) => answered(&told, config, servers),
        _ => unanswered(&error, config, servers),
    })
}

fn answered(told: &jetstream::Error, config: &stream::Config, servers: &str) -> JetStreamError {
    let (servers, why) = (servers.to_owned(), told.to_string());
    match told.error_code() {
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
            JetStreamError::NoJetStream { servers, why }
        }
        ErrorCode::STREAM_NAME_EXIST | ErrorCode::STREAM_SUBJECT_OVERLAP => {
            JetStreamError::Foreign { stream: config.name.clone(), faults: vec![why] }
        }
        code if told.code() == 503 || code == ErrorCode::CLUSTER_NO_PEERS => JetStreamError::NotReady { servers, why },
        _ => JetStreamError::Server { asked: format!("{servers} was asked for the stream {}", config.name), why },
    }
}

fn unanswered(error: &(dyn std::error::Error + 'static), config: &stream::Config, servers: &str) -> JetStreamError {
    let servers = servers.to_owned();
    let mut cause = error.source();
    while let Some(source) = cause {
        match source.downcast_ref::<jetstream::context::RequestError>().map(async_nats::error::Error::kind) {
            Some(RequestErrorKind::NoResponders) => {
                return JetStreamError::NoJetStream { servers, why: "nobody answers its requests".to_owned() };
            }
            Some(RequestErrorKind::TimedOut) => {
                return JetStreamError::NotReady { servers, why: "its requests are not answered".to_owned() };
            }
            _ => {}
        }
        cause = source.source();
    }
    let why = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    JetStreamError::Server { asked: format!("{servers} was asked for the stream {}", config.name), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_without_its_password() {
        let address: ServerAddr = "nats://ada:s%40fe@localhost:4223".parse().unwrap();
        assert_eq!(told(&[address]), "nats://localhost:4223");
        assert_eq!(decoded("s%40fe%"), "s@fe%");
    }
}
