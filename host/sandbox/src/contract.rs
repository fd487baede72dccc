//! The versions of the contract that this host speaks.

/// All of them, oldest first, as their packages have them.
pub const CONTRACTS: [&str; 2] = [Contract::First.version(), Contract::Second.version()];
/// The newest, which the rest of the host speaks: whatever is older is turned into it at the border.
pub const CONTRACT: &str = Contract::Second.version();

/// A version of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    /// Without `learning` in the descriptor.
    First,
    /// The newest.
    Second,
}

impl Contract {
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::First => "0.1.0",
            Self::Second => "0.2.0",
        }
    }

    pub(crate) fn of(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contract| contract.version() == version)
    }

    /// The full name of an interface.
    pub(crate) fn interface(self, name: &str) -> String {
        format!("greenroom:agent/{name}@{}", self.version())
    }
}
