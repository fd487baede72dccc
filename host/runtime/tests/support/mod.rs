//! A small world: sixty subjects in three circles of taste, and a graph over a temporary folder.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod small;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use greenroom_memory::OpenError;
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{Ask, Config, Host, HostError, Limits, Quiet, Retention};

/// A folder with events, items and a graph.
pub struct World {
    pub dir: tempfile::TempDir,
}

impl World {
    /// `graph` may say COMPONENTS for the folder of built components.
    pub fn new(graph: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let components = greenroom_kit::components();
        let graph = graph.replace("COMPONENTS", &components.display().to_string());
        std::fs::write(dir.path().join("graph.toml"), graph).unwrap();
        std::fs::write(dir.path().join("events.csv"), events()).unwrap();
        std::fs::write(dir.path().join("items.csv"), items(None)).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn open(&self) -> Host {
        open(&self.path("graph.toml"), &self.path("data"))
    }

    /// With what other tests compiled, and interpreters of scripts.
    pub fn config_with_scripts(&self) -> Config {
        let cache_dir = Some(greenroom_kit::components().join("compiled"));
        let interpreters_dir = Some(greenroom_kit::interpreters());
        let usual = config(&self.path("graph.toml"), &self.path("data"), 120, Limits::default());
        Config { cache_dir, interpreters_dir, ..usual }
    }

    /// Whatever the files say by now.
    pub fn open_again(&self) -> Host {
        let config = config(&self.path("graph.toml"), &self.path("data"), 120, Limits::default());
        opened_by(|| config.open_again())
    }

    /// Imported, trained and active.
    pub fn serving(&self) -> Host {
        self.trained(self.open())
    }

    /// The same of a host that was opened otherwise.
    pub fn trained(&self, host: Host) -> Host {
        let events = read(&self.path("events.csv"), &ReadOptions::default()).unwrap();
        let items = read_items(&self.path("items.csv")).unwrap();
        host.import(Some(&events), Some(&items)).unwrap();
        host.train(Arc::new(Quiet)).unwrap();
        host.activate().unwrap();
        host
    }
}

pub fn open(graph: &Path, data: &Path) -> Host {
    open_limited(graph, data, Limits::default())
}

pub fn open_with_pool(graph: &Path, data: &Path, pool_instances: u32) -> Host {
    opened(&config(graph, data, pool_instances, Limits::default()))
}

pub fn open_retaining(graph: &Path, data: &Path, limits: Limits, retention: Retention) -> Host {
    opened(&Config { retention, ..config(graph, data, 120, limits) })
}

/// A host that was dropped a moment ago may still have something to finish.
fn opened(config: &Config) -> Host {
    opened_by(|| config.open())
}

fn opened_by(open: impl Fn() -> Result<Host, HostError>) -> Host {
    let by = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        match open() {
            Err(HostError::Store(OpenError::InUse { .. })) if std::time::Instant::now() < by => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened.unwrap(),
        }
    }
}

pub fn open_limited(graph: &Path, data: &Path, limits: Limits) -> Host {
    opened(&config(graph, data, 120, limits))
}

fn config(graph: &Path, data: &Path, pool_instances: u32, limits: Limits) -> Config {
    Config {
        graph: graph.to_owned(),
        data_dir: data.to_owned(),
        cache_dir: None,
        interpreters_dir: None,
        guest_threads: 2,
        pool_instances,
        tick: Duration::from_millis(1),
        compiler: None,
        join_window: Duration::from_secs(86_400),
        shared: None,
        replays_max: 16,
        limits,
        retention: Retention::default(),
    }
}

/// Subject s of circle s % 3 liked, in order, most of the items 10 c to 10 c + 9.
pub fn events() -> String {
    let mut text = String::from("user,item,rating,timestamp\n");
    for subject in 0..60_u32 {
        for step in 0..8_u32 {
            let item = 10 * (subject % 3) + (subject / 3 + step) % 10;
            writeln!(text, "s{subject},{item},5.0,{}", 1_000_000_000 + 100 * subject + step).unwrap();
        }
    }
    text
}

pub fn items(delisted: Option<u32>) -> String {
    let mut text = String::from("item,title,year,genres,delisted\n");
    for item in 0..30 {
        let gone = u32::from(delisted == Some(item));
        writeln!(text, "{item},Title {item},{},g{}|all,{gone}", 1980 + item, item / 10).unwrap();
    }
    text
}

pub fn ask(subject: &str, limit: u32) -> Ask {
    Ask { subject: Some(subject.to_owned()), limit, ..Ask::default() }
}
