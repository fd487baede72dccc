// The best of many scores.

import { Candidates } from "./payload";

const SIGN: u32 = 1 << 31;

/** Score and row in one number that orders as they do: by score, ties by descending row. */
function key(score: f32, row: u32): u64 {
  const bits = reinterpret<u32>(score);
  const ordered = bits & SIGN ? ~bits : bits | SIGN;
  return (<u64>ordered << 32) | <u64>~row;
}

function scoreOf(key: u64): f32 {
  const ordered = <u32>(key >> 32);
  return reinterpret<f32>(ordered & SIGN ? ordered & ~SIGN : ~ordered);
}

/** Lets the key at `place` sink in a heap of `n` keys, the least of which is the first. */
function sink(heap: StaticArray<u64>, start: i32, n: i32): void {
  let place = start;
  const sinking = unchecked(heap[place]);
  for (;;) {
    let child = 2 * place + 1;
    if (child >= n) break;
    if (child + 1 < n && unchecked(heap[child + 1]) < unchecked(heap[child])) ++child;
    if (sinking <= unchecked(heap[child])) break;
    unchecked((heap[place] = heap[child]));
    place = child;
  }
  unchecked((heap[place] = sinking));
}

/**
 * The `limit` best of `rows`, whose scores stand beside them: by descending score, ties by ascending row. Scores must
 * be finite. Traps when the two lists are not of one length.
 */
export function best(rows: StaticArray<u32>, scores: StaticArray<f32>, limit: u32): Candidates {
  assert(rows.length == scores.length, "best() takes as many scores as rows");
  const n = rows.length;
  const kept = <i32>min(<u32>n, limit);
  const heap = new StaticArray<u64>(kept);
  for (let i = 0; i < kept; ++i) unchecked((heap[i] = key(scores[i], rows[i])));
  for (let i = (kept >> 1) - 1; i >= 0; --i) sink(heap, i, kept);
  for (let i = kept; i < n && kept > 0; ++i) {
    const next = key(unchecked(scores[i]), unchecked(rows[i]));
    if (next <= unchecked(heap[0])) continue;
    unchecked((heap[0] = next));
    sink(heap, 0, kept);
  }
  // The least goes to the end again and again, which leaves the greatest first.
  for (let end = kept - 1; end > 0; --end) {
    const least = unchecked(heap[0]);
    unchecked((heap[0] = heap[end]));
    unchecked((heap[end] = least));
    sink(heap, 0, end);
  }
  const bestRows = new StaticArray<u32>(kept);
  const bestScores = new StaticArray<f32>(kept);
  for (let i = 0; i < kept; ++i) {
    unchecked((bestRows[i] = ~(<u32>heap[i])));
    unchecked((bestScores[i] = scoreOf(heap[i])));
  }
  return new Candidates(bestRows, bestScores);
}
