//! The API as its callers see it, over a real host with a guest that does as it is told.

mod admin;
mod connections;
mod decide;
mod feedback;
mod load;
mod refusals;
mod socket;
mod stop;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{Config, Host, Quiet};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::Settings;
use crate::routes::App;

/// An app over a host of its own.
struct Served {
    app: Arc<App>,
    settings: Settings,
    folder: TempDir,
}

/// What to build.
struct Setup {
    mode: &'static str,
    fallback: bool,
    active: bool,
    settings: Settings,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            // No test waits so long: one that would do so has failed.
            drain: Duration::from_secs(3_600),
            body_bytes_max: 2_000,
            retry_after_s: 7,
            ..Settings::default()
        };
        Self { mode: "honest", fallback: false, active: true, settings }
    }
}

impl Setup {
    async fn serve(self) -> Served {
        // Opening, training and activating block, which is not for threads that answer HTTP.
        tokio::task::spawn_blocking(move || self.build()).await.unwrap()
    }

    fn build(self) -> Served {
        let folder = TempDir::new().unwrap();
        let host = self.host(folder.path());
        let app = Arc::new(App::new(host, &self.settings));
        Served { app, settings: self.settings, folder }
    }

    fn host(&self, folder: &Path) -> Host {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let graph = format!(
            "[graph]\nname = \"shop\"\noutput = \"list\"\ndeadline_ms = 10_000\n\
             [memory.probe]\nkind = \"kv\"\nbytes_max = \"1MiB\"\n\
             [agents.probe]\ncomponent = {:?}\nparams = {{ mode = \"{}\", size = 5 }}\ninstances = \"fresh\"\n\
             grants = {{ memory = [\"probe:write\"] }}\n\
             [nodes.list]\nagent = \"probe\"\n{}",
            greenroom_kit::component("probe"),
            self.mode,
            if self.fallback { "on_fault = \"empty\"\n" } else { "" },
        );
        let host = Config {
            graph: write("graph.toml", &graph),
            data_dir: folder.join("data"),
            cache_dir: Some(greenroom_kit::components().join("compiled")),
            interpreters_dir: None,
            guest_threads: 2,
            pool_instances: 32,
            tick: Duration::from_millis(1),
            compiler: None,
            join_window: Duration::from_secs(3_600),
            shared: None,
            replays_max: 16,
            limits: greenroom_runtime::Limits::default(),
            retention: greenroom_runtime::Retention::default(),
        };
        let host = host.open().unwrap();
        let items = "id,title,delisted\na,Ant,0\nb,Bee,0\nc,Cat,0\nd,Dog,0\ne,Eel,1\n";
        let items = read_items(&write("items.csv", items)).unwrap();
        let events = "user,item,rating,timestamp\nann,a,5,1000000000\nann,b,1,1000000001\nbob,c,4,1000000002\n";
        let events = read(&write("events.csv", events), &ReadOptions::default()).unwrap();
        host.import(Some(&events), Some(&items)).unwrap();
        if self.active {
            host.train(Arc::new(Quiet)).unwrap();
            host.activate().unwrap();
        }
        host
    }
}

impl Served {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = App::router(&self.app).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).expect("every answer is JSON");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send(post(path, body)).await
    }

    /// Posts, and gives the body of an answer that must be good.
    #[track_caller]
    fn told(&self, body: impl ToString) -> impl Future<Output = Value> {
        let body = body.to_string();
        async move {
            let answer = self.post("/v1/feedback", body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            answer.body["events"].clone()
        }
    }

    async fn decided(&self, body: impl ToString) -> Value {
        let answer = self.post("/v1/decide", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }
}

fn post(path: &str, body: impl ToString) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

/// Lets everything else on this thread run until something holds.
async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}
