//! Operators behind a socket, beside callers.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::socket::{exchange, request};
use super::super::{Setup, until};
use crate::{ADMIN_FILE, AdminListener, AdminSettings, Announced, OPERATOR_FILE, Server, announced};

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
