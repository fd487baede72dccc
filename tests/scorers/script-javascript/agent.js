// The scorer that every language has: see docs/agents/costs.md.

import { Candidates, agent, best, describe, fault, float } from "greenroom";

export default agent({
  describe: describe("scorer", "0.1.0", "ranking", "scores candidates by what is known of them")
    .metric("ndcg@10", "inner")
    .takes("ranked", {
      columns: ["relevance", "age", { name: "shown", kind: "s64s" }, { name: "clicked", kind: "u32s" }],
    })
    .parameter(float("freshness", 0, 1, 0.3, "what a new item gains"))
    .parameter(float("exploration", 0, 1, 0.1, "what an item gains that was not shown yet")),

  freshness: 0,
  exploration: 0,

  configure(params) {
    this.freshness = params.float("freshness");
    this.exploration = params.float("exploration");
  },

  decide(seen) {
    const ranked = seen.takeCandidates("ranked") ?? new Candidates();
    const [relevance, age] = [ranked.f32s("relevance"), ranked.f32s("age")];
    const [shown, clicked] = [ranked.column("shown"), ranked.column("clicked")];
    if (!relevance || !age || !(shown instanceof BigInt64Array) || !(clicked instanceof Uint32Array)) {
      throw fault.invalidObservation("the candidates lack a column that the port names");
    }
    const scores = relevance.map((of, i) => this.score(of, age[i], Number(shown[i]), clicked[i]));
    return best(ranked.rows, scores, seen.limit);
  },

  /**
   * @param {number} relevance
   * @param {number} age
   * @param {number} shown
   * @param {number} clicked
   */
  score(relevance, age, shown, clicked) {
    age = Math.max(age, 0);
    shown = Math.max(shown, 0);
    const rate = (clicked + 1) / (shown + 20);
    const interest = relevance + this.freshness / (1 + age / 30) + rate + this.exploration / Math.sqrt(1 + shown);
    return interest / Math.sqrt(1 + interest * interest);
  },
});
