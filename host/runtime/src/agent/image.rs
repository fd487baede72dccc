//! The warm image of an agent: its fresh instances are copies of it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use greenroom_graph::Instances;
use greenroom_model::{Budget, Budgets};
use greenroom_sandbox::{Component, ImageError, panic_message};

use super::{Agent, Source};

/// A component of more bytes is not compiled anew with each version, unless there is a learned state to be had by it: what an
/// image of CPython, of 18 MB, saves in a request, writing to the pages that it shares takes again (`docs/agents/costs.md`).
const CODE_MAX: usize = 8 << 20;

impl Agent {
    /// Makes the image that fresh instances are copies of, unless there is one or there is nothing to prepare. Takes as
    /// long as compiling does, and is to be done beside serving.
    pub fn make_image(&self, guests: &tokio::runtime::Handle) {
        if !self.wants_image() {
            return;
        }
        let agent = &self.spec.name;
        let began = Instant::now();
        let prepared = self.prepared.load(Ordering::Acquire);
        let preparation = self.preparation();
        // An image that no instance can be made of would fail every request.
        let make = || {
            guests.block_on(async {
                let image = self.component.image(self.capabilities.clone(), &preparation).await?;
                image.instantiate(self.capabilities.clone(), &self.copying()).await?;
                Ok(image)
            })
        };
        // Making a snapshot is not meant to fail half-way, and what it was made of is thrown away then.
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(make));
        let made = made.unwrap_or_else(|panic| Err(ImageError::Unsupported(panic_message(&*panic))));
        if let Err(error) = &made {
            tracing::warn!(%agent, %error, "no image: instances are made ready ahead of requests instead");
        } else {
            let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(%agent, ms, "instances are copies of a warm image from now on");
        }
        // What was prepared before grants were taken back is not served from.
        if self.prepared.load(Ordering::Acquire) != prepared {
            return;
        }
        self.image.store(Some(Arc::new(made.map_err(|error| error.to_string()))));
        if self.image().is_some() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Whether it is to have an image, and none was tried yet.
    pub(crate) fn wants_image(&self) -> bool {
        let fresh = self.spec.instances == Instances::Fresh && self.spec.interfaces.lifecycle;
        fresh && self.dear().is_none() && self.image.load().is_none()
    }

    /// Why an image would cost more than it saves, if that can be told before it is made.
    fn dear(&self) -> Option<&'static str> {
        if self.spec.interfaces.script {
            // One is ready in a millisecond or two.
            return Some("an image would compile the interpreter anew with every change of the text");
        }
        let large = self.component.bytes().len() > CODE_MAX && self.state().is_none();
        large.then_some("more than 8 MiB of code would be compiled anew with every change, and there is no learned state to restore")
    }

    /// What making a copy of the image may use: it has all that preparing it took.
    pub(super) fn copying(&self) -> Budget {
        let Budgets { instantiate, configure, restore, .. } = &self.spec.budgets;
        let most = |of: fn(&Budget) -> u64| of(instantiate).max(of(configure)).max(of(restore));
        Budget {
            memory_max: most(|budget| budget.memory_max),
            table_elements_max: most(|budget| budget.table_elements_max),
            ..*instantiate
        }
    }

    pub(super) fn image(&self) -> Option<Component> {
        self.image.load().as_ref()?.as_ref().as_ref().ok().cloned()
    }

    /// Where the next instance comes from, and why there is no image when one was tried.
    pub fn source(&self) -> (Source, Option<String>) {
        let refused = self.image.load().as_ref().and_then(|made| made.as_ref().as_ref().err().cloned());
        let dear = || self.dear().filter(|_| self.spec.instances == Instances::Fresh).map(str::to_owned);
        let refused = refused.or_else(dear);
        let source = match self.spec.instances {
            Instances::Pooled { .. } => Source::Pool,
            _ if self.image().is_some() => Source::Image,
            _ => Source::Stock,
        };
        (source, refused)
    }
}
