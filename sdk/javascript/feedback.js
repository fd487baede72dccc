// A batch of feedback, from what the host hands over.

import { column, f32s, s64s, u32s, u64s, u8s } from "./columns.js";

export const NONE = 0xffffffff;
const RETRACTED = 2;

export class Feedback {
  constructor(batch) {
    this.events = u64s(batch.events);
    this.cursors = u64s(batch.cursors);
    this.requests = u32s(batch.requests);
    this.requestIds = batch.requestIds;
    this.versions = u32s(batch.versions);
    this.versionIds = batch.versionIds;
    this.subjects = u32s(batch.subjects);
    this.rows = u32s(batch.rows);
    this.positions = u32s(batch.positions);
    this.exposed = u8s(batch.exposed);
    this.kinds = u8s(batch.kinds);
    this.values = f32s(batch.values);
    this.eventTimes = s64s(batch.eventTimes);
    this.receiveTimes = s64s(batch.receiveTimes);
    this.statuses = u8s(batch.statuses);
    this.innerRewards = f32s(batch.innerRewards);
    this.outerRewards = f32s(batch.outerRewards);
    this.credits = f32s(batch.credits);
    this.propensities = f32s(batch.propensities);
    this.decided = batch.decided.map(column);
    this.inputs = batch.inputs.map(column);
  }

  get length() {
    return this.rows.length;
  }

  isOrganic(event) {
    return (this.requests[event] ?? NONE) === NONE;
  }

  isRetracted(event) {
    return this.statuses[event] === RETRACTED;
  }

  isRewarded(event) {
    return !this.isRetracted(event) && (this.outerRewards[event] ?? 1) > 0;
  }

  input(name) {
    return this.inputs.find((column) => column.name === name)?.values ?? null;
  }

  *asked() {
    const { requests } = this;
    for (let from = 0, to; from < requests.length; from = to) {
      to = from + 1;
      while (to < requests.length && requests[to] === requests[from]) to++;
      if (requests[from] !== NONE) yield [from, to];
    }
  }
}
