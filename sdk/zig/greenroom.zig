//! The Zig SDK of Greenroom: write an agent, get a component.
//!
//! An agent is a struct whose fields have defaults, with a function `decide`. With `describe`, `configure`, `snapshot` and
//! `restore` it has parameters and state, and with `learn` and `fit` it learns. One line exports what there is:
//!
//!     const greenroom = @import("greenroom");
//!
//!     pub const Agent = struct {
//!         pub fn decide(_: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
//!             const all = try seen.takeCandidates(call, "ranked") orelse return .empty;
//!             return .of(try all.first(call.arena, seen.limit));
//!         }
//!     };
//!
//!     comptime {
//!         greenroom.exportAgent(Agent);
//!     }
//!
//! The same struct runs natively, which is how it is tested: see `native`.

const candidates = @import("candidates.zig");
const decision = @import("decision.zig");
const descriptor = @import("descriptor.zig");
const feedback = @import("feedback.zig");
const lifecycle = @import("lifecycle.zig");
const observation = @import("observation.zig");

pub const parameters = @import("parameters.zig");
pub const memory = @import("memory.zig");
pub const log = @import("log.zig");
pub const metric = @import("metric.zig");
/// For components that agents import.
pub const library = @import("library.zig");
pub const msgpack = @import("msgpack.zig");
/// Running an agent without a host: for its tests.
pub const native = @import("native.zig");

/// Exports what `Agent` has, when the target is WebAssembly; otherwise nothing. Called once, in a `comptime` block.
pub const exportAgent = @import("exports.zig").exportAgent;

pub const Call = @import("call.zig").Call;
pub const Error = @import("call.zig").Error;
pub const Fault = @import("fault.zig").Fault;

/// An item: rows are dense numbers from 0, given out once, so they index arrays.
pub const Row = u32;
/// Milliseconds since 1970-01-01T00:00:00Z.
pub const Time = i64;
/// Stands for "none" in the `u32` columns of `Feedback`.
pub const none = feedback.none;

pub const Candidates = candidates.Candidates;
pub const Column = candidates.Column;
pub const Values = candidates.Values;

pub const Observation = observation.Observation;
pub const History = observation.History;
pub const Input = observation.Input;
pub const Subject = observation.Subject;

pub const Decision = decision.Decision;
pub const Payload = decision.Payload;
pub const PolicyRecord = decision.PolicyRecord;
pub const PolicyKind = decision.PolicyKind;
pub const Route = decision.Route;
pub const Branch = decision.Branch;
pub const Settings = decision.Settings;

pub const Feedback = feedback.Feedback;
pub const isPositive = feedback.isPositive;

pub const Descriptor = descriptor.Descriptor;
pub const Port = descriptor.Port;
pub const ColumnSpec = descriptor.ColumnSpec;
pub const takes = descriptor.takes;
pub const columns = descriptor.columns;

pub const Float = parameters.Float;
pub const Integer = parameters.Integer;
pub const Choice = parameters.Choice;
pub const Boolean = parameters.Boolean;
pub const Items = parameters.Items;
pub const Numbers = parameters.Numbers;

pub const State = lifecycle.State;
pub const FitReport = lifecycle.FitReport;
pub const StateWriter = @import("state.zig").StateWriter;
pub const StateReader = @import("state.zig").StateReader;

test {
    _ = candidates;
    _ = feedback;
    _ = observation;
    _ = parameters;
    _ = @import("keys.zig");
    _ = memory;
    _ = msgpack;
    _ = @import("abi.zig");
    _ = @import("state.zig");
}
