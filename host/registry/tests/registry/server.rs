//! A registry in memory, on a free port of this machine, that speaks enough of the distribution protocol, and can be made to
//! lie.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use greenroom_model::Digest;

/// How it behaves.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manners {
    /// It knows what refers to what; otherwise that is the clients' business.
    pub(crate) referrers: bool,
    /// It gives nothing to who has no token, and no token to who is not `user` with `password`.
    pub(crate) guarded: bool,
    /// It hands out blobs with a byte changed.
    pub(crate) changes_blobs: bool,
    /// It goes on sending where a blob should end.
    pub(crate) endless: bool,
}

pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    manners: Manners,
    blobs: BTreeMap<String, Vec<u8>>,
    /// By tag and by digest, with their types.
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// Methods and paths.
    pub(crate) asked: Vec<String>,
}

struct Asked {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

impl Server {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { manners, ..State::default() }));
        let of = Arc::clone(&state);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let of = Arc::clone(&of);
                std::thread::spawn(move || serve(stream, &of));
            }
        });
        Self { address, state }
    }

    pub(crate) fn name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.address)
    }

    pub(crate) fn behave(&self, manners: Manners) {
        self.state.lock().unwrap().manners = manners;
    }

    /// Has it answer a tag with something else.
    pub(crate) fn put_manifest(&self, name: &str, bytes: &[u8]) {
        let kind = "application/vnd.oci.image.manifest.v1+json".to_owned();
        self.state.lock().unwrap().manifests.insert(name.to_owned(), (kind, bytes.to_vec()));
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(asked) = read(&mut reader, &mut writer) {
        let (status, headers, body) = state.lock().unwrap().answer(&asked);
        let endless = state.lock().unwrap().manners.endless && asked.path.contains("/blobs/") && asked.method == "GET";
        let mut head = format!("HTTP/1.1 {status} x\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        if endless {
            head.push_str("\r\n");
            let _ = writer.write_all(head.as_bytes());
            while writer.write_all(&[b'x'; 4096]).is_ok() {}
            return;
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let sent: &[u8] = if asked.method == "HEAD" { &[] } else { &body };
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(sent)).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("expect") {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').map_or((target.clone(), String::new()), |(p, q)| (p.into(), q.into()));
    Some(Asked { method, path, query, headers, body })
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Answer {
        self.asked.push(format!("{} {}", asked.method, asked.path));
        let authorization = asked.headers.get("authorization").map(String::as_str);
        if asked.path == "/token" {
            // "user:password".
            return match authorization {
                Some("Basic dXNlcjpwYXNzd29yZA==") => (200, Vec::new(), b"{\"token\":\"opened\"}".to_vec()),
                _ => denied("https is not the matter; user and password are"),
            };
        }
        if self.manners.guarded && authorization != Some("Bearer opened") {
            let host = asked.headers.get("host").cloned().unwrap_or_default();
            let (status, mut headers, body) = denied("who asks?");
            let challenge =
                format!("Bearer realm=\"http://{host}/token\",service=\"test\",scope=\"repository:a:pull,push\"");
            headers.push(("www-authenticate", challenge));
            return (status, headers, body);
        }
        let Some((_, rest)) = asked.path.split_once("/agents/ease/") else { return absent() };
        let (kind, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (asked.method.as_str(), kind) {
            ("GET" | "HEAD", "blobs") => match self.blobs.get(name) {
                Some(bytes) => {
                    let mut bytes = bytes.clone();
                    if self.manners.changes_blobs {
                        bytes[0] ^= 1;
                    }
                    (200, Vec::new(), bytes)
                }
                None => absent(),
            },
            ("POST", "blobs") => (202, vec![("location", format!("{}1?state=x", asked.path))], Vec::new()),
            ("PUT", "blobs") => {
                let digest = asked.query.split('&').find_map(|part| part.strip_prefix("digest=")).unwrap_or_default();
                assert_eq!(Digest::of(&asked.body).to_string(), digest);
                self.blobs.insert(digest.to_owned(), asked.body.clone());
                (201, Vec::new(), Vec::new())
            }
            ("GET", "manifests") => match self.manifests.get(name) {
                Some((kind, bytes)) => (200, vec![("content-type", kind.clone())], bytes.clone()),
                None => absent(),
            },
            ("PUT", "manifests") => self.take(name, asked),
            ("GET", "referrers") if self.manners.referrers => (200, Vec::new(), self.referring(name)),
            _ => absent(),
        }
    }

    fn take(&mut self, name: &str, asked: &Asked) -> Answer {
        let kind = asked.headers.get("content-type").cloned().unwrap_or_default();
        let kept = (kind, asked.body.clone());
        self.manifests.insert(Digest::of(&asked.body).to_string(), kept.clone());
        self.manifests.insert(name.to_owned(), kept);
        let manifest: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        let subject = manifest.pointer("/subject/digest").and_then(|digest| digest.as_str());
        let told = subject.filter(|_| self.manners.referrers).map(|digest| ("oci-subject", digest.to_owned()));
        (201, told.into_iter().collect(), Vec::new())
    }

    fn referring(&self, of: &str) -> Vec<u8> {
        let by_digest = self.manifests.iter().filter(|(name, _)| name.starts_with("sha256:"));
        let about = by_digest.filter_map(|(digest, (kind, bytes))| {
            let manifest: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            (manifest.pointer("/subject/digest")? == of).then(|| {
                serde_json::json!({
                    "mediaType": kind, "digest": digest, "size": bytes.len(), "artifactType": manifest["artifactType"],
                })
            })
        });
        let manifests: Vec<_> = about.collect();
        serde_json::to_vec(&serde_json::json!({ "schemaVersion": 2, "manifests": manifests })).unwrap()
    }
}

fn absent() -> Answer {
    (404, Vec::new(), b"{\"errors\":[{\"code\":\"NOT_FOUND\",\"message\":\"there is none\"}]}".to_vec())
}

fn denied(why: &str) -> Answer {
    (401, Vec::new(), format!("{{\"errors\":[{{\"code\":\"UNAUTHORIZED\",\"message\":\"{why}\"}}]}}").into_bytes())
}
