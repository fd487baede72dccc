// The best of many scores: by descending score, ties by ascending row.

/** The rows of the `limit` best, and behind them their scores, 4 bytes each. */
export function best(rows: Uint32Array, scores: StaticArray<f32>, limit: u32): Uint8Array {
  const kept = <i32>min<u32>(limit, scores.length);
  const keys = new StaticArray<u64>(kept);
  keys.fill(u64.MAX_VALUE);
  for (let i = 0; i < scores.length; ++i) insert(keys, key(scores[i], rows[i]));
  const found = new Uint8Array(8 * kept);
  const foundRows = Uint32Array.wrap(found.buffer, 0, kept);
  const foundScores = Float32Array.wrap(found.buffer, 4 * kept, kept);
  for (let i = 0; i < kept; ++i) {
    foundRows[i] = <u32>keys[i];
    foundScores[i] = scoreOf(<u32>(keys[i] >> 32));
  }
  return found;
}

/** Puts a key where it belongs among the least, which few of many are. */
function insert(keys: StaticArray<u64>, next: u64): void {
  let place = keys.length - 1;
  if (place < 0 || next >= unchecked(keys[place])) return;
  for (; place > 0 && next < unchecked(keys[place - 1]); --place) {
    unchecked((keys[place] = keys[place - 1]));
  }
  unchecked((keys[place] = next));
}

/** Score and row in one number, which falls as the score rises. */
function key(score: f32, row: u32): u64 {
  return (<u64>descending(reinterpret<u32>(score)) << 32) | row;
}

function descending(bits: u32): u32 {
  return bits >> 31 ? bits : bits ^ 0x7fffffff;
}

function scoreOf(bits: u32): f32 {
  return reinterpret<f32>(descending(bits));
}
