// For an agent's own tests: observations, feedback and parameters without a host.

import { Candidates } from "../candidates.js";
import { Feedback } from "../feedback.js";
import { pack } from "../msgpack.js";
import { Observation } from "../observation.js";
import { Params } from "../params.js";
import { host } from "./host.js";

/** What agents have logged and counted. */
export { host };

/** Facts of items: numbers and, per field, the names of labels with a mask for each item. */
export function setFacts(rows, numbers = {}, labels = {}) {
  host.rows = rows;
  host.facts.clear();
  host.labels.clear();
  for (const [field, values] of Object.entries(numbers)) host.facts.set(field, Float32Array.from(values));
  for (const [field, [names, masks]] of Object.entries(labels)) {
    host.facts.set(field, BigInt64Array.from(masks, BigInt));
    host.labels.set(field, names);
  }
}

/** Grants an empty namespace; `refuses` is the kind of error that every write to it fails with. */
export function grant(name, refuses = null) {
  host.granted.set(name, { keys: new Map(), revision: 0, refuses });
}

/** Takes all grants back. */
export function revokeAll() {
  host.granted.clear();
}

/** Configures an agent with the defaults of its parameters, and with these. */
export function configure(agent, given = {}) {
  const values = {};
  for (const { name, domain: { tag, val } } of agent.describe.said.parameters) {
    if (tag === "boolean") values[name] = val;
    else if (val !== undefined) values[name] = val.default;
  }
  agent.configure?.(new Params(pack({ ...values, ...given })));
  return agent;
}

/** What an agent sees: `{ candidates: { port: Candidates } }` and whatever else differs from nothing at all. */
export function observe({ candidates = {}, ...more } = {}) {
  const inputs = Object.entries(candidates).map(([port, value]) => ({ port, node: port, payload: payload(value) }));
  return new Observation({
    requestId: "test",
    subject: { key: "somebody", number: 0 },
    now: 0n,
    seed: 0n,
    limit: 10,
    surface: "",
    sessionId: null,
    segments: [],
    excluded: [],
    allowed: null,
    context: new Uint8Array(0),
    history: { rows: [], times: [], kinds: [], values: [] },
    inputs,
    ...more,
  });
}

const TAGS = new Map([[Float32Array, "f32s"], [BigInt64Array, "s64s"], [Uint32Array, "u32s"]]);

function payload({ rows, scores, sources, columns }) {
  const said = columns.map(({ name, values }) => ({ name, values: { tag: TAGS.get(values.constructor), val: values } }));
  return { tag: "candidates", val: { rows, scores, sources, columns: said } };
}

/** Candidates with falling scores. */
export function ranked(...rows) {
  return new Candidates(rows, rows.map((_, place) => rows.length - place));
}

/** A batch of feedback with these columns; the others are empty. */
export function feedback(columns = {}) {
  const names = ["events", "cursors", "requests", "requestIds", "versions", "versionIds", "subjects", "rows", "positions",
    "exposed", "kinds", "values", "eventTimes", "receiveTimes", "statuses", "innerRewards", "outerRewards", "credits",
    "propensities", "decided", "inputs"];
  return new Feedback({ ...Object.fromEntries(names.map((name) => [name, []])), ...columns });
}
