//! A server behind a socket, and clients in threads.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Served, Setup};
use crate::{ServeError, Server};

/// A server on a port of its own.
pub(super) struct Running {
    pub(super) served: Served,
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<Result<(), ServeError>>,
}

pub(super) async fn run(setup: Setup) -> Running {
    let served = setup.serve().await;
    let server = Server::bind(served.settings.clone()).unwrap();
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel();
    let app = Arc::clone(&served.app);
    let ended = tokio::spawn(async move {
        let shutdown = async {
            stopped.await.unwrap();
        };
        server.run_app(&app, shutdown).await
    });
    Running { served, address, stop, ended }
}

pub(super) fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

pub(super) fn decide() -> String {
    request("POST", "/v1/decide", "content-type: application/json\r\nconnection: close\r\n", "{}")
}

/// A connection on which waiting too long is an error.
pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    connection
}

/// Sends over a connection of its own, and returns all that comes until the server closes it.
pub(super) fn exchange(address: SocketAddr, request: String) -> JoinHandle<String> {
    spawn_blocking(move || {
        let mut connection = connect(address);
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    })
}
