//! Commands to a host: through the server that runs on a data folder, or on the folder itself when none does.

mod client;
mod told;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use greenroom_server::{ADMIN_FILE, Announced, OPERATOR_FILE, announced};

use crate::exit::Failure;
use crate::failures;

pub(crate) use client::Client;
pub(crate) use told::{differences, figure, line, refused, rolled, word};

/// Whose token is sent to a server that `--to` names.
const TOKEN_VARIABLE: &str = "GREENROOM_TOKEN";

/// Where the server is, and what it is shown.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Which server")]
pub(crate) struct Reach {
    /// Where it takes operators' calls, such as http://127.0.0.1:8081 [default: the one that runs on the data folder].
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// File with the token [default: GREENROOM_TOKEN, else the operator's token in the data folder].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Where a command goes.
pub(crate) enum Place {
    /// To a server.
    Server(Client),
    /// To the data folder: no server runs on it. What is known of one that did.
    Folder(Option<String>),
}

impl Reach {
    /// Whether anything of it was said.
    pub(crate) fn is_said(&self) -> bool {
        self.to.is_some() || self.token_file.is_some()
    }

    /// Looks where the server is.
    pub(crate) fn find(&self, data: &Path) -> Result<Place, Failure> {
        if let Some(url) = &self.to {
            let token = self.token()?.ok_or_else(|| {
                Failure::arguments(format!("--to takes a token: give it in {TOKEN_VARIABLE} or with --token-file"))
            })?;
            return Ok(Place::Server(Client::new(&base(url)?, &token)));
        }
        let path = data.join(ADMIN_FILE);
        let address = match announced(data).map_err(|e| failures::unreadable(&path, &e))? {
            Announced::Running(address) => address,
            Announced::Starting => {
                return Err(Failure::failed("a server is about to start on this data folder: try again in a moment"));
            }
            Announced::Nobody => return Ok(Place::Folder(None)),
            Announced::Stale { said } => return Ok(Place::Folder(Some(said))),
        };
        let token = match self.token()? {
            Some(token) => token,
            None => operator(&data.join(OPERATOR_FILE))?,
        };
        Ok(Place::Server(Client::new(&format!("http://{}", reachable(address)), &token)))
    }

    /// The same for what only a server can do.
    pub(crate) fn server(&self, data: &Path, graph: &Path) -> Result<Client, Failure> {
        let ended = match self.find(data)? {
            Place::Server(client) => return Ok(client),
            Place::Folder(ended) => ended,
        };
        let (data, graph) = (data.display(), graph.display());
        let before = ended
            .map_or_else(String::new, |said| format!(" (the last one was at {said}, and ended without saying so)"));
        Err(Failure::failed(format!(
            "no server runs on {data}{before}: start one with `greenroom serve {graph}`, or say with --to where it is"
        )))
    }

    fn token(&self) -> Result<Option<String>, Failure> {
        if let Some(path) = &self.token_file {
            return read(path).map(Some);
        }
        let variable = std::env::var(TOKEN_VARIABLE).ok().map(|token| token.trim().to_owned());
        Ok(variable.filter(|token| !token.is_empty()))
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| failures::unreadable(path, &e))?;
    let token = text.trim();
    if token.is_empty() || token.chars().any(char::is_whitespace) {
        return Err(Failure::bad_file(format!("{} has no token, expected one word", path.display())));
    }
    Ok(token.to_owned())
}

/// The token that the server left for commands on the same machine.
fn operator(path: &Path) -> Result<String, Failure> {
    if path.is_file() {
        return read(path);
    }
    Err(Failure::failed(format!(
        "there is no token for this server: {} is not there; give one in {TOKEN_VARIABLE} or with --token-file",
        path.display()
    )))
}

fn base(url: &str) -> Result<String, Failure> {
    let base = url.trim_end_matches('/');
    match base.strip_prefix("http://") {
        Some(rest) if !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']) => Ok(base.to_owned()),
        _ => Err(Failure::arguments(format!(
            "--to has `{}`: expected http:// with an address and a port, such as http://127.0.0.1:8081",
            greenroom_model::text::shown(url)
        ))),
    }
}

/// An address that somebody can call: a server that listens everywhere listens here too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_called_here() {
        let reach = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(
            [reach("0.0.0.0:1"), reach("[::]:2"), reach("10.1.2.3:4")],
            ["127.0.0.1:1", "[::1]:2", "10.1.2.3:4"]
        );
    }

    #[test]
    fn a_url_is_a_scheme_and_an_address() {
        assert_eq!(base("http://host:8081/").unwrap(), "http://host:8081");
        for wrong in ["host:8081", "https://host", "http://", "http://a/b", "http://user@host"] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }
}
