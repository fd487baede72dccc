//! A nats-server for tests: one that the process has for itself and that ends with it, however it ends.

#![allow(dead_code, clippy::expect_used, reason = "not every test file uses all of it, and each fails without it")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use greenroom_memory::{Clock, JetStream, JetStreamSettings};

/// Runs the server, and ends it when the pipe to its standard input closes: with the test's process at the latest.
const WATCHED: &str =
    r#""$1" -c "$2" & server=$!; read -r _; kill -9 $server; wait $server; [ -z "$3" ] || rm -rf "$3""#;

/// A running server.
pub(crate) struct Server {
    dir: PathBuf,
    port: u16,
    running: Option<(Child, ChildStdin)>,
    is_left: bool,
}

/// The server's path. The tests fail without one: what was not run did not pass.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("GREENROOM_NATS") {
        return path.into();
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|dir| dir.join("nats-server")).find(|path| path.is_file());
    found.expect("no nats-server on the PATH: run `export GREENROOM_NATS=$(scripts/nats.sh)` first")
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts one; `more` goes into its configuration.
    pub(crate) fn start(more: &str) -> Self {
        Self::start_with(&format!(
            "max_payload: 2MB\njetstream {{ store_dir: \"DIR/store\", sync_interval: always }}\n{more}"
        ))
    }

    /// Starts one with this configuration, in which `DIR` is a folder of its own.
    pub(crate) fn start_with(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap().keep();
        for _ in 0..5 {
            let port = free_port();
            let _ = fs::remove_file(dir.join("log"));
            let config = config.replace("DIR", dir.to_str().unwrap());
            fs::write(dir.join("config"), format!("listen: \"127.0.0.1:{port}\"\n{config}\n")).unwrap();
            let mut server = Self { dir: dir.clone(), port, running: None, is_left: false };
            server.run();
            if server.is_ready() {
                return server;
            }
            // Another process took the port meanwhile.
            server.kill();
            server.is_left = true;
        }
        let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
        let _ = fs::remove_dir_all(&dir);
        panic!("no nats-server runs:\n{log}");
    }

    /// Starts three that know each other.
    pub(crate) fn cluster() -> Vec<Self> {
        let ports = [(); 3].map(|()| free_port());
        let routes = ports.map(|port| format!("nats://127.0.0.1:{port}")).join(", ");
        let start = |(place, port): (usize, &u16)| {
            Self::start(&format!(
                "server_name: s{place}\ncluster {{ name: c, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
            ))
        };
        ports.iter().enumerate().map(start).collect()
    }

    fn run(&mut self) {
        let log = File::options().create(true).append(true).open(self.dir.join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).arg(binary()).arg(self.dir.join("config"));
        let mut child = command
            .arg(if self.is_left { self.dir.as_path() } else { Path::new("") })
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        self.running = Some((child, stdin));
    }

    /// Whether it greets, and has JetStream where it was asked for.
    fn is_ready(&self) -> bool {
        let until = Instant::now() + Duration::from_secs(20);
        let log = || fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        while Instant::now() < until {
            let greeting = TcpStream::connect(self.address()).ok().and_then(|stream| {
                stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
                let mut line = String::new();
                BufReader::new(stream).read_line(&mut line).ok().map(|_| line)
            });
            if greeting.is_some_and(|line| line.starts_with("INFO ")) {
                return true;
            }
            if ["address already in use", "[FTL]"].iter().any(|why| log().contains(why)) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Kills it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some((mut child, stdin)) = self.running.take() {
            drop(stdin);
            child.wait().unwrap();
        }
    }

    /// Starts it again where it was, and waits until it greets.
    pub(crate) fn again(&mut self) {
        self.run();
        assert!(self.is_ready(), "{}", fs::read_to_string(self.dir.join("log")).unwrap_or_default());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Settings for a bucket on it.
    pub(crate) fn settings(&self, bucket: &str) -> JetStreamSettings {
        JetStreamSettings {
            servers: vec![format!("nats://{}", self.address())],
            bucket: bucket.to_owned(),
            ..JetStreamSettings::default()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if !self.is_left {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// The server of this process, which ends with it.
pub(crate) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let mut server = Server::start("");
        // Nothing drops what is static: the shell removes its folder.
        server.kill();
        server.is_left = true;
        server.again();
        server
    })
}

/// A bucket that nobody else has.
pub(crate) fn bucket() -> String {
    static BUCKETS: AtomicU32 = AtomicU32::new(0);
    format!("b{}", BUCKETS.fetch_add(1, Ordering::Relaxed))
}

/// A memory layer for itself, with a clock.
pub(crate) fn fresh(clock: Clock) -> JetStream {
    JetStream::connect(&JetStreamSettings { clock, ..shared().settings(&bucket()) }).unwrap()
}
