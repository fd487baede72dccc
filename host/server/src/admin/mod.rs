//! The operator's API: on a listener of its own, behind tokens, with every change and every refusal written down.

mod announce;
mod audit;
mod denied;
mod guard;
mod journal;
mod keyring;
mod rate;
mod routes;
mod tokens;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::ServeError;
use crate::gate::Gate;
use crate::problem::Problem;
use crate::routes::App;

pub use announce::{ADMIN_FILE, Announced, announced};
pub use audit::{AUDIT_FILE, DENIED_FILE};
pub use rate::Rate;
pub use tokens::{Level, OPERATOR_FILE, TOKENS_FILE, Token, Tokens, TokensError};

pub(crate) use announce::Announcement;
#[cfg(test)]
pub(crate) use routes::{ROUTES, Route};

/// Changes that are worked on at once. They take turns in the end; what comes before may overlap.
const CHANGES_MAX: usize = 4;

/// Changes that may wait.
const WAITING_MAX: usize = 16;

/// Components that are received at once: each is in memory as a whole meanwhile.
const UPLOADS_MAX: usize = 2;

/// How operators are served.
#[derive(Debug, Clone)]
pub struct AdminSettings {
    /// Where to listen; port 0 is any that is free. Never where callers are served.
    pub listen: SocketAddr,
    /// Bytes of a component.
    pub component_bytes_max: usize,
    /// How often the holder of a token may call.
    pub rate: Rate,
    /// How often all others together may fail to be known.
    pub failures: Rate,
    /// How long a connection may be open before it shows a token.
    pub stranger_wait: Duration,
}

impl Default for AdminSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
            // A Python component has 40 MB.
            component_bytes_max: 64 << 20,
            // To deploy a graph of forty agents is a hundred calls.
            rate: Rate { burst: 200, per_s: 20 },
            // Whoever mistypes a token gets on; whoever guesses does not, and does not fill the audit log.
            failures: Rate { burst: 20, per_s: 1 },
            // Commands send theirs at once.
            stranger_wait: Duration::from_secs(5),
        }
    }
}

/// The address that operators call, before anything is served there.
#[derive(Debug)]
pub struct AdminListener {
    listener: TcpListener,
    address: SocketAddr,
    settings: AdminSettings,
}

/// All that it takes to serve operators.
pub struct Admin {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
    pub(crate) office: Office,
    /// Removed when it goes.
    pub(crate) announcement: Announcement,
}

/// What the calls of operators share, but for the host.
pub(crate) struct Office {
    keyring: keyring::Keyring,
    audit: audit::Audit,
    settings: AdminSettings,
    changes: Gate,
    uploads: Semaphore,
}

/// The same with the host.
pub(crate) struct Desk {
    pub(crate) app: Arc<App>,
    pub(crate) office: Office,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("address", &self.address).finish_non_exhaustive()
    }
}

impl AdminListener {
    /// Takes the address.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn bind(settings: AdminSettings) -> Result<Self, ServeError> {
        let failed = |error| ServeError::listen(settings.listen, error);
        let listener = TcpListener::bind(settings.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, settings })
    }

    /// The address, with the port that was found when the settings left it open.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// With the tokens and the audit log of a data folder. At a first start an operator's token is made; and the folder says
    /// from now on where operators are served.
    ///
    /// # Errors
    /// When one of its files cannot be used.
    pub fn open(self, data_dir: &Path) -> Result<Admin, ServeError> {
        if Tokens::begin(data_dir)? {
            let file = data_dir.join(OPERATOR_FILE);
            tracing::info!(file = %file.display(), "made a token for the operator");
        }
        let office = Office::open(data_dir, self.settings)?;
        let file = |name: &str| data_dir.join(name);
        let announcement = Announcement::make(data_dir, self.address)
            .map_err(|source| ServeError::File { path: file(ADMIN_FILE), source })?;
        Ok(Admin { listener: self.listener, address: self.address, office, announcement })
    }
}

impl Office {
    pub(crate) fn open(data_dir: &Path, settings: AdminSettings) -> Result<Self, ServeError> {
        Ok(Self {
            audit: audit::Audit::open(data_dir)?,
            keyring: keyring::Keyring::open(data_dir, settings.rate, settings.failures)?,
            settings,
            changes: Gate::new(CHANGES_MAX, WAITING_MAX),
            uploads: Semaphore::new(UPLOADS_MAX),
        })
    }
}

impl Desk {
    pub(crate) fn stranger_wait(&self) -> Duration {
        self.office.settings.stranger_wait
    }

    pub(crate) fn changes(&self) -> &Gate {
        &self.office.changes
    }

    /// Does something that may take long on a thread for that, not on those that speak HTTP.
    async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&desk)).await.map_err(|_| Problem::internal())?
    }
}
