//! From an address to a stop that loses nothing.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use greenroom_runtime::Host;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::Semaphore;

use crate::admin::{Admin, Announcement, Desk};
use crate::connections;
use crate::error::ServeError;
use crate::routes::App;
use crate::settings::Settings;
use crate::strangers::Strangers;

/// Connections of operators: they are few. As many may be of callers who have not shown yet that they are some.
const CONNECTIONS_MAX: usize = 64;

/// A server that has its address and serves nothing yet: connections wait until [`Server::run`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
    admin: Option<Admin>,
}

/// Binds, and serves until `shutdown`; see [`Server::run`].
///
/// # Errors
/// See [`ServeError`].
pub async fn serve(host: Host, settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    Server::bind(settings)?.run(host, shutdown).await
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// When the address cannot be had, or a setting is out of range.
    pub fn bind(settings: Settings) -> Result<Self, ServeError> {
        settings.check()?;
        let failed = |error| ServeError::listen(settings.listen, error);
        let listener = TcpListener::bind(settings.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, settings, admin: None })
    }

    /// Serves operators too, at an address of their own.
    #[must_use]
    pub fn with_admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin);
        self
    }

    /// The address, with the port that was found when the settings left it open.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`: then nothing more is accepted, what is in flight or in the queue is finished for as long
    /// as the settings say, and the log is made durable. What is not finished by then ends with the caller's tokio
    /// runtime, which needs its I/O and time drivers.
    ///
    /// # Errors
    /// When the listener cannot be used, or the log cannot be made durable.
    pub async fn run(self, host: Host, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let app = Arc::new(App::new(host, &self.settings));
        self.run_app(&app, shutdown).await
    }

    pub(crate) async fn run_app(self, app: &Arc<App>, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
        let failed = |error| ServeError::listen(self.address, error);
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        let open = GracefulShutdown::new();
        tracing::info!(address = %self.address, "listening");
        let operators = self.admin.map(|admin| Operators::new(admin, app)).transpose()?;
        let desk = operators.as_ref().map(|operators| Arc::clone(&operators.desk));
        let administered = async {
            match operators {
                Some(operators) => operators.serve(&self.settings, &open).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            never = connections::accept(listener, App::router(app), &self.settings, None, &open) => match never {},
            never = administered => match never {},
            () = shutdown => {}
        }
        app.drain();
        let (running, waiting) = (app.gate.running(), app.gate.waiting());
        tracing::info!(running, waiting, within_s = self.settings.drain.as_secs(), "stopping");
        let finish = async {
            open.shutdown().await;
            app.gate.idle().await;
            if let Some(desk) = &desk {
                // A change may go on without its caller.
                desk.changes().idle().await;
            }
        };
        if tokio::time::timeout(self.settings.drain, finish).await.is_err() {
            let (running, waiting) = (app.gate.running(), app.gate.waiting());
            tracing::warn!(running, waiting, "gave up on what was not finished in time");
            app.gate.close();
            if let Some(desk) = &desk {
                desk.changes().close();
            }
        }
        app.host.flush().await.map_err(ServeError::Flush)?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// What serves operators.
struct Operators {
    listener: tokio::net::TcpListener,
    desk: Arc<Desk>,
    /// There for as long as calls are taken.
    _announcement: Announcement,
}

impl Operators {
    fn new(admin: Admin, app: &Arc<App>) -> Result<Self, ServeError> {
        let Admin { listener, address, office, announcement } = admin;
        let failed = |error| ServeError::listen(address, error);
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        tracing::info!(%address, "listening to operators");
        let desk = Arc::new(Desk { app: Arc::clone(app), office });
        Ok(Self { listener, desk, _announcement: announcement })
    }

    async fn serve(self, settings: &Settings, open: &GracefulShutdown) -> Infallible {
        let settings = Settings { connections_max: CONNECTIONS_MAX, ..settings.clone() };
        let strangers = Strangers { wait: self.desk.stranger_wait(), known: Arc::new(Semaphore::new(CONNECTIONS_MAX)) };
        connections::accept(self.listener, Desk::router(&self.desk), &settings, Some(&strangers), open).await
    }
}
