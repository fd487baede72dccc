// What an agent answers, as the host takes it.

import { Candidates } from "./candidates.js";
import { lowerColumn, lowered as bytesOf, lowerMasks, lowerRows, lowerScores, lowerU64 } from "./columns.js";

const text = (value) => String(value).toWellFormed();

// What the host takes one of. Anything else would end in a trap without a word.
const COLUMNS = ["f32s", "s64s", "u32s"];
const PAYLOADS = ["candidates", "route", "settings", "document"];
const POLICIES = ["deterministic", "plackett-luce", "epsilon-greedy", "other"];
const ROLES = ["recall", "fusion", "ranking", "calibration", "reranking", "routing", "evolution", "infrastructure"];

function oneOf(names, what, value) {
  if (names.includes(value)) return value;
  throw new TypeError(`${what} is one of ${names.join(", ")}, not ${JSON.stringify(value)}`);
}

function number(what, value) {
  if (typeof value === "number") return value;
  throw new TypeError(`${what} is a number, not ${value}`);
}

/** The decision in what `decide` returned: candidates, a payload, or a payload and how it was drawn. */
export function decision(answer) {
  const { payload, policy } = answer?.payload === undefined ? { payload: answer } : answer;
  return { payload: lowered(payload), policy: policy == null ? null : drawn(policy) };
}

function lowered(payload) {
  if (payload instanceof Candidates) return { tag: "candidates", val: candidates(payload) };
  switch (payload?.kind) {
    case "candidates": return { tag: "candidates", val: candidates(payload.value) };
    case "route": {
      const branches = payload.value.branches.map(({ name, probability }) =>
        ({ name: text(name), probability: number("the probability of a branch", probability) }));
      return { tag: "route", val: { branches } };
    }
    case "settings": {
      const { scope, patch } = payload.value;
      return { tag: "settings", val: { scope: text(scope), patch } };
    }
    case "document": return { tag: "document", val: payload.value };
    default: throw new TypeError("`decide` returns Candidates, a payload, or { payload, policy }");
  }
}

function candidates(it) {
  const { rows, scores, sources, columns } = it;
  return {
    rows: bytesOf(lowerRows(rows)),
    scores: bytesOf(lowerScores(scores)),
    sources: bytesOf(lowerMasks(sources)),
    columns: columns.map(lowerColumn),
  };
}

function drawn({ kind, propensities, logProbability, explored, samplerSeed }) {
  return {
    kind: oneOf(POLICIES, "the kind of a policy", kind),
    propensities: bytesOf(lowerScores(propensities)),
    logProbability: number("`logProbability`", logProbability),
    explored: Boolean(explored),
    samplerSeed: lowerU64(samplerSeed),
  };
}

/** What an agent says of itself. */
export function descriptor(said) {
  return {
    name: text(said.name),
    version: text(said.version),
    summary: text(said.summary),
    role: oneOf(ROLES, "a role", said.role),
    layer: oneOf(["decision", "evolution", "infrastructure"], "a layer", said.layer),
    innerMetric: text(said.innerMetric),
    rewardLevel: oneOf(["inner", "outer"], "the level of a reward", said.rewardLevel),
    inputs: said.inputs.map(port),
    output: oneOf(PAYLOADS, "what an agent returns", said.output),
    produces: said.produces.map(spec),
    historyMax: said.historyMax,
    facts: said.facts.map(text),
    parameters: said.parameters.map(parameter),
    snapshotSchema: text(said.snapshotSchema),
    learning: oneOf(["anew", "onward"], "learning", said.learning),
  };
}

function port({ name, kind, optional, columns }) {
  const takes = oneOf(PAYLOADS, `what port "${name}" takes`, kind);
  return { name: text(name), kind: takes, optional: Boolean(optional), columns: columns.map(spec) };
}

const spec = ({ name, kind }) => ({ name: text(name), kind: oneOf(COLUMNS, `the kind of column "${name}"`, kind) });

function parameter({ name, summary, domain, condition, shapesState }) {
  const when = condition && { parameter: text(condition.parameter), values: condition.values.map(text) };
  return { name: text(name), summary: text(summary), domain: lowerDomain(name, domain), condition: when, shapesState };
}

function lowerDomain(name, { tag, val }) {
  if (tag === "choice") return { tag, val: { options: val.options.map(text), default: text(val.default) } };
  if (tag === "boolean") return { tag, val: Boolean(val) };
  if (tag !== "float" && tag !== "integer") return { tag, val };
  const of = (what) => {
    const value = typeof val[what] === "bigint" ? val[what] : number(`the ${what} of \`${name}\``, val[what]);
    return tag === "float" ? Number(value) : lowerU64(value);
  };
  return { tag, val: { low: of("low"), high: of("high"), default: of("default"), log: val.log } };
}

/** What `snapshot` gave: nothing for an agent without it. */
export function state(bytes) {
  if (bytes == null) return new Uint8Array(0);
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError("`snapshot` returns a Uint8Array: pack() makes one of anything");
}

/** What `fit` found. */
export function report({ examples = 0, loss = null, notes = [] } = {}) {
  return { examples: lowerU64(examples), loss: loss == null ? null : number("`loss`", loss), notes: notes.map(text) };
}
