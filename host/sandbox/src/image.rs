//! Warm images: a component as it is once it has been configured and restored, so that each request can begin with a copy
//! of its memory that is shared until it is written to, and with nothing of any earlier request in it.
//!
//! An image is a new component, with the memories and globals of a prepared instance in the place of the ones that the
//! old one began with. So making one compiles anew, and not every component can be made one of: see [`ImageError`].

use std::any::Any;
use std::time::Instant;

use greenroom_model::{Budget, Budgets, Digest, Fault, State, Usage};
use thiserror::Error;
use wasmtime::component::{Lift, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::capabilities::Capabilities;
use crate::component::Component;
use crate::inspect::LoadError;
use crate::instance::Instance;

/// What reading the memories of a prepared instance may use: it runs functions of the engine's, not of the guest.
const READING: Budget = Budget {
    fuel: u64::MAX / 2,
    deadline_ms: 60_000,
    memory_max: u64::MAX / 2,
    lifted_bytes_max: u64::MAX,
    ..Budget::LEARN
};

/// Why there is no image of an agent.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The component does what a snapshot cannot keep.
    #[error("it cannot be snapshotted: {0}")]
    Unsupported(String),
    /// It could not be configured or restored.
    #[error(transparent)]
    Prepare(#[from] Fault),
    /// The image could not be compiled.
    #[error(transparent)]
    Compile(#[from] LoadError),
}

/// What makes a version of an agent of a component.
#[derive(Debug, Clone, Copy)]
pub struct Preparation<'a> {
    /// A MessagePack map; none for a component without `lifecycle`.
    pub params: Option<&'a [u8]>,
    /// What it learned.
    pub state: Option<&'a State>,
    /// Of the calls that prepare it.
    pub budgets: &'a Budgets,
    /// When it is given up, whatever the budgets say.
    pub by: Option<Instant>,
}

impl Preparation<'_> {
    fn cut(&self, budget: &Budget) -> Budget {
        self.by.map_or(*budget, |by| budget.until(by))
    }
}

impl Component {
    /// Prepares an instance: made, configured and restored. What that used is added to `used`, also when it fails.
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn prepare(
        &self,
        capabilities: Capabilities,
        preparation: &Preparation<'_>,
        used: &mut Usage,
    ) -> Result<Instance, Fault> {
        let budgets = preparation.budgets;
        let mut instance = self.instantiate(capabilities, &preparation.cut(&budgets.instantiate)).await?;
        *used += instance.usage();
        if let Some(params) = preparation.params {
            let configured = instance.configure(params, &preparation.cut(&budgets.configure)).await;
            *used += instance.usage();
            configured?;
        }
        if let Some(state) = preparation.state {
            let restored = instance.restore(state, &preparation.cut(&budgets.restore)).await;
            *used += instance.usage();
            restored?;
        }
        Ok(instance)
    }

    /// The image of a version, from the cache or made: a component whose instances are prepared as soon as they are made.
    /// Blocks for as long as compiling does.
    ///
    /// What an agent that reads memory while it is prepared found there stays in its image, which is then not cached.
    ///
    /// # Errors
    /// See [`ImageError`].
    pub async fn image(&self, capabilities: Capabilities, preparation: &Preparation<'_>) -> Result<Self, ImageError> {
        let key = self.image_key(preparation);
        if let Some(image) = self.cached_image(&key)? {
            return Ok(image);
        }
        let unsupported = |error: wasmtime::Error| ImageError::Unsupported(format!("{error:#}"));
        let wizer = Wizer::new();
        let (context, instrumented) = wizer.instrument_component(self.bytes()).map_err(unsupported)?;
        let readable = self.compiled_from(&instrumented)?;
        let mut used = Usage::default();
        let mut instance = readable.prepare(capabilities, preparation, &mut used).await?;
        let mut reader = Reader { instance: &mut instance, failed: None };
        reader.instance.open_for_reading(&READING);
        let image = wizer.snapshot_component(&context, &mut reader).await.map_err(unsupported)?;
        if let Some(error) = reader.failed {
            return Err(unsupported(error));
        }
        drop(instance);
        let reads_memory = !used.namespaces.is_empty();
        self.compiled_image(&image, (!reads_memory).then_some(&key))
    }

    fn image_key(&self, preparation: &Preparation<'_>) -> Digest {
        let state = preparation.state.map(State::digest);
        Digest::of_parts([
            b"image".as_slice(),
            self.digest().bytes(),
            preparation.params.unwrap_or_default(),
            state.as_ref().map(|digest| digest.bytes().as_slice()).unwrap_or_default(),
        ])
    }
}

/// Reads what an instance has in its memories and globals, through functions that were added to its component.
struct Reader<'a> {
    instance: &'a mut Instance,
    failed: Option<wasmtime::Error>,
}

impl Reader<'_> {
    async fn read<R: Lift + Send + Sync + 'static>(&mut self, instance: &str, function: &str) -> Option<R> {
        match self.instance.call_added::<R>(instance, function).await {
            Ok(found) => Some(found),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }
}

impl ComponentInstanceState for Reader<'_> {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        let list = self.read::<WasmList<u8>>(instance, func).await;
        match &list {
            Some(list) => contents(self.instance.list(list)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.read(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.read(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.read::<f32>(instance, func).await.unwrap_or_default().to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.read::<f64>(instance, func).await.unwrap_or_default().to_bits()
    }
}

/// What a panic said.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
