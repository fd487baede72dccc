//! Operators behind a socket, beside callers.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::super::socket::{connect, exchange, request};
use super::super::{Setup, until};
use crate::{ADMIN_FILE, AdminListener, AdminSettings, Announced, OPERATOR_FILE, Server, Settings, announced};

#[tokio::test]
async fn operators_have_an_address_of_their_own_which_the_data_folder_tells() {
    let served = Setup::default().serve().await;
    let data = served.folder.path().join("data");
    let server = Server::bind(served.settings.clone()).unwrap();
    let settings = AdminSettings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..AdminSettings::default() };
    let listener = AdminListener::bind(settings).unwrap();
    let (callers, operators) = (server.local_addr(), listener.local_addr());
    let server = server.with_admin(listener.open(&data).unwrap());
    assert_eq!(announced(&data).unwrap(), Announced::Running(operators));
    let (stop, stopped) = oneshot::channel();
    let app = Arc::clone(&served.app);
    let ended = tokio::spawn(async move { server.run_app(&app, async { stopped.await.unwrap() }).await });

    let token = std::fs::read_to_string(data.join(OPERATOR_FILE)).unwrap();
    let authorized = format!("authorization: Bearer {}\r\nconnection: close\r\n", token.trim());
    let get = |path: &str| request("GET", path, &authorized, "");
    let answer = exchange(operators, get("/v1/plans")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"active\":1"), "{answer}");
    let answer = exchange(callers, get("/v1/plans")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "callers cannot operate: {answer}");
    let answer = exchange(operators, get("/v1/decide")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let denied = request("POST", "/v1/rollback", "connection: close\r\n", "{}");
    let answer = exchange(operators, denied).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let denied = std::fs::read_to_string(data.join(crate::DENIED_FILE)).unwrap();
    assert!(denied.contains("\"address\":\"127.0.0.1:"), "{denied}");

    stop.send(()).unwrap();
    until(|| ended.is_finished()).await;
    ended.await.unwrap().unwrap();
    assert!(!data.join(ADMIN_FILE).exists());
    assert_eq!(announced(&data).unwrap(), Announced::Nobody);
}

#[tokio::test]
async fn strangers_have_little_time_and_those_with_a_token_as_much_as_any() {
    let served = Setup::default().serve().await;
    let data = served.folder.path().join("data");
    let settings = AdminSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        stranger_wait: Duration::from_secs(1),
        ..AdminSettings::default()
    };
    let listener = AdminListener::bind(settings).unwrap();
    let operators = listener.local_addr();
    // No test waits so long for a head.
    let callers = Settings { header_wait: Duration::from_secs(3_600), ..served.settings.clone() };
    let server = Server::bind(callers).unwrap().with_admin(listener.open(&data).unwrap());
    let (stop, stopped) = oneshot::channel();
    let app = Arc::clone(&served.app);
    let ended = tokio::spawn(async move { server.run_app(&app, async { stopped.await.unwrap() }).await });
    let token = std::fs::read_to_string(data.join(OPERATOR_FILE)).unwrap();
    let get = request("GET", "/v1/plans", &format!("authorization: Bearer {}\r\n", token.trim()), "");
    let work = spawn_blocking(move || {
        let mut operator = connect(operators);
        let mut ask = || {
            operator.write_all(get.as_bytes()).unwrap();
            let mut answer = vec![0; 64 << 10];
            let length = operator.read(&mut answer).unwrap();
            String::from_utf8(answer[..length].to_vec()).unwrap()
        };
        assert!(ask().starts_with("HTTP/1.1 200 OK"));
        // As many as there are places, and some more that wait for one.
        let mut strangers: Vec<_> = (0..80).map(|_| connect(operators)).collect();
        for stranger in &mut strangers {
            // One may be closed before it has said anything.
            let _ = stranger.write_all(b"GET /healthz HTTP/1.1\r\nhost: he");
        }
        assert!(ask().starts_with("HTTP/1.1 200 OK"));
        let mut late = connect(operators);
        let closing = get.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        late.write_all(closing.as_bytes()).unwrap();
        let mut answer = String::new();
        late.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "they do not keep an operator out: {answer}");
        for mut stranger in strangers {
            let mut came = Vec::new();
            let ended = stranger.read_to_end(&mut came);
            assert!(!ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "it was not closed");
            assert!(came.is_empty());
        }
        assert!(ask().starts_with("HTTP/1.1 200 OK"), "who is known stays");
    });
    work.await.unwrap();
    stop.send(()).unwrap();
    ended.await.unwrap().unwrap();
}
