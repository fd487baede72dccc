//! Warm images: a component as it is once it has been configured and restored, so that each request can begin with a copy
//! of its memory that is shared until it is written to, and with nothing of any earlier request in it.
//!
//! An image is a new component, with the memories and globals of a prepared instance in the place of the ones that the
//! old one began with. So making one compiles anew, and not every component can be made one of: see [`ImageError`].

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_model::text::shown;
use greenroom_model::{Budget, Budgets, Digest, Fault, Grant, State, Usage};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wasmtime::component::{Lift, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::capabilities::Capabilities;
use crate::component::Component;
use crate::engine::Sandbox;
use crate::inspect::{Inspection, LoadError, taken_apart};
use crate::instance::Instance;
use crate::limits::Limits;
use crate::tape::{Replayed, Tape};

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
    /// Prepares an instance: made, configured and restored. What that used is added to `used`, and what memory answered to
    /// `tape`, also when it fails.
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn prepare(
        &self,
        capabilities: Capabilities,
        preparation: &Preparation<'_>,
        used: &mut Usage,
        tape: &mut Tape,
    ) -> Result<Instance, Fault> {
        let budgets = preparation.budgets;
        let budget = preparation.cut(&budgets.instantiate);
        let mut instance = self.instantiate_counted(capabilities, &budget, used, tape).await?;
        let mut after = |instance: &mut Instance| {
            *used += instance.usage();
            *tape = std::mem::take(tape).then(&instance.take_tape());
        };
        if let Some(params) = preparation.params {
            let configured = instance.configure(params, &preparation.cut(&budgets.configure)).await;
            after(&mut instance);
            configured?;
        }
        if let Some(state) = preparation.state {
            let restored = instance.restore(state, &preparation.cut(&budgets.restore)).await;
            after(&mut instance);
            restored?;
        }
        instance.prepared_with(Arc::new(tape.clone()));
        Ok(instance)
    }

    /// The image of a version, from the cache or made: a component whose instances are prepared as soon as they are made.
    /// Made in the process that compiles, where there is one, at idle priority. Blocks for as long as that takes.
    ///
    /// What an agent that reads memory while it is prepared found there stays in its image.
    ///
    /// # Errors
    /// See [`ImageError`].
    pub async fn image(&self, capabilities: Capabilities, preparation: &Preparation<'_>) -> Result<Self, ImageError> {
        // Whoever makes the image is granted what is granted now, and hears what is heard here, and nothing else.
        let grants = capabilities.grants.now();
        let capabilities = Capabilities { grants: grants.to_vec().into(), ..capabilities };
        let reads = |import: &String| import == "memory" || import.starts_with("memory/");
        let prelude = if self.interfaces().imports.iter().any(reads) {
            let mut tape = Tape::default();
            self.prepare(capabilities.clone(), preparation, &mut Usage::default(), &mut tape).await?;
            Arc::new(tape)
        } else {
            Arc::default()
        };
        if prelude.cut() {
            let message = "memory answers more than can be kept while it is prepared";
            return Err(ImageError::Unsupported(message.to_owned()));
        }
        let key = self.image_key(&capabilities.agent, &grants, preparation, &prelude);
        let sandbox = self.sandbox();
        if let Some(compiled) = sandbox.cached(&key) {
            return Ok(self.linked(&compiled, prelude)?);
        }
        let compiled = match sandbox.image_compiler() {
            Some(compiler) => {
                let task = ImageTask::new(self, &capabilities.agent, &grants, preparation, &prelude);
                sandbox.compiled(&compiler.image(&task)?)?
            }
            None => {
                let heard = Capabilities { memory: Arc::new(Replayed::of(&prelude)), ..capabilities };
                sandbox.compile(&snapshot(sandbox, self.inspection(), self.bytes(), heard, preparation).await?)?
            }
        };
        sandbox.keep(&key, &compiled);
        Ok(self.linked(&compiled, prelude)?)
    }

    /// Of all that shapes it. How long preparing may take does not.
    fn image_key(&self, agent: &str, grants: &[Grant], preparation: &Preparation<'_>, prelude: &Tape) -> Digest {
        let Budgets { instantiate, configure, restore, .. } = preparation.budgets;
        let budgets = [instantiate, configure, restore].map(|budget| Budget { deadline_ms: 0, ..*budget });
        let budgets = format!("{budgets:?}");
        let state = preparation.state.map(State::digest);
        let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
        Digest::of_parts([
            b"image 3".as_slice(),
            self.digest().bytes(),
            agent.as_bytes(),
            budgets.as_bytes(),
            preparation.params.unwrap_or_default(),
            state.as_ref().map(|digest| digest.bytes().as_slice()).unwrap_or_default(),
            grants.join("\n").as_bytes(),
            prelude.bytes(),
        ])
    }
}

/// The code of an image: the component with a prepared instance's memories and globals in the place of its own.
async fn snapshot(
    sandbox: &Sandbox,
    inspection: &Inspection,
    bytes: &[u8],
    capabilities: Capabilities,
    preparation: &Preparation<'_>,
) -> Result<Vec<u8>, ImageError> {
    let unsupported = |error: wasmtime::Error| ImageError::Unsupported(shown(&format!("{error:#}")));
    let wizer = Wizer::new();
    let (code, script) = taken_apart(bytes)?;
    let (context, instrumented) = wizer.instrument_component(code).map_err(unsupported)?;
    let compiled = sandbox.compile(&instrumented)?;
    let readable =
        Component::new(inspection.clone(), bytes.into(), &compiled, script, Arc::default(), sandbox.clone())?;
    let (mut used, mut tape) = (Usage::default(), Tape::default());
    let mut instance = readable.prepare(capabilities, preparation, &mut used, &mut tape).await?;
    let mut reader = Reader { instance: &mut instance, failed: None };
    reader.instance.open_for_reading(&READING);
    let image = wizer.snapshot_component(&context, &mut reader).await.map_err(unsupported)?;
    match reader.failed {
        Some(error) => Err(unsupported(error)),
        None => Ok(image),
    }
}

/// All that an image is made of, for the process that makes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct ImageTask<'a> {
    #[serde(borrow, with = "serde_bytes")]
    component: Cow<'a, [u8]>,
    limits: Limits,
    agent: Cow<'a, str>,
    grants: Cow<'a, [Grant]>,
    #[serde(borrow, with = "serde_bytes")]
    params: Option<Cow<'a, [u8]>>,
    schema: Option<Cow<'a, str>>,
    #[serde(borrow, with = "serde_bytes")]
    state: Option<Cow<'a, [u8]>>,
    budgets: Cow<'a, Budgets>,
    prelude: Cow<'a, Tape>,
}

impl<'a> ImageTask<'a> {
    fn new(
        component: &'a Component,
        agent: &'a str,
        grants: &'a [Grant],
        preparation: &Preparation<'a>,
        prelude: &'a Tape,
    ) -> Self {
        Self {
            component: component.bytes().into(),
            limits: *component.sandbox().limits(),
            agent: agent.into(),
            grants: grants.into(),
            params: preparation.params.map(Cow::Borrowed),
            schema: preparation.state.map(|state| state.schema.as_str().into()),
            state: preparation.state.map(|state| state.bytes.as_slice().into()),
            budgets: Cow::Borrowed(preparation.budgets),
            prelude: Cow::Borrowed(prelude),
        }
    }

    /// How long preparing may take.
    pub(crate) fn wall(&self) -> Duration {
        let Budgets { instantiate, configure, restore, .. } = &*self.budgets;
        Duration::from_millis([instantiate, configure, restore].iter().map(|budget| budget.deadline_ms).sum())
    }

    /// Makes it, in the process that compiles.
    pub(crate) async fn make(self) -> Result<Vec<u8>, ImageError> {
        let unsupported = |error: wasmtime::Error| ImageError::Unsupported(shown(&format!("{error:#}")));
        let sandbox = Sandbox::in_compiler(self.limits).map_err(unsupported)?;
        let inspection = sandbox.inspect(&self.component)?;
        let capabilities = Capabilities {
            agent: (*self.agent).into(),
            grants: self.grants.into_owned().into(),
            memory: Arc::new(Replayed::of(&self.prelude)),
        };
        let state = self.state.zip(self.schema);
        let state = state.map(|(bytes, schema)| State { schema: schema.into_owned(), bytes: bytes.into_owned() });
        let preparation =
            Preparation { params: self.params.as_deref(), state: state.as_ref(), budgets: &self.budgets, by: None };
        let image = snapshot(&sandbox, &inspection, &self.component, capabilities, &preparation).await?;
        sandbox.engine().precompile_component(&image).map_err(unsupported)
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
