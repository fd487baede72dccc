//! Hears all that the host writes about guests.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The longest line that a person reads.
const LINE_MAX: usize = 40_000;

/// What was heard.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    count: usize,
    unreadable: Option<String>,
}

/// Listens to all threads of this process, from now on.
pub(crate) fn listen() -> Lines {
    let lines = Lines::default();
    let _ = tracing::subscriber::set_global_default(lines.clone());
    lines
}

impl Lines {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().count
    }

    /// A line with control characters, or one that does not end, since this was asked last.
    pub(crate) fn unreadable(&self) -> Option<String> {
        self.0.lock().unwrap().unreadable.take()
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{value:?} ");
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.push_str(value);
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("greenroom")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut heard = self.0.lock().unwrap();
        heard.count += 1;
        if text.0.chars().any(char::is_control) || text.0.len() > LINE_MAX {
            heard.unreadable = Some(text.0.chars().take(200).collect());
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
