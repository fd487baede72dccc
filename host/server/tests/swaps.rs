//! Plans of all kinds come and go while requests are answered, in this process and over HTTP: a short run of the bench.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    dead_code,
    reason = "a test that cannot go on should stop; it shares what it needs with the bench"
)]

#[path = "../benches/swap/alternate.rs"]
mod alternate;
#[path = "../benches/swap/http.rs"]
mod http;
#[path = "../benches/swap/latencies.rs"]
mod latencies;
#[path = "../benches/swap/load.rs"]
mod load;
#[path = "../benches/swap/small.rs"]
mod small;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use alternate::{Book, Found, Size, alternate};
use load::{Asked, Load, Pace};

const SIZE: Size =
    Size { requests: 6_000, swaps: 36, window: Duration::from_millis(300), time_max: Duration::from_secs(120) };

#[test]
fn no_request_is_lost_or_answered_by_two_plans() {
    let callers = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let small = small::Small::new(None);
    let (book, acknowledged) = (Arc::<Book>::default(), Arc::<AtomicU64>::default());
    let mut changes = small::Changes::new(&small, &book, &acknowledged);
    let here = load(&callers, small.host.clone(), &acknowledged);
    check(&alternate(&here, &mut changes, &book, Pace::Rate(2_000.0), SIZE), SIZE);
    let served = http::Served::new(small.host.clone());
    let over_http = load(&callers, http::Http::new(served.address), &acknowledged);
    let size = Size { requests: 3_000, ..SIZE };
    check(&alternate(&over_http, &mut changes, &book, Pace::Rate(1_000.0), size), size);
    drop(over_http);
    served.end();
}

#[track_caller]
fn check(found: &Found, size: Size) {
    assert_eq!(found.wrong(), 0, "dropped {}, failed {:?}, mixed {:?}", found.dropped, found.failed, found.mixed);
    assert_eq!(found.kinds.len(), 6, "changes of every kind");
    assert!(found.requests >= size.requests && found.swaps >= size.swaps);
}

fn load<A: Asked>(callers: &tokio::runtime::Runtime, asked: A, acknowledged: &Arc<AtomicU64>) -> Load<A> {
    Load {
        callers: callers.handle().clone(),
        asked: Arc::new(asked),
        acknowledged: Arc::clone(acknowledged),
        next: AtomicU64::new(0),
        backlog_max: 100_000,
    }
}
