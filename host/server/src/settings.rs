//! What an operator decides about serving.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::ServeError;

/// How requests are served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 is any that is free.
    pub listen: SocketAddr,
    /// Decisions and feedback that are worked on at once; at least 1.
    pub concurrency_max: usize,
    /// Requests that may wait for their turn; one more is refused.
    pub queue_max: usize,
    /// Connections that may be open; further ones wait to be accepted. At least 1.
    pub connections_max: usize,
    /// How long a connection may take to bring the head of a request, its first or the next: an idle one is closed after
    /// as long, and so is one that takes nothing of its answer.
    pub header_wait: Duration,
    /// How long the body of a request may take.
    pub body_wait: Duration,
    /// Bytes of a request's body.
    pub body_bytes_max: usize,
    /// How long a stop waits for what is in flight.
    pub drain: Duration,
    /// When a refused caller may come again.
    pub retry_after_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            // Guests have a thread a core; a few more requests keep them busy while others wait for the disk.
            concurrency_max: cores * 4,
            // At some milliseconds a request, a full queue is a wait of seconds: more would be answered too late.
            queue_max: 1_024,
            // Callers are some proxies and services, with a few each.
            connections_max: 1_024,
            // Whoever sends so slowly holds a connection for nothing.
            header_wait: Duration::from_secs(10),
            body_wait: Duration::from_secs(10),
            // Thousands of events, or of excluded items.
            body_bytes_max: 1 << 20,
            // Below the 30 seconds that orchestrators usually give before they kill.
            drain: Duration::from_secs(20),
            retry_after_s: 1,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let wrong = |name, found, expected| Err(ServeError::Setting { name, found, expected });
        for (name, found) in [("concurrency_max", self.concurrency_max), ("connections_max", self.connections_max)] {
            if found == 0 || found > most {
                return wrong(name, found, format!("1 to {most}"));
            }
        }
        if self.body_bytes_max == 0 {
            return wrong("body_bytes_max", 0, "at least 1".to_owned());
        }
        Ok(())
    }
}
