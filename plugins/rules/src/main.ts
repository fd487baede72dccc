// What the business wants, after all that was learned: items that come first or last, genres that are worth more, no more than
// a few of a genre at the top, nothing older than a year.
//
// Rules move what the list holds and leave out what is too old; they never add. Scores stay those that came in, but never rise
// down the list: a row that was raised above better ones lowers theirs. The same list has the same answer, always.

import { Candidates, agent, describe, integer, items, log, numbers } from "greenroom";

import { bitsOf, fact } from "./facts.ts";
import { type Item, type Rules, ordered } from "./order.ts";

const PORT = "ranked";

let rules: Rules = { pinned: new Uint32Array(0), buried: new Set(), boost: new Map(), perLabelMax: 0 };
let boostByName = new Map<string, number>();
let yearMin = 0;
let bits: Map<string, bigint> | null = null;

export default agent({
  describe: describe("rules", "0.1.0", "reranking", "applies business rules to the last order of a list")
    .metric("ndcg@10", "outer")
    .takes(PORT)
    .facts("genres", "year")
    .parameter(items("pinned", "items that come first where the list holds them, in this order"))
    .parameter(items("buried", "items that come last"))
    .parameter(numbers("boost", "by genre: standard deviations of the scores that its items gain"))
    .parameter(integer("per_genre_max", 0, 50, 0, "rows of the first 10 that may share a genre; 0 for any number"))
    .parameter(integer("year_min", 0, 3000, 0, "items of before are left out; those of unknown years stay")),

  configure(params) {
    boostByName = params.named("boost");
    yearMin = params.integer("year_min");
    rules = {
      pinned: params.items("pinned"),
      buried: new Set(params.items("buried")),
      boost: new Map(),
      perLabelMax: params.integer("per_genre_max"),
    };
    bits = null;
  },

  decide(seen) {
    const all = seen.takeCandidates(PORT);
    if (!all) return new Candidates();
    const list = recent(all.only((row) => seen.admits(row)));
    const { pinned, buried, perLabelMax } = rules;
    const places = ordered(itemsOf(list), { pinned, buried, perLabelMax, boost: boosts() });
    return falling(list.pick(places.slice(0, seen.limit)));
  },
});

function recent(list: Candidates): Candidates {
  const years = yearMin > 0 ? fact(list.rows, "year") : null;
  if (!years) return list;
  const places = [...list.rows.keys()].filter((place) => !(Number(years[place]) < yearMin));
  return places.length === list.length ? list : list.pick(places);
}

function itemsOf({ rows, scores }: Candidates): Item[] {
  const needed = boostByName.size > 0 || rules.perLabelMax > 0;
  const labels = needed ? fact(rows, "genres") : null;
  return Array.from(rows, (row, place) => ({ row, score: scores[place]!, labels: BigInt(labels?.[place] ?? 0) }));
}

// Names are looked up once they can be: a catalog may come after the graph.
function boosts(): Rules["boost"] {
  if (boostByName.size === 0) return rules.boost;
  if (!bits) {
    bits = bitsOf("genres");
    if (!bits) return new Map();
    const known = bits;
    const strange = [...boostByName.keys()].filter((name) => !known.has(name));
    if (strange.length > 0) log.warn(`\`boost\` names what is no genre here: ${strange.join(", ")}`);
    rules.boost = new Map([...boostByName].flatMap(([name, weight]) => (known.has(name) ? [[known.get(name)!, weight]] : [])));
  }
  return rules.boost;
}

function falling(answer: Candidates): Candidates {
  let lowest = Infinity;
  answer.scores = answer.scores.map((score) => (lowest = Math.min(lowest, score)));
  return answer;
}
