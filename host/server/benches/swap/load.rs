//! Requests at a rate, whether or not those before are answered; or by so many clients, each of which waits for its
//! answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::latencies::Latencies;

/// What is still not answered so long after the last request is dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// Timers are no better than this.
const TIMER: Duration = Duration::from_micros(60);

/// An answer, as far as it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) generation: u64,
    /// The head of the plan's digest.
    pub(crate) plan: u64,
    /// What was asked.
    pub(crate) question: usize,
    /// What was answered, in a number.
    pub(crate) what: u64,
}

/// An answer, and the last generation that was known to be active before it was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) answer: Answer,
    pub(crate) since: u64,
}

/// Whoever can be asked.
pub(crate) trait Asked: Send + Sync + 'static {
    fn ask(self: Arc<Self>, number: u64) -> impl Future<Output = Result<Answer, String>> + Send;
}

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// From so many clients.
    Clients(u64),
    /// So many a second. A latency begins when its request was to come, not when there was time to send it.
    Rate(f64),
}

/// What came of the requests of some seconds.
#[derive(Default)]
pub(crate) struct Window {
    pub(crate) us: Latencies,
    pub(crate) seen: Vec<Seen>,
    pub(crate) failed: Vec<String>,
    pub(crate) asked: u64,
    /// Asked, and neither answered nor failed.
    pub(crate) dropped: u64,
    pub(crate) seconds: f64,
    /// More than the limit were not answered at a time; no more were asked then.
    pub(crate) overrun: bool,
}

pub(crate) struct Load<A> {
    pub(crate) callers: Handle,
    pub(crate) asked: Arc<A>,
    /// The last generation that was acknowledged.
    pub(crate) acknowledged: Arc<AtomicU64>,
    pub(crate) next: AtomicU64,
    /// Requests that may wait at a time.
    pub(crate) backlog_max: u64,
}

/// What callers share.
#[derive(Default)]
struct Shared {
    window: Mutex<Window>,
    running: AtomicU64,
    stop: AtomicBool,
}

impl Shared {
    /// Until all are answered, or had their time.
    fn wait(&self) {
        let by = Instant::now() + PATIENCE;
        while self.running.load(Ordering::SeqCst) > 0 && Instant::now() < by {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn end(&self, due: Instant, since: u64, answer: Result<Answer, String>) {
        let us = due.elapsed().as_secs_f64() * 1e6;
        let mut window = self.window.lock().unwrap();
        match answer {
            Ok(answer) => {
                window.us.add(us);
                window.seen.push(Seen { answer, since });
            }
            Err(why) => window.failed.push(why),
        }
        drop(window);
        self.running.fetch_sub(1, Ordering::Release);
    }
}

impl<A: Asked> Load<A> {
    pub(crate) fn run(&self, pace: Pace, time: Duration) -> Window {
        let shared = Arc::new(Shared::default());
        let began = Instant::now();
        let mut overrun = false;
        let asked = match pace {
            Pace::Clients(clients) => self.by_clients(&shared, clients, time),
            Pace::Rate(rate) => {
                let (asked, over) = self.at_a_rate(&shared, rate, time);
                overrun = over;
                asked
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        shared.wait();
        let mut window = std::mem::take(&mut *shared.window.lock().unwrap());
        window.asked = asked.load(Ordering::Relaxed);
        window.dropped = window.asked - window.seen.len() as u64 - window.failed.len() as u64;
        (window.seconds, window.overrun) = (seconds, overrun);
        window
    }

    fn at_a_rate(&self, shared: &Arc<Shared>, rate: f64, time: Duration) -> (AtomicU64, bool) {
        let began = Instant::now();
        let mut asked = 0_u64;
        loop {
            let due = began + Duration::from_secs_f64(asked as f64 / rate);
            if due >= began + time {
                return (asked.into(), false);
            }
            let ahead = due.saturating_duration_since(Instant::now());
            if ahead > TIMER {
                std::thread::sleep(ahead);
            }
            if shared.running.load(Ordering::Relaxed) > self.backlog_max {
                return (asked.into(), true);
            }
            asked += 1;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            shared.running.fetch_add(1, Ordering::Relaxed);
            let (shared, of) = (Arc::clone(shared), Arc::clone(&self.asked));
            let acknowledged = Arc::clone(&self.acknowledged);
            self.callers.spawn(async move {
                let since = acknowledged.load(Ordering::Acquire);
                let answer = of.ask(number).await;
                shared.end(due, since, answer);
            });
        }
    }

    fn by_clients(&self, shared: &Arc<Shared>, clients: u64, time: Duration) -> AtomicU64 {
        let asked = Arc::new(AtomicU64::new(0));
        for client in 0..clients {
            let (shared, of, asked) = (Arc::clone(shared), Arc::clone(&self.asked), Arc::clone(&asked));
            let acknowledged = Arc::clone(&self.acknowledged);
            self.callers.spawn(async move {
                let mut number = client;
                loop {
                    // Whoever waits for all sees either this or that it stops.
                    shared.running.fetch_add(1, Ordering::SeqCst);
                    if shared.stop.load(Ordering::SeqCst) {
                        shared.running.fetch_sub(1, Ordering::Release);
                        break;
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                    let (due, since) = (Instant::now(), acknowledged.load(Ordering::Acquire));
                    let answer = Arc::clone(&of).ask(number).await;
                    shared.end(due, since, answer);
                    number += clients;
                }
            });
        }
        std::thread::sleep(time);
        shared.stop.store(true, Ordering::SeqCst);
        shared.wait();
        asked.load(Ordering::Relaxed).into()
    }
}

/// The most that can be asked a second: the highest rate, of some between nothing and what waiting clients reach, at which
/// p99 stays below `bound`, no request fails and none are left over, and the log's queue is nearly empty: what it holds is on
/// the disk within as long. Each rate is tried twice, and has to hold both times.
pub(crate) fn capacity<A: Asked>(load: &Load<A>, time: Duration, bound: Duration, flush: impl Fn()) -> (f64, f64) {
    let closed = load.run(Pace::Clients(16), time);
    assert!(closed.failed.is_empty(), "{:?}", closed.failed.first());
    let most = closed.seen.len() as f64 / closed.seconds;
    flush();
    let holds = |rate: f64| {
        let window = load.run(Pace::Rate(rate), time);
        let began = Instant::now();
        flush();
        let written = began.elapsed();
        let p99 = window.us.quantile(0.99) / 1e3;
        // Beyond what it can, requests reach their deadline.
        let answered = window.dropped == 0 && window.failed.is_empty();
        let holds = !window.overrun && answered && p99 < bound.as_secs_f64() * 1e3 && written < bound;
        let says = if holds { "holds" } else { "too much" };
        println!("  {rate:>8.0}/s: p99 {p99:.1} ms, then the log took {:.0} ms: {says}", written.as_secs_f64() * 1e3);
        holds
    };
    let (mut low, mut high) = (0.0, most);
    for _ in 0..5 {
        let rate = (low + high) / 2.0;
        if holds(rate) && holds(rate) {
            low = rate;
        } else {
            high = rate;
        }
    }
    assert!(low > 0.0, "no rate holds");
    (low, most)
}
