// __name__: puts newer items a little higher. It is a script: the host runs this text as it is, and there is nothing to build.

import { Candidates, MemoryError, agent, best, describe, float, memory } from "greenroom";

export default agent({
  // What the host knows of this agent: its part, its inputs, and its parameters with their ranges.
  describe: describe("__name__", "0.1.0", "reranking", "prefers newer items")
    .metric("ndcg@10", "outer")
    .takes("ranked")
    .facts("year")
    .parameter(float("strength", 0, 1, 0.1, "how much newer items are preferred")),

  strength: 0,

  // Called once, with what the graph file says or the defaults.
  configure(params) {
    this.strength = params.float("strength");
  },

  // Called for every request. Numbers are f32 as in a column, so each step is rounded to that.
  decide(seen) {
    const ranked = seen.takeCandidates("ranked") ?? new Candidates();
    const years = yearsOf(ranked.rows);
    if (!years) return ranked.first(seen.limit);
    const strength = f32(this.strength);
    const scores = years.map((year, place) => {
      const standing = f32(1 - f32(place / ranked.length));
      const newness = Number.isNaN(year) ? 0 : Math.min(Math.max(f32(f32(year - 1950) / 100), 0), 1);
      return f32(f32(1 - strength) * standing) + f32(strength * newness);
    });
    return best(ranked.rows, scores, seen.limit);
  },
});

const f32 = Math.fround;

/**
 * The years of items, NaN where unknown; null when they are not known at all, or may not be read.
 * @param {Uint32Array} rows
 */
function yearsOf(rows) {
  try {
    const [{ values }] = memory.gather(rows, ["year"]);
    return values instanceof Float32Array ? values : null;
  } catch (error) {
    if (error instanceof MemoryError && ["not-found", "denied"].includes(error.kind)) return null;
    throw error;
  }
}
