// The SDK of Greenroom: what it offers is described in index.d.ts.

export { best, bestPlaces } from "./best.js";
export { Candidates } from "./candidates.js";
export { f32s as f32sOf, f64s as f64sOf, lowerU64 as bytesOf64, lowered as bytesOf, s64 as s64Of, s64s as s64sOf, u32s as u32sOf, u64 as u64Of,
  u64s as u64sOf } from "./columns.js";
export { boolean, choice, describe, float, integer, items, numbers } from "./describe.js";
export { Fault, fault } from "./fault.js";
export { NONE } from "./feedback.js";
export { log, metric } from "./host.js";
export { MemoryError } from "./memory-error.js";
export { memory } from "./memory.js";
export { pack, unpack } from "./msgpack.js";
export { document, route, settings } from "./payload.js";
export { StateReader, StateWriter } from "./state.js";

/** An agent is the object itself; this is for the types. */
export function agent(it) {
  return it;
}
