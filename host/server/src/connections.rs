//! Connections: so many at once, and each with so long for what it wants to say.
//!
//! Opening a connection costs a client nothing. One that never finishes its request must not keep its place.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::{Listener as _, ListenerExt as _};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

use crate::settings::Settings;
use crate::strangers::{Stranger, Strangers};

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Accepts connections until it is dropped. Those that are open then end with `open`. With `strangers`, the places of the
/// settings are theirs, until they are known.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    strangers: Option<&Strangers>,
    open: &GracefulShutdown,
) -> Infallible {
    // Answers are small and written at once: waiting to fill a packet only delays them.
    let mut listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.header_wait);
    let service = TowerToHyperService::new(router);
    let mut places = Places { free: Arc::new(Semaphore::new(settings.connections_max)), full: false };
    loop {
        // Before it is accepted: until then a connection costs this process nothing.
        let place = places.take().await;
        let (connection, from) = listener.accept().await;
        let mut connection = TimeoutStream::new(connection);
        // Hyper's own timeout covers reading alone.
        connection.set_write_timeout(Some(settings.header_wait));
        let service = service.clone();
        let (place, stranger) = match strangers {
            Some(strangers) => (None, Some((Stranger::new(strangers, place), strangers.wait))),
            None => (place, None),
        };
        let caller = stranger.as_ref().map(|(stranger, _)| stranger.clone());
        let from_there = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(from));
            if let Some(caller) = &caller {
                request.extensions_mut().insert(caller.clone());
            }
            service.call(request)
        });
        let served = open.watch(http.serve_connection(TokioIo::new(Box::pin(connection)), from_there));
        tokio::spawn(async move {
            let overstays = async {
                match &stranger {
                    Some((stranger, wait)) => stranger.overstays(*wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(%from, %error, "a connection ended early");
                },
                () = overstays => tracing::debug!(%from, "a connection ended: nobody knows whose it is"),
            }
            drop((place, stranger));
        });
    }
}

/// As many as there may be connections.
struct Places {
    free: Arc<Semaphore>,
    full: bool,
}

impl Places {
    /// None only of a closed semaphore, and nobody closes it.
    async fn take(&mut self) -> Option<OwnedSemaphorePermit> {
        let free = Arc::clone(&self.free).try_acquire_owned().ok();
        if free.is_none() && !self.full {
            tracing::warn!("as many connections are open as may be: further ones wait");
        }
        self.full = free.is_none();
        match free {
            Some(place) => Some(place),
            None => Arc::clone(&self.free).acquire_owned().await.ok(),
        }
    }
}
