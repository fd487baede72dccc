// The best rows of many.

import { Candidates } from "./candidates.js";
import { lowerRows, lowerScores } from "./columns.js";

/** The `limit` best rows by descending score, ties by ascending row. */
export function best(rows, scores, limit) {
  [rows, scores] = [lowerRows(rows), lowerScores(scores)];
  const keys = ordered(rows, scores);
  const n = Math.min(limit, rows.length);
  const bestRows = new Uint32Array(n);
  const bestScores = new Float32Array(n);
  const words = new Uint32Array(keys.buffer);
  const bits = new Uint32Array(bestScores.buffer);
  for (let i = 0; i < n; i++) {
    bestRows[i] = words[2 * i];
    bits[i] = ranked(~words[2 * i + 1]);
  }
  return new Candidates(bestRows, bestScores);
}

/** The same as places into `rows`. */
export function bestPlaces(rows, scores, limit) {
  [rows, scores] = [lowerRows(rows), lowerScores(scores)];
  // A row stands for its place: rows are looked up by number, or sorted apart when two places have the same.
  const words = new Uint32Array(ordered(rows, scores).buffer);
  const placeOf = new Map();
  for (let i = rows.length - 1; i >= 0; i--) {
    const more = placeOf.get(rows[i]);
    placeOf.set(rows[i], more === undefined ? i : [i].concat(more));
  }
  const places = new Uint32Array(Math.min(limit, rows.length));
  for (let i = 0; i < places.length; i++) {
    const at = placeOf.get(words[2 * i]);
    places[i] = typeof at === "number" ? at : at.shift();
  }
  return places;
}

// Each row with its score as one integer, so that the engine sorts natively: a comparing function is called n log n times. Below
// is the row, above the score's bits in descending order.
function ordered(rows, scores) {
  const n = Math.min(rows.length, scores.length);
  const keys = new BigUint64Array(n);
  const words = new Uint32Array(keys.buffer);
  const bits = new Uint32Array(scores.slice(0, n).buffer);
  for (let i = 0; i < n; i++) {
    words[2 * i] = rows[i];
    words[2 * i + 1] = ~rank(bits[i]);
  }
  return keys.sort();
}

// The bits of an f32 as an integer with the same order, and back: IEEE 754's total order.
const rank = (bits) => (bits & 0x80000000 ? ~bits : bits | 0x80000000);
const ranked = (key) => (key & 0x80000000 ? key & 0x7fffffff : ~key);
