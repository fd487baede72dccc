// How often a subject was shown what: a weight a row, which halves with time.

import { StateReader, StateWriter } from "greenroom";

const MS_AN_HOUR = 3_600_000;
/** A weight below this is forgotten: seven half-lives after one showing. */
const LEAST = 0.01;
/** Rows that are remembered of a subject: 4 KB of memory. Those with the least weight go first. */
const ROWS_MAX = 500;

export class Showings {
  /** Nothing was shown yet. */
  constructor() {
    /** @type {Map<number, number>} */
    this.weights = new Map();
    this.at = 0n;
  }

  /**
   * From what `bytes` gave.
   * @param {Uint8Array} bytes
   */
  static of(bytes) {
    const reader = new StateReader(bytes);
    const [times, rows, weights] = [reader.s64s(), reader.u32s(), reader.f32s()];
    reader.finish();
    const showings = new Showings();
    showings.at = times[0] ?? 0n;
    rows.forEach((row, place) => showings.weights.set(row, weights[place] ?? 0));
    return showings;
  }

  /** As bytes, the same for the same showings. */
  bytes() {
    const heaviest = [...this.weights].sort(([a, x], [b, y]) => y - x || a - b).slice(0, ROWS_MAX);
    const rows = Uint32Array.from(heaviest, ([row]) => row);
    const weights = Float32Array.from(heaviest, ([, weight]) => weight);
    return new StateWriter().s64s(BigInt64Array.of(this.at)).u32s(rows).f32s(weights).finish();
  }

  /**
   * Lets time pass. A clock that goes back changes nothing.
   * @param {bigint} now
   * @param {number} halfLifeHours
   */
  pass(now, halfLifeHours) {
    if (now <= this.at) return;
    const kept = 2 ** -(Number(now - this.at) / MS_AN_HOUR / halfLifeHours);
    for (const [row, weight] of this.weights) {
      if (weight * kept < LEAST) this.weights.delete(row);
      else this.weights.set(row, weight * kept);
    }
    this.at = now;
  }

  /**
   * Counts a showing of each.
   * @param {Iterable<number>} rows
   */
  add(rows) {
    for (const row of rows) this.weights.set(row, this.of(row) + 1);
  }

  /**
   * How often a row was shown, of late.
   * @param {number} row
   */
  of(row) {
    return this.weights.get(row) ?? 0;
  }
}
