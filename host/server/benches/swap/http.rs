//! The same questions over HTTP: a client with connections that are kept.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use greenroom_model::Digest;
use greenroom_runtime::Host;
use greenroom_server::{Server, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};

use crate::load::{Answer, Asked};
use crate::small::packed;

/// Threads that speak HTTP, as `serve` has them.
const THREADS: usize = 2;
/// Connections of the client. Requests wait for one.
const CONNECTIONS: usize = 256;
/// A connection that was idle for so long is not used again. The server closes it after twice as long.
const IDLE: Duration = Duration::from_secs(5);

/// A server in this process.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    runtime: Runtime,
}

impl Served {
    pub(crate) fn new(host: Host) -> Self {
        let settings = Settings { listen: ([127, 0, 0, 1], 0).into(), ..Settings::default() };
        let server = Server::bind(settings).unwrap();
        let address = server.local_addr();
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("greenroom-http").enable_all().build();
        let runtime = runtime.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            server.run(host, until).await.unwrap();
        });
        Self { address, stop: Some(stop), runtime }
    }

    pub(crate) fn end(mut self) {
        drop(self.stop.take());
        self.runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

pub(crate) struct Http {
    address: SocketAddr,
    /// With when each was used last.
    idle: Mutex<Vec<(TcpStream, Instant)>>,
    places: Semaphore,
}

impl Http {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default(), places: Semaphore::new(CONNECTIONS) }
    }

    async fn said(&self, body: &str) -> std::io::Result<(String, Vec<u8>)> {
        let _place = self.places.acquire().await;
        let kept = self.idle.lock().unwrap().pop();
        let mut connection = match kept {
            Some((connection, used)) if used.elapsed() < IDLE => connection,
            _ => {
                let connection = TcpStream::connect(self.address).await?;
                connection.set_nodelay(true)?;
                connection
            }
        };
        let request = format!(
            "POST /v1/decide HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(1_024);
        loop {
            if connection.read_buf(&mut answer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            let Some(length) = length else { return Err(std::io::Error::other(head)) };
            let whole = end + 4 + length;
            while answer.len() < whole {
                if connection.read_buf(&mut answer).await? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
            }
            self.idle.lock().unwrap().push((connection, Instant::now()));
            return Ok((head, answer.split_off(end + 4)));
        }
    }
}

impl Asked for Http {
    async fn ask(self: Arc<Self>, number: u64) -> Result<Answer, String> {
        let body = format!(r#"{{"subject":"s{}","limit":3}}"#, number % 10);
        let (head, body) = self.said(&body).await.map_err(|e| e.to_string())?;
        let body: Value = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
        if !head.starts_with("http/1.1 200") || body["degraded"].as_array().is_none_or(|all| !all.is_empty()) {
            return Err(format!("{head} {body}"));
        }
        let plan: Digest = body["plan"].as_str().unwrap_or_default().parse().map_err(|_| body.to_string())?;
        let items = body["items"].as_array().ok_or("no items")?;
        let rows: Vec<u32> = items.iter().filter_map(|item| item["item"].as_str()?.parse().ok()).collect();
        Ok(Answer {
            generation: body["generation"].as_u64().ok_or("no generation")?,
            plan: plan.head(),
            question: 0,
            what: packed(&rows),
        })
    }
}
