//! Writes of one key go one after another, in the order in which they were asked for: two of one host would only ever be in each
//! other's way.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A namespace and a key of it, or what records are appended to.
pub(super) type Lane = (String, String);

/// Who waits for which key. A lane is here while somebody is in it.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<Lane, VecDeque<oneshot::Sender<()>>>>);

/// A place in a lane; dropping it lets the next one go.
pub(super) struct Turn {
    lanes: Arc<Lanes>,
    lane: Lane,
    /// Tells that it is our turn; none once it is.
    wait: Option<oneshot::Receiver<()>>,
}

impl Lanes {
    /// Queues.
    pub(super) fn enter(self: &Arc<Self>, lane: Lane) -> Turn {
        let wait = match self.0.lock().entry(lane.clone()) {
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                None
            }
            Entry::Occupied(mut taken) => {
                let (tell, told) = oneshot::channel();
                taken.get_mut().push_back(tell);
                Some(told)
            }
        };
        Turn { lanes: Arc::clone(self), lane, wait }
    }

    fn pass(&self, lane: &Lane) {
        let mut lanes = self.0.lock();
        let Some(waiting) = lanes.get_mut(lane) else { return };
        while let Some(next) = waiting.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        lanes.remove(lane);
    }
}

impl Turn {
    /// Waits until all who came before are done.
    pub(super) async fn come(&mut self) {
        if let Some(wait) = &mut self.wait
            && wait.await.is_ok()
        {
            self.wait = None;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let ours = self.wait.as_mut().is_none_or(|wait| {
            wait.close();
            wait.try_recv().is_ok()
        });
        if ours {
            self.lanes.pass(&self.lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn is_ours(turn: &mut Turn) -> bool {
        let mut coming = std::pin::pin!(turn.come());
        coming.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    fn lane() -> Lane {
        ("profile".to_owned(), "ada".to_owned())
    }

    #[test]
    fn one_is_in_a_lane_at_a_time_and_the_next_is_who_came_next() {
        let lanes = Arc::<Lanes>::default();
        let [mut first, mut second, mut third] = [(); 3].map(|()| lanes.enter(lane()));
        assert!(is_ours(&mut first) && !is_ours(&mut second) && !is_ours(&mut third));
        drop(first);
        assert!(is_ours(&mut second) && !is_ours(&mut third));
        drop(second);
        assert!(is_ours(&mut third));
        drop(third);
        assert!(lanes.0.lock().is_empty());
    }

    #[test]
    fn who_gives_up_lets_the_next_one_go_whether_it_was_its_turn_or_not() {
        let lanes = Arc::<Lanes>::default();
        let [first, second, third, mut fourth] = [(); 4].map(|()| lanes.enter(lane()));
        drop(second);
        drop(first);
        assert!(!is_ours(&mut fourth));
        drop(third);
        assert!(is_ours(&mut fourth));
        drop(fourth);
        assert!(lanes.0.lock().is_empty());
    }
}
