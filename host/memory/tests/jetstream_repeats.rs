//! Writes that are sent again because their answers were lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_nats::jetstream::context::PublishErrorKind;
use greenroom_memory::{Change, JetStream, JetStreamSettings, KeyValue as _, Write, log_key};

use crate::nats::{Server, bucket, shared};

/// Passes bytes on between clients and a server. Once it is told to, it keeps the answer to the next message that is to be stored, and
/// breaks the connection when that message has been answered.
struct Proxy {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, cuts) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let asked = Arc::clone(&cuts);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(server).unwrap();
                let (asked, cutting) = (Arc::clone(&asked), Arc::<AtomicBool>::default());
                let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let told = Arc::clone(&cutting);
                std::thread::spawn(move || {
                    let mut bytes = [0; 1 << 16];
                    while let Ok(count @ 1..) = from_client.read(&mut bytes) {
                        let stores = bytes[..count].windows(15).any(|part| part == b"HPUB greenroom.");
                        let less = |left: usize| left.checked_sub(1);
                        if stores && asked.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                            told.store(true, Ordering::SeqCst);
                        }
                        if to_server.write_all(&bytes[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = to_server.shutdown(Shutdown::Both);
                });
                let (mut from_server, mut to_client) = (server, client);
                std::thread::spawn(move || {
                    let mut bytes = [0; 1 << 16];
                    while let Ok(count @ 1..) = from_server.read(&mut bytes) {
                        let answer = bytes[..count].windows(8).any(|part| part == br#""stream""#);
                        if cutting.load(Ordering::SeqCst) && answer {
                            break;
                        }
                        if to_client.write_all(&bytes[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = to_client.shutdown(Shutdown::Both);
                    let _ = from_server.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, cuts }
    }
}

#[test]
fn a_write_whose_answer_was_lost_is_done_once_and_says_so() {
    let settings = shared().settings(&bucket());
    let proxy = Proxy::to(shared().address());
    let kv = JetStream::connect(&JetStreamSettings { servers: vec![format!("nats://{}", proxy.address)], ..settings })
        .unwrap();
    let cut = || proxy.cuts.store(1, Ordering::SeqCst);
    let was_cut = || assert_eq!(proxy.cuts.load(Ordering::SeqCst), 0);
    let mut last = None;
    for round in 0..5_u8 {
        cut();
        last = Some(kv.compare_and_swap("profile", "k", last, &[round]).wait().unwrap().revision);
        was_cut();
        assert_eq!(kv.get("profile", "k").unwrap().unwrap().revision, last.unwrap());
        cut();
        let added = kv.write("clicks", Write::new("all", Change::Add { by: 1 })).wait().unwrap();
        assert_eq!(added.number, i64::from(round) + 1);
        was_cut();
        cut();
        let appended = kv.write("log", Write::new("ada/", Change::Append { value: vec![round] })).wait().unwrap();
        let key = log_key("ada/", appended.number, appended.revision);
        was_cut();
        assert_eq!(kv.get("log", &key).unwrap().unwrap().value, [round]);
        kv.put("profile", "gone", b"x").wait().unwrap();
        cut();
        assert!(kv.delete("profile", "gone").wait().unwrap().existed);
        was_cut();
    }
    assert_eq!(kv.scan("log", "", None, 100).unwrap().entries.len(), 5);
}

/// What the exactness of repeated writes rests on: a message that is sent again is either known by its number or refused for what
/// it expects, and then is found by its number as long as nobody wrote the key again.
#[test]
fn a_server_stores_a_message_that_is_sent_again_once() {
    let mut server = Server::start("");
    drop(JetStream::connect(&server.settings("b")).unwrap());
    let publish = |address: SocketAddr, id: &str, expected: u64| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let context = async_nats::jetstream::new(async_nats::connect(address.to_string()).await.unwrap());
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", id);
            headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string().as_str());
            let sent = context.publish_with_headers("greenroom.b.k.n.k", headers, "x".into()).await.unwrap();
            sent.await.map(|ack| (ack.sequence, ack.duplicate)).map_err(|error| error.kind())
        })
    };
    let once = |again, sequence| {
        matches!(again, Ok((at, true)) if at == sequence) || matches!(again, Err(PublishErrorKind::WrongLastSequence))
    };
    assert_eq!(publish(server.address(), "one", 0), Ok((1, false)));
    assert!(once(publish(server.address(), "one", 0), 1));
    assert_eq!(publish(server.address(), "one", 1), Ok((1, true)));
    assert_eq!(publish(server.address(), "two", 1), Ok((2, false)));
    assert!(once(publish(server.address(), "one", 0), 1), "also after it was written again");
    server.kill();
    server.again();
    assert!(once(publish(server.address(), "two", 1), 2), "also after a restart");
    assert_eq!(publish(server.address(), "two", 2), Ok((2, true)));
    assert!(once(publish(server.address(), "one", 0), 1));
}
