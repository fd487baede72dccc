// The AssemblyScript SDK of Greenroom: write an agent, get a component.
//
// An agent is a class that extends `Policy` (it decides), `Lifecycle` (it also has parameters or a state) or
// `Learner` (it also learns), and the last line of its file makes a component of it:
//
//     class Newest extends Policy {
//       decide(seen: Observation): Decision {
//         const n = <i32>memory.rowCount();
//         const rows = new StaticArray<u32>(n);
//         const scores = new StaticArray<f32>(n);
//         for (let row = 0; row < n; ++row) {
//           rows[row] = row;
//           scores[row] = seen.admits(row) ? <f32>row : -1;
//         }
//         return new Decision(best(rows, scores, seen.limit));
//       }
//     }
//     exportModule(new Newest());

import "./abort";
import "./console";

export { Learner, Lifecycle, Policy, exportAgent, exportConfigurable, exportModule } from "./agent";
export { Answer, MemoryError, MemoryErrorKind } from "./answer";
export { best } from "./best";
export { Column, ColumnKind } from "./columns";
export { Decision, PolicyKind, PolicyRecord } from "./decision";
export { ColumnSpec, Descriptor, Layer, Learning, Parameter, Port, RewardLevel, Role, describe } from "./describe";
export { Fault, FaultKind, fail, failing } from "./fault";
export { Feedback, FitReport, NONE } from "./feedback";
export { log } from "./log";
export { Entry, KeyedEntry, Namespace, Page, memory } from "./memory";
export { metric } from "./metric";
export { History, Input, Observation, Subject } from "./observation";
export { Numbers, Params } from "./params";
export { Branch, Candidates, Document, Payload, PayloadKind, Route, Settings } from "./payload";
export { State, StateReader, StateWriter } from "./state";
