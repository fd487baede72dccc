//! skeleton
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The store can't be read or written now.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Unavailable {
    what: String,
    #[source]
    source: Option<Arc<redb::Error>>,
}

/// A write on its way: `wait()` blocks, `.await` does not. Dropping it does not cancel the write.
#[must_use = "a write is durable once its answer is here"]
pub struct Pending<T, E> {
    x: std::marker::PhantomData<fn() -> (T, E)>,
}

impl<T, E: From<Unavailable>> Pending<T, E> {
    /// Blocks until the write is durable, or was refused.
    pub fn wait(self) -> Result<T, E> {
        todo!()
    }
}
impl<T, E: From<Unavailable>> Future for Pending<T, E> {
    type Output = Result<T, E>;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        todo!()
    }
}
