// The records of the contract, hashed in the order of their fields.

import type { Column, Feedback, MemoryError, Observation, Payload } from "greenroom";

import type { Hash } from "./hash.ts";

const PAYLOADS: Payload["kind"][] = ["candidates", "route", "settings", "document"];
const FAILURES: MemoryError["kind"][] = ["denied", "conflict", "too-large", "quota", "not-found", "unavailable"];

export function hashColumn(hash: Hash, { name, values }: Column): void {
  const which = values instanceof Float32Array ? 0 : values instanceof BigInt64Array ? 1 : 2;
  hash.string(name).byte(which).column(values);
}

function hashPayload(hash: Hash, payload: Payload): void {
  hash.byte(PAYLOADS.indexOf(payload.kind));
  switch (payload.kind) {
    case "candidates": {
      const { rows, scores, sources, columns } = payload.value;
      hash.column(rows).column(scores).column(sources).all(columns, (it) => hashColumn(hash, it));
      break;
    }
    case "route":
      hash.all(payload.value.branches, ({ name, probability }) => hash.string(name).f32(probability));
      break;
    case "settings":
      hash.string(payload.value.scope).column(payload.value.patch);
      break;
    case "document":
      hash.column(payload.value);
  }
}

export function hashObservation(hash: Hash, seen: Observation): void {
  const string = (value: string): void => void hash.string(value);
  hash
    .string(seen.requestId)
    .maybe(seen.subject, ({ key, number }) => hash.string(key).u32(number))
    .b64(seen.now)
    .b64(seen.seed)
    .u32(seen.limit)
    .string(seen.surface)
    .maybe(seen.sessionId, string)
    .all(seen.segments, string)
    .column(seen.excluded)
    .maybe(seen.allowed, (rows) => hash.column(rows))
    .column(seen.context)
    .column(seen.history.rows)
    .column(seen.history.times)
    .column(seen.history.kinds)
    .column(seen.history.values)
    .all(seen.inputs, ({ port, node, payload }) => {
      hash.string(port).string(node);
      hashPayload(hash, payload);
    });
}

export function hashFeedback(hash: Hash, batch: Feedback): void {
  const string = (value: string): void => void hash.string(value);
  const column = (value: Column): void => hashColumn(hash, value);
  hash.column(batch.events).column(batch.cursors);
  hash.column(batch.requests).all(batch.requestIds, string);
  hash.column(batch.versions).all(batch.versionIds, string);
  for (const values of [
    batch.subjects,
    batch.rows,
    batch.positions,
    batch.exposed,
    batch.kinds,
    batch.values,
    batch.eventTimes,
    batch.receiveTimes,
    batch.statuses,
    batch.innerRewards,
    batch.outerRewards,
    batch.credits,
    batch.propensities,
  ]) {
    hash.column(values);
  }
  hash.all(batch.decided, column).all(batch.inputs, column);
}

export function hashFailure(hash: Hash, failure: MemoryError, whole: boolean): void {
  hash.byte(255).byte(FAILURES.indexOf(failure.kind));
  if (!whole) return;
  if (typeof failure.detail === "string") hash.string(failure.detail);
  else hash.maybe(failure.detail, (revision) => hash.b64(revision));
}
