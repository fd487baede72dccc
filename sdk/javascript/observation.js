// What an agent perceives, from what the host hands over.

import { Candidates } from "./candidates.js";
import { column, f32s, s64, s64s, u32, u32s, u64, u64s, u8s } from "./columns.js";
import { fault } from "./fault.js";
import { unpack } from "./msgpack.js";

export class Observation {
  constructor(seen) {
    this.requestId = seen.requestId;
    this.subject = seen.subject ? { key: seen.subject.key, number: u32(seen.subject.number) } : null;
    this.now = s64(seen.now);
    this.seed = u64(seen.seed);
    this.limit = u32(seen.limit);
    this.surface = seen.surface;
    this.sessionId = seen.sessionId ?? null;
    this.segments = seen.segments;
    this.excluded = u32s(seen.excluded);
    this.allowed = seen.allowed ? u32s(seen.allowed) : null;
    this.context = u8s(seen.context);
    const { rows, times, kinds, values } = seen.history;
    this.history = { rows: u32s(rows), times: s64s(times), kinds: u8s(kinds), values: f32s(values) };
    this.inputs = seen.inputs.map(({ port, node, payload }) => ({ port, node, payload: lifted(payload) }));
  }

  admits(row) {
    return !has(this.excluded, row) && (this.allowed === null || has(this.allowed, row));
  }

  takeCandidates(port) {
    const place = this.inputs.findIndex((input) => input.port === port);
    if (place < 0) return null;
    const { node, payload } = this.inputs[place];
    if (payload.kind !== "candidates") {
      throw fault.invalidObservation(`port "${port}" takes candidates, and "${node}" sent ${payload.kind}`);
    }
    this.inputs.splice(place, 1);
    return payload.value;
  }

  said() {
    if (this.context.length === 0) return {};
    let said;
    try {
      said = unpack(this.context);
    } catch (error) {
      throw fault.invalidObservation(`the context is broken: ${error.message}`);
    }
    if (typeof said === "object" && said !== null && Object.getPrototypeOf(said) === null) return said;
    throw fault.invalidObservation("the context is not a map");
  }
}

function lifted({ tag, val }) {
  if (tag === "candidates") {
    return { kind: tag, value: new Candidates(u32s(val.rows), f32s(val.scores), u64s(val.sources), val.columns.map(column)) };
  }
  return { kind: tag, value: tag === "document" ? u8s(val) : val };
}

// Whether an ascending column has a value.
function has(ascending, value) {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (ascending[middle] < value) from = middle + 1;
    else to = middle;
  }
  return ascending[from] === value;
}
