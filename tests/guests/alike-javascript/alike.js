// alike: puts first what is most like what the subject looked at. How alike things are says a library in C.

import { Candidates, MemoryError, agent, best, bytesOf, describe, f32sOf, memory } from "greenroom";
import { cosines } from "example:vectors/similarity";

const LABELS_MAX = 64;

export default agent({
  describe: describe("alike", "0.1.0", "reranking", "prefers what is like what was looked at")
    .metric("ndcg@10", "outer")
    .takes("ranked")
    .history(50)
    .facts("genres"),

  decide(seen) {
    const ranked = seen.takeCandidates("ranked") ?? new Candidates();
    const looked = vectors(seen.history.rows);
    if (!looked?.length) return ranked.first(seen.limit);
    const liked = new Float32Array(LABELS_MAX);
    looked.forEach((has, i) => (liked[i % LABELS_MAX] += has));
    // The library gives up on what is no vector, which is this agent's fault.
    const of = seen.surface === "broken" ? liked.subarray(1) : liked;
    // Lists of numbers cross as their bytes.
    const alike = f32sOf(cosines(bytesOf(of), bytesOf(vectors(ranked.rows))));
    return best(ranked.rows, alike, seen.limit);
  },
});

/** What genres rows are of: 1 for each label that a row has, row by row. Null when that is not known, or may not be read. */
function vectors(rows) {
  let values;
  try {
    [{ values }] = memory.gather(rows, ["genres"]);
  } catch (error) {
    if (error instanceof MemoryError && ["not-found", "denied"].includes(error.kind)) return null;
    throw error;
  }
  const all = new Float32Array(rows.length * LABELS_MAX);
  values.forEach((bits, row) => {
    for (let label = 0; label < LABELS_MAX; label++) all[row * LABELS_MAX + label] = Number((BigInt(bits) >> BigInt(label)) & 1n);
  });
  return all;
}
