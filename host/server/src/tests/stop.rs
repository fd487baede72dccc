use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Served, Setup, until};
use crate::{ServeError, Server, Settings};

/// A server on a port of its own.
struct Running {
    served: Served,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

async fn run(setup: Setup) -> Running {
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

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn decide() -> String {
    request("POST", "/v1/decide", "content-type: application/json\r\nconnection: close\r\n", "{}")
}

/// Sends over a connection of its own, and returns all that comes until the server closes it.
fn exchange(address: SocketAddr, request: String) -> JoinHandle<String> {
    spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    })
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_flight_and_takes_nothing_more() {
    let setup = Setup::default();
    let settings = Settings { concurrency_max: 1, ..setup.settings.clone() };
    let running = run(Setup { settings, ..setup }).await;
    let app = &running.served.app;
    let pass = app.gate.enter().await.unwrap();
    let in_flight = exchange(running.address, decide());
    until(|| app.gate.waiting() == 1).await;

    running.stop.send(()).unwrap();
    until(|| app.draining()).await;
    let ready = running.served.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["error"]["code"]), (503, &"draining".into()));
    let address = running.address;
    // The listener is closed by a task that the stop has woken: before it runs, a connection may still be taken.
    until(|| TcpStream::connect(address).is_err()).await;
    assert!(!running.ended.is_finished());

    drop(pass);
    let answer = in_flight.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    running.ended.await.unwrap().unwrap();
    assert_eq!(running.served.app.host.counts().unwrap().decisions, 1, "the decision is in the log");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let running = run(Setup::default()).await;
    let address = running.address;
    let idle = spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(request("GET", "/healthz", "", "").as_bytes()).unwrap();
        let mut start = [0; 15];
        connection.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
        connection
    });
    let _idle = idle.await.unwrap();
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_gives_up_on_what_does_not_finish_in_time() {
    let setup = Setup::default();
    let settings = Settings { concurrency_max: 1, drain: Duration::ZERO, ..setup.settings.clone() };
    let running = run(Setup { settings, ..setup }).await;
    let app = &running.served.app;
    let _pass = app.gate.enter().await.unwrap();
    let waiting = exchange(running.address, decide());
    until(|| app.gate.waiting() == 1).await;
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
    let answer = waiting.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable"), "{answer}");
    assert!(answer.contains("the server is stopping"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let served = Setup::default().serve().await;
    let Served { app, settings, _folder } = served;
    let mut app = Arc::into_inner(app).unwrap();
    app.body_wait = Duration::ZERO;
    let app = Arc::new(app);
    let server = Server::bind(settings).unwrap();
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(async move {
        let shutdown = async {
            stopped.await.unwrap();
        };
        server.run_app(&app, shutdown).await
    });
    let headers = "content-type: application/json\r\nconnection: close\r\n";
    let without_body = request("POST", "/v1/decide", headers, "{}").trim_end_matches("{}").to_owned();
    let answer = exchange(address, without_body).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
    stop.send(()).unwrap();
    ended.await.unwrap().unwrap();
}

#[test]
fn an_address_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Server::bind(Settings { listen: address, ..Settings::default() }).unwrap_err();
    assert!(matches!(error, ServeError::InUse { address: told } if told == address));
    let told = error.to_string();
    assert!(told.starts_with(&format!("{address} is in use: stop what listens there")), "{told}");
}

#[test]
fn an_address_of_another_machine_is_told() {
    // Reserved for documentation: no machine has it.
    let listen = ([192, 0, 2, 1], 0).into();
    let error = Server::bind(Settings { listen, ..Settings::default() }).unwrap_err();
    assert!(matches!(error, ServeError::NotHere { .. }), "{error}");
}

#[test]
fn a_setting_that_cannot_be_is_told() {
    let error = Server::bind(Settings { concurrency_max: 0, ..Settings::default() }).unwrap_err();
    assert!(error.to_string().starts_with("the setting `concurrency_max` is 0, expected 1 to "), "{error}");
}
