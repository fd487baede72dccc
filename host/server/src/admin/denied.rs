//! Calls that were denied. The same again within an hour is counted in the line that is there: a caller who is told no twenty
//! times a second would fill the file otherwise, and push out what others tried.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use greenroom_model::text::shortened;
use serde::Serialize;

use super::audit::{Call, WHAT_MAX};
use super::journal::{Journal, Place};

/// For how long the same is counted in one line.
const TOGETHER: Duration = Duration::from_secs(3_600);

/// Lines that are counted in at once. Those without a token may come from many addresses, one a second in the long run.
const LINES_MAX: usize = 4_096;

/// Bytes that are kept free in a line for the digits of the count.
const ROOM: usize = 20;

#[derive(Serialize)]
struct Line<'l> {
    time: &'l str,
    #[serde(flatten)]
    call: &'l Call,
    outcome: &'l str,
    /// How often.
    times: u64,
    /// When it was so the last time.
    last: &'l str,
}

/// What makes a call the same as another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Same {
    token: Option<String>,
    /// Without the port, which each connection has anew.
    address: String,
    action: String,
    outcome: String,
}

struct Counted {
    place: Place,
    /// When it was so the first time.
    time: String,
    call: Call,
    begun: Instant,
    times: u64,
}

/// The lines.
pub(super) struct Denied {
    journal: Journal,
    counted: Mutex<HashMap<Same, Counted>>,
}

impl Denied {
    pub(super) fn new(journal: Journal) -> Self {
        Self { journal, counted: Mutex::default() }
    }

    /// Writes down that a call was denied at `time`, which the monotonic clock calls `now`.
    pub(super) fn write(&self, call: Call, outcome: &str, time: &str, now: Instant) -> io::Result<()> {
        let outcome = shortened(outcome, WHAT_MAX);
        let address = call.address.parse::<SocketAddr>().map_or_else(|_| call.address.clone(), |a| a.ip().to_string());
        let same = Same { token: call.token.clone(), address, action: call.action.clone(), outcome: outcome.clone() };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |counted: &Counted| now.saturating_duration_since(counted.begun) < TOGETHER;
        if let Some(again) = counted.get_mut(&same).filter(|again| fresh(again)) {
            let times = again.times.saturating_add(1);
            let line = Line { time: &again.time, call: &again.call, outcome: &outcome, times, last: time };
            if again.place.write(text(&line)?)? {
                again.times = times;
                return Ok(());
            }
        }
        let line = Line { time, call: &call, outcome: &outcome, times: 1, last: time };
        let place = self.journal.append(text(&line)?, ROOM)?;
        if counted.len() >= LINES_MAX {
            counted.retain(|_, one| fresh(one));
        }
        if counted.len() >= LINES_MAX {
            counted.clear();
        }
        counted.insert(same, Counted { place, time: time.to_owned(), call, begun: now, times: 1 });
        Ok(())
    }
}

fn text(line: &Line<'_>) -> io::Result<Vec<u8>> {
    serde_json::to_vec(line).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn call(token: &str, address: &str) -> Call {
        let token = Some(token.to_owned());
        Call { token, address: address.to_owned(), action: "POST /v1/plans".to_owned(), what: String::new() }
    }

    #[test]
    fn the_same_again_is_counted_in_its_line_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("denied.log");
        let denied = Denied::new(Journal::open(path.clone(), 1 << 20).unwrap());
        let begun = Instant::now();
        let write = |call: Call, outcome: &str, second: u64| {
            let time = format!("2026-01-31T12:00:00.{second:06}Z");
            denied.write(call, outcome, &time, begun + Duration::from_secs(second)).unwrap();
        };
        for second in 0..3_000 {
            write(call("ann", &format!("[::1]:{second}")), "403: has read, needs deploy", second);
        }
        write(call("bob", "[::1]:7"), "403: has read, needs deploy", 3_000);
        write(call("ann", "[::2]:7"), "403: has read, needs deploy", 3_000);
        write(call("ann", "[::1]:7"), "403: has read, needs administer", 3_000);
        write(call("ann", "[::1]:7"), "403: has read, needs deploy", 3_600);
        write(call("ann", "[::1]:7"), "403: has read, needs deploy", 3_601);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let found: Vec<_> = lines.iter().map(|line| (line["token"].as_str().unwrap(), line["times"].clone())).collect();
        let expected = [("ann", 3_000), ("bob", 1), ("ann", 1), ("ann", 1), ("ann", 2)];
        assert_eq!(found, expected.map(|(token, times)| (token, Value::from(times))));
        assert_eq!(lines[0]["address"], "[::1]:0", "where it came from the first time");
        let times = (lines[0]["time"].as_str().unwrap(), lines[0]["last"].as_str().unwrap());
        assert_eq!(times, ("2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00.002999Z"));
    }
}
