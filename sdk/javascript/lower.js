// What an agent answers, as the host takes it.

import { Candidates } from "./candidates.js";
import { lowerColumn, lowered as bytesOf, lowerMasks, lowerRows, lowerScores, lowerU64 } from "./columns.js";

const text = (value) => String(value).toWellFormed();

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
      const branches = payload.value.branches.map(({ name, probability }) => ({ name: text(name), probability }));
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
    kind,
    propensities: bytesOf(lowerScores(propensities)),
    logProbability,
    explored,
    samplerSeed: lowerU64(samplerSeed),
  };
}

/** What an agent says of itself. */
export function descriptor(said) {
  const parameters = said.parameters.map(({ domain, ...parameter }) => ({ ...parameter, domain: lowerDomain(domain) }));
  return { ...said, parameters };
}

function lowerDomain({ tag, val }) {
  if (tag !== "integer") return { tag, val };
  return { tag, val: { low: lowerU64(val.low), high: lowerU64(val.high), default: lowerU64(val.default), log: val.log } };
}

/** What `fit` found. */
export function report({ examples = 0, loss = null, notes = [] } = {}) {
  return { examples: lowerU64(examples), loss, notes: notes.map(text) };
}
