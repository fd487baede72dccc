//! A registry that is asked over HTTP (OCI distribution specification 1.1).

mod challenge;

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::Digest;
use greenroom_model::text::shown;
use serde::Deserialize;
use ureq::http::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Error};

use crate::document::{Descriptor, Index, MANIFEST_TYPE, Made, SIGNATURE_TYPE};
use crate::pull::document;
use crate::reference::At;
use crate::store::{DOCUMENT_MAX, Store};
use crate::{Access, RegistryError};
use challenge::Challenge;

/// How long it may take until somebody is there.
const CONNECT: Duration = Duration::from_secs(10);
/// Until there is an answer to what was asked.
const ANSWER: Duration = Duration::from_secs(60);
/// For a whole call: 100 MB at 170 KB a second.
const CALL: Duration = Duration::from_secs(600);
/// Registries have their blobs elsewhere, one or two hops away.
const REDIRECTS: u32 = 5;
/// Bytes of what a registry says of an error, or of a token.
const SAID_MAX: u64 = 64 << 10;

/// Who asks.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password, or a token in its place.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

pub(crate) struct Remote {
    agent: Agent,
    host: String,
    /// With the scheme.
    base: String,
    repository: String,
    plain: bool,
    credentials: Option<Credentials>,
    /// What was sent with the call before, and was enough.
    authorization: RefCell<Option<String>>,
}

impl Remote {
    pub(crate) fn new(host: &str, repository: &str, access: &Access) -> Self {
        let local = is_loopback(host);
        let plain = local || access.plain_http;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!plain)
            .tls_config(tls)
            .max_redirects(REDIRECTS)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_global(Some(CALL));
        let config = if local { config.proxy(None) } else { config };
        Self {
            agent: config.build().into(),
            host: host.to_owned(),
            base: format!("{}://{host}", if plain { "http" } else { "https" }),
            repository: repository.to_owned(),
            plain,
            credentials: access.credentials.clone(),
            authorization: RefCell::default(),
        }
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.base, self.repository)
    }

    /// Asks, and once more when the registry says how it wants to know who asks.
    fn call(&self, ask: &Ask<'_>) -> Result<Response<Body>, RegistryError> {
        let first = self.send(ask)?;
        if first.status().as_u16() != 401 || !self.is_own(ask.url) {
            return Ok(first);
        }
        let challenge = first.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
        let Some(challenge) = challenge.and_then(Challenge::read) else { return Ok(first) };
        let Some(authorization) = self.authorized(&challenge)? else { return Ok(first) };
        self.authorization.replace(Some(authorization));
        self.send(ask)
    }

    fn send(&self, ask: &Ask<'_>) -> Result<Response<Body>, RegistryError> {
        let request = Request::builder().method(ask.method).uri(ask.url);
        let request = ask.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        // What this registry is told is not for where it sends us.
        let authorization = self.authorization.borrow().clone().filter(|_| self.is_own(ask.url));
        let request = authorization.iter().fold(request, |request, value| request.header("authorization", value));
        let unsendable = |_| self.unreachable("what it gave cannot be sent in a request");
        let answer = match ask.body {
            Some(body) => self.agent.run(request.body(body).map_err(unsendable)?),
            None => self.agent.run(request.body(()).map_err(unsendable)?),
        };
        answer.map_err(|error| self.failed(&error))
    }

    /// What to send to whoever challenges; none when nothing would be enough.
    fn authorized(&self, challenge: &Challenge) -> Result<Option<String>, RegistryError> {
        let basic = self.credentials.as_ref().map(|who| challenge::basic(&who.user, &who.password));
        let Challenge::Bearer { realm, .. } = challenge else { return Ok(basic) };
        let safe = realm.starts_with("https://") || (self.plain && realm.starts_with("http://"));
        if !safe {
            return Err(self.unreachable("it wants to be told who asks without encryption"));
        }
        let url = challenge.token_url();
        let request = basic.iter().fold(Request::get(&url), |request, basic| request.header("authorization", basic));
        let request = request.body(()).map_err(|_| self.unreachable("where it gives out tokens is no address"))?;
        let mut answer = self.agent.run(request).map_err(|error| self.failed(&error))?;
        if answer.status().as_u16() != 200 {
            return Err(self.refused("give a token", &mut answer));
        }
        let bytes = self.body(&mut answer, SAID_MAX)?;
        let token: Token =
            document(&bytes).map_err(|_| RegistryError::wrong(&self.host, "its answer to who asks is no token"))?;
        Ok(token.token.or(token.access_token).map(|token| format!("Bearer {token}")))
    }

    fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'))
    }

    fn body(&self, answer: &mut Response<Body>, max: u64) -> Result<Vec<u8>, RegistryError> {
        match answer.body_mut().with_config().limit(max).read_to_vec() {
            Ok(bytes) => Ok(bytes),
            Err(Error::BodyExceedsLimit(_)) => {
                Err(RegistryError::wrong(&self.host, format!("it answers with more than {max} bytes")))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &Error) -> RegistryError {
        self.unreachable(&shown(&error.to_string()))
    }

    fn unreachable(&self, why: &str) -> RegistryError {
        RegistryError::Unreachable { host: self.host.clone(), why: why.to_owned() }
    }

    fn refused(&self, what: &str, answer: &mut Response<Body>) -> RegistryError {
        let status = answer.status().as_u16();
        let said = self.body(answer, SAID_MAX).ok().and_then(|bytes| document::<Errors>(&bytes).ok());
        let said = said.and_then(|said| said.errors.into_iter().next());
        let said = said.map(|error| shown(&format!("{} {}", error.code, error.message)).trim().to_owned());
        let asked = match (status, &self.credentials) {
            (401 | 403, None) => "; it may want to know who asks: `--user`",
            _ => "",
        };
        RegistryError::Refused {
            host: self.host.clone(),
            what: what.to_owned(),
            status,
            said: said.map_or_else(String::new, |said| format!(": {said}")) + asked,
        }
    }

    /// An answer with this status, or what went wrong.
    fn expect(&self, ask: &Ask<'_>, what: &str, good: &[u16]) -> Result<Response<Body>, RegistryError> {
        let mut answer = self.call(ask)?;
        let is_good = good.contains(&answer.status().as_u16());
        if is_good { Ok(answer) } else { Err(self.refused(what, &mut answer)) }
    }

    /// Where an upload goes on.
    fn upload(&self, location: &str, digest: &Digest) -> Result<String, RegistryError> {
        let whole = if location.starts_with('/') { format!("{}{location}", self.base) } else { location.to_owned() };
        if !(whole.starts_with("https://") || (self.plain && whole.starts_with("http://"))) {
            return Err(self.unreachable("it wants to be sent a component without encryption"));
        }
        let mark = if whole.contains('?') { '&' } else { '?' };
        Ok(format!("{whole}{mark}digest={digest}"))
    }

    /// Where a registry without an API for referrers has them.
    fn fallback(of: &Digest) -> String {
        format!("sha256-{}", of.hex())
    }

    fn index(&self, url: &str) -> Result<Option<Index>, RegistryError> {
        let ask = Ask { method: "GET", url, headers: &[("accept", crate::document::INDEX_TYPE)], body: None };
        let mut answer = self.call(&ask)?;
        match answer.status().as_u16() {
            200 => {
                let bytes = self.body(&mut answer, DOCUMENT_MAX)?;
                document(&bytes).map(Some).map_err(|why| RegistryError::wrong(&self.called(), why))
            }
            404 => Ok(None),
            _ => Err(self.refused("tell what refers to a component", &mut answer)),
        }
    }

    /// As the specification has a client do it where the registry does not.
    fn refer(&self, of: &Digest, referrer: &Descriptor) -> Result<(), RegistryError> {
        let url = self.url(&format!("manifests/{}", Self::fallback(of)));
        let mut index = self.index(&url)?.unwrap_or_default();
        index.manifests.retain(|other| other.digest != referrer.digest);
        index.manifests.push(referrer.clone());
        let bytes = serde_json::to_vec(&index).map_err(|e| RegistryError::wrong(&self.called(), e.to_string()))?;
        let headers = [("content-type", crate::document::INDEX_TYPE)];
        let ask = Ask { method: "PUT", url: &url, headers: &headers, body: Some(&bytes) };
        self.expect(&ask, "take an index of signatures", &[201]).map(drop)
    }
}

impl Store for Remote {
    fn called(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    fn manifest(&self, at: &At) -> Result<Option<Vec<u8>>, RegistryError> {
        let url = self.url(&format!("manifests/{at}"));
        let ask = Ask { method: "GET", url: &url, headers: &[("accept", MANIFEST_TYPE)], body: None };
        let mut answer = self.call(&ask)?;
        match answer.status().as_u16() {
            200 => self.body(&mut answer, DOCUMENT_MAX).map(Some),
            404 => Ok(None),
            _ => Err(self.refused("give a manifest", &mut answer)),
        }
    }

    fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, RegistryError> {
        let url = self.url(&format!("blobs/{digest}"));
        let ask = Ask { method: "GET", url: &url, headers: &[], body: None };
        let mut answer = self.expect(&ask, "give a blob", &[200])?;
        self.body(&mut answer, size)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        let digest = Digest::of(bytes);
        let url = self.url(&format!("blobs/{digest}"));
        let there = self.call(&Ask { method: "HEAD", url: &url, headers: &[], body: None })?;
        if there.status().as_u16() == 200 {
            return Ok(());
        }
        let url = self.url("blobs/uploads/");
        let begin = Ask { method: "POST", url: &url, headers: &[], body: Some(&[]) };
        let begun = self.expect(&begin, "take a blob", &[202])?;
        let location = begun.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| self.unreachable("it does not say where to bring a blob"))?;
        let url = self.upload(location, &digest)?;
        let headers = [("content-type", "application/octet-stream")];
        let ask = Ask { method: "PUT", url: &url, headers: &headers, body: Some(bytes) };
        self.expect(&ask, "take a blob", &[201]).map(drop)
    }

    fn put_manifest(&self, made: &Made, tag: Option<&str>) -> Result<(), RegistryError> {
        let name = tag.map_or_else(|| made.descriptor.digest.to_string(), ToOwned::to_owned);
        let url = self.url(&format!("manifests/{name}"));
        let headers = [("content-type", MANIFEST_TYPE)];
        let ask = Ask { method: "PUT", url: &url, headers: &headers, body: Some(&made.bytes) };
        let taken = self.expect(&ask, "take a manifest", &[201])?;
        match &made.subject {
            Some(subject) if !taken.headers().contains_key("oci-subject") => self.refer(subject, &made.descriptor),
            _ => Ok(()),
        }
    }

    fn referrers(&self, of: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let kind = challenge::encoded(SIGNATURE_TYPE);
        let known = self.index(&self.url(&format!("referrers/{of}?artifactType={kind}")))?;
        let index = match known {
            Some(index) => Some(index),
            None => self.index(&self.url(&format!("manifests/{}", Self::fallback(of))))?,
        };
        Ok(index.unwrap_or_default().manifests)
    }
}

/// A call.
struct Ask<'a> {
    method: &'a str,
    url: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Option<&'a [u8]>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// This machine, by its name or by an address that leads nowhere else.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.3.2.1", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["registry.example.com", "localhost.example.com", "10.0.0.1:5000", "[2001:db8::1]:5000"] {
            assert!(!is_loopback(host), "{host}");
        }
        let remote = |plain_http| Remote::new("registry.example.com", "a", &Access { credentials: None, plain_http });
        assert_eq!(remote(false).url("x"), "https://registry.example.com/v2/a/x");
        assert_eq!(remote(true).url("x"), "http://registry.example.com/v2/a/x");
    }

    #[test]
    fn what_is_secret_goes_to_the_registry_alone() {
        let remote = Remote::new("registry.example.com", "a", &Access::default());
        assert!(remote.is_own("https://registry.example.com/v2/a/blobs/uploads/1"));
        assert!(!remote.is_own("https://registry.example.com.evil.example.net/v2/"));
        assert!(!remote.is_own("http://registry.example.com/v2/"));
        let digest = Digest::of(b"x");
        assert!(remote.upload("http://registry.example.com/v2/a/blobs/uploads/1", &digest).is_err());
        assert_eq!(
            remote.upload("/v2/a/blobs/uploads/1?state=x", &digest).unwrap(),
            format!("https://registry.example.com/v2/a/blobs/uploads/1?state=x&digest={digest}")
        );
        let who = Credentials { user: "u".to_owned(), password: "secret".to_owned() };
        assert!(!format!("{who:?}").contains("secret"));
    }
}
