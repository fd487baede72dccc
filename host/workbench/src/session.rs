//! Instances of one component in a world of their own.

use std::sync::Arc;

use greenroom_model::{Budget, Budgets, Descriptor, Fault, Grant, Params, Usage};
use greenroom_sandbox::{Capabilities, Component, Instance, Tape};

use crate::World;

/// What an agent is granted: everything that its world has, but for what it is called to be denied.
const GRANTS: [&str; 2] = ["items:read", "echo:write"];

/// A component, and the world that its instances share.
pub struct Session {
    component: Component,
    world: Arc<World>,
    descriptor: Option<Descriptor>,
    budgets: Budgets,
    grants: Vec<Grant>,
}

impl Session {
    /// Begins with an empty world. `grants` are beside what every agent here is granted.
    ///
    /// # Errors
    /// What it says in `describe`, or fails to.
    pub async fn begin(component: &Component, grants: &[Grant]) -> Result<Self, Fault> {
        let descriptor = component.describe(&Budget::PREPARE).await?;
        let learn = Budget { fuel: 200_000_000_000, deadline_ms: 60_000, ..Budget::LEARN };
        let budgets = Budgets { learn, fit: learn, ..Budgets::default() };
        let grants = GRANTS.iter().filter_map(|grant| Grant::parse(grant)).chain(grants.iter().cloned()).collect();
        Ok(Self { component: component.clone(), world: Arc::default(), descriptor, budgets, grants })
    }

    /// Begins in a world that is there, with these grants and no others.
    ///
    /// # Errors
    /// As for [`Session::begin`].
    pub async fn begin_in(component: &Component, world: World, grants: Vec<Grant>) -> Result<Self, Fault> {
        let session = Self::begin(component, &[]).await?;
        Ok(Self { world: Arc::new(world), grants, ..session })
    }

    /// How many items its world has.
    #[must_use]
    pub fn rows(&self) -> u32 {
        greenroom_sandbox::Memory::row_count(&*self.world)
    }

    /// The same component in a world of its own.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            component: self.component.clone(),
            world: Arc::default(),
            descriptor: self.descriptor.clone(),
            budgets: self.budgets,
            grants: self.grants.clone(),
        }
    }

    /// What it says of itself.
    #[must_use]
    pub fn descriptor(&self) -> Option<&Descriptor> {
        self.descriptor.as_ref()
    }

    /// The component.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// What its calls may use.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// An instance that was not configured.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn bare(&self) -> Result<Instance, Fault> {
        let capabilities = Capabilities {
            agent: "workbench".into(),
            grants: self.grants.clone().into(),
            memory: Arc::clone(&self.world) as Arc<dyn greenroom_sandbox::Memory>,
        };
        let (mut used, mut tape) = (Usage::default(), Tape::default());
        self.component.instantiate_counted(capabilities, &self.budgets.instantiate, &mut used, &mut tape).await
    }

    /// An instance with these parameters; none for its defaults.
    ///
    /// # Errors
    /// When it cannot be made, or does not take them.
    pub async fn instance(&self, params: Option<&Params>) -> Result<Instance, Fault> {
        let mut instance = self.bare().await?;
        if let Some(descriptor) = &self.descriptor {
            let params = params.cloned().unwrap_or_else(|| defaults(descriptor));
            instance.configure(&packed(&params), &self.budgets.configure).await?;
        }
        Ok(instance)
    }
}

/// Parameters as they travel.
pub(crate) fn packed(params: &Params) -> Vec<u8> {
    // A map of plain values can always be written.
    rmp_serde::to_vec(params).unwrap_or_default()
}

/// The parameters that an agent has when nobody says.
#[must_use]
pub fn defaults(descriptor: &Descriptor) -> Params {
    descriptor.parameters.iter().filter_map(|p| Some((p.name.clone(), p.domain.usual()?))).collect()
}
