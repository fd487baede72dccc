//! The words that every crate of the host shares: identities, budgets, capabilities, payloads, faults. No I/O.

mod budget;
mod candidates;
mod capability;
pub mod check;
mod descriptor;
mod digest;
mod evidence;
mod fault;
mod feedback;
mod observation;
mod outside;
mod params;
mod script;
mod signature;
mod subject;
pub mod text;
mod usage;
mod version;

pub use budget::{Budget, Budgets, Call, Exceeded};
pub use candidates::{Candidates, Column, Decision, Payload, PayloadKind, PolicyKind, PolicyRecord, Route, Values};
pub use capability::{DIMENSION_MAX, Grant, Interfaces, NamespaceKind, VectorMetric, VectorSpace, Verb};
pub use descriptor::{
    ColumnKind, ColumnSpec, Condition, Descriptor, Domain, Layer, Learning, Parameter, Port, RewardLevel, Role,
};
pub use digest::{Digest, DigestError, Prefix};
pub use evidence::{Compared, Doubt, Evidence};
pub use fault::{Fault, FaultKind, FaultReport, FaultSource, Frame, Overrun};
pub use feedback::{Exposure, Feedback, FitReport, NONE, Status};
pub use observation::{EventKind, History, Input, Observation, Subject};
pub use outside::{Ask, ID_BYTES_MAX, LIMIT_MAX, Told};
pub use params::{ParamValue, Params};
pub use script::{Script, ScriptExports, ScriptFailure};
pub use signature::{KeyError, PublicKey, Signature, Signatures, SignaturesError, Unsigned, signed_message, verify};
pub use subject::{NoSubjectKeys, SubjectKeys};
pub use usage::{NamespaceUsage, Usage};
pub use version::{Generation, State, Version};
