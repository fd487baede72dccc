// The SDK of Greenroom: what it offers is described in index.d.ts.

export { best, bestPlaces } from "./best.js";
export { Candidates } from "./candidates.js";
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
