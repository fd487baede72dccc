use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::socket::{Running, connect, decide, exchange, request, run};
use super::{Setup, until};
use crate::Settings;

async fn with(change: impl FnOnce(&mut Settings)) -> Running {
    let mut setup = Setup::default();
    // No test waits so long: one that would do so has failed.
    setup.settings.header_wait = Duration::from_secs(3_600);
    setup.settings.body_wait = Duration::from_secs(3_600);
    change(&mut setup.settings);
    run(setup).await
}

/// What comes over a new connection until it is closed or reset.
async fn until_closed(address: SocketAddr, sent: String) -> String {
    let client = spawn_blocking(move || {
        let mut connection = connect(address);
        let mut came = Vec::new();
        let ended = connection.write_all(sent.as_bytes()).and_then(|()| connection.read_to_end(&mut came));
        // The server may have closed it before everything was sent: that is an end, too.
        assert!(!ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "it was not closed");
        String::from_utf8(came).unwrap()
    });
    client.await.unwrap()
}

/// Sends so much of a request that the server waits for the rest.
fn half_a_head(address: SocketAddr) -> TcpStream {
    let mut connection = connect(address);
    connection.write_all(b"POST /v1/decide HTTP/1.1\r\nhost: he").unwrap();
    connection
}

#[tokio::test]
async fn a_client_that_sends_half_a_head_is_closed() {
    let running = with(|settings| settings.header_wait = Duration::from_millis(50)).await;
    assert_eq!(until_closed(running.address, "POST /v1/decide HTTP/1.1\r\nhost: he".to_owned()).await, "");
    assert_eq!(until_closed(running.address, String::new()).await, "", "nor may one send nothing");
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let running = with(|settings| settings.header_wait = Duration::from_secs(1)).await;
    let answer = until_closed(running.address, request("GET", "/healthz", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let running = with(|settings| settings.body_wait = Duration::ZERO).await;
    let headers = "content-type: application/json\r\nconnection: close\r\n";
    let without_body = request("POST", "/v1/decide", headers, "{}").trim_end_matches("{}").to_owned();
    let answer = exchange(running.address, without_body).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
    running.stop.send(()).unwrap();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn connections_above_the_cap_wait_until_one_closes() {
    let running = with(|settings| settings.connections_max = 2).await;
    let address = running.address;
    let mut held = vec![half_a_head(address), half_a_head(address)];
    let crowd: Vec<_> = (0..20).map(|_| half_a_head(address)).collect();
    let honest = exchange(address, decide());
    drop(crowd);
    held.pop();
    let answer = honest.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    running.stop.send(()).unwrap();
    drop(held);
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_above_the_cap_is_not_looked_at() {
    // The second request would be refused at once, were it read while the first one waits.
    let running = with(|settings| {
        settings.connections_max = 1;
        settings.concurrency_max = 1;
        settings.queue_max = 1;
    })
    .await;
    let app = &running.served.app;
    let pass = app.gate.enter().await.unwrap();
    let first = exchange(running.address, decide());
    until(|| app.gate.waiting() == 1).await;
    let mut second = connect(running.address);
    second.write_all(decide().as_bytes()).unwrap();
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    drop(pass);
    assert!(first.await.unwrap().starts_with("HTTP/1.1 200 OK"));
    let second = spawn_blocking(move || {
        let mut answer = String::new();
        second.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = second.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_client_that_reads_no_answers_is_closed() {
    let running = with(|settings| {
        settings.connections_max = 1;
        settings.header_wait = Duration::from_secs(1);
    })
    .await;
    let address = running.address;
    let greedy = spawn_blocking(move || {
        let mut connection = connect(address);
        connection.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let many = request("GET", "/nothing", "", "").repeat(100);
        // Until nobody takes anything more.
        while connection.write_all(many.as_bytes()).is_ok() {}
        connection
    });
    let _greedy = greedy.await.unwrap();
    let answer = exchange(address, decide()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
