use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::socket::{decide, exchange, request, run};
use super::{Setup, until};
use crate::{ServeError, Server, Settings};

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
