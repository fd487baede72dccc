// Demotes what a subject was shown again and again.
//
// Each row of an answer counts as shown once, and the count halves every `half_life_hours`. A row that was shown w times of late
// loses strength * ln(1 + w) standard deviations of the scores of its list. The counts of a subject are one key of the namespace
// "fatigue", which the graph declares and grants:
//
//     [memory.fatigue]
//     kind = "kv"
//     bytes_max = "64MiB"
//
//     [agents.fatigue]
//     grants = { memory = ["fatigue:write"] }
//
// It belongs at the end of a graph, where what it answers is what is shown. Without the grant, and for nobody in particular, the
// list stays as it came; with a grant to read only, it demotes and does not count. Scores stay those that came in, but never rise
// down the list.

import { Candidates, Fault, MemoryError, agent, bestPlaces, describe, float, integer, log, memory, metric } from "greenroom";

import { Showings } from "./showings.js";

const PORT = "ranked";
const NAMESPACE = "fatigue";
/** Two requests of a subject at once are rare, and three are not worth waiting for. */
const TRIES = 3;

export default agent({
  describe: describe("fatigue", "0.1.0", "reranking", "demotes what a subject was shown again and again")
    .metric("ndcg@10", "outer")
    .takes(PORT)
    .parameter(float("strength", 0, 5, 0.5, "standard deviations of the score that a row loses for ln(1 + showings)"))
    .parameter(float("half_life_hours", 0.1, 8760, 24, "hours after which a showing counts half").log())
    .parameter(integer("places", 1, 100, 10, "how many of the first places of an answer count as shown")),

  strength: 0,
  halfLife: 0,
  places: 0,

  configure(params) {
    this.strength = params.float("strength");
    this.halfLife = params.float("half_life_hours");
    this.places = params.integer("places");
  },

  decide(seen) {
    const list = (seen.takeCandidates(PORT) ?? new Candidates()).only((row) => seen.admits(row));
    if (!seen.subject || list.length === 0) return list.first(seen.limit);
    const space = opened();
    if (!space) return list.first(seen.limit);
    const key = `subject/${seen.subject.number}`;
    const found = read(space, key);
    if (!found) return list.first(seen.limit);
    found.showings.pass(seen.now, this.halfLife);
    const answer = falling(list.pick(demoted(list, found.showings, this.strength).subarray(0, seen.limit)));
    const shown = answer.rows.subarray(0, this.places);
    if (shown.length > 0) this.count(space, key, found, shown, seen.now);
    return answer;
  },

  /**
   * Writes that rows were shown, unless somebody else wrote in between each time.
   * @param {import("greenroom").Namespace} space
   * @param {string} key
   * @param {Found} found
   * @param {Uint32Array} shown
   * @param {bigint} now
   */
  count(space, key, found, shown, now) {
    for (let left = TRIES; left > 0; left--) {
      found.showings.add(shown);
      try {
        space.compareAndSwap(key, found.revision, found.showings.bytes());
        return;
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
        if (error.kind !== "conflict") return once(`showings are not counted: ${error.message}`);
      }
      const again = read(space, key);
      if (!again) return;
      found = again;
      found.showings.pass(now, this.halfLife);
    }
    metric.count("fatigue.conflicts");
  },
});

/** @typedef {{ showings: Showings, revision: bigint | null }} Found */

function opened() {
  try {
    return memory.open(NAMESPACE);
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    once(`nothing is demoted: ${error.message}`);
    return null;
  }
}

/**
 * What a subject was shown; null when that cannot be told. What is broken counts as nothing and is overwritten.
 * @param {import("greenroom").Namespace} space
 * @param {string} key
 * @returns {Found | null}
 */
function read(space, key) {
  let entry;
  try {
    entry = space.get(key);
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    once(`nothing is demoted: ${error.message}`);
    return null;
  }
  if (!entry) return { showings: new Showings(), revision: null };
  try {
    return { showings: Showings.of(entry.value), revision: entry.revision };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn(`${key} is broken and begins anew: ${error.message}`);
    return { showings: new Showings(), revision: entry.revision };
  }
}

/**
 * The places of a list, the best first.
 * @param {Candidates} list
 * @param {Showings} showings
 * @param {number} strength
 */
function demoted({ rows, scores }, showings, strength) {
  const unit = strength * (deviation(scores) || 1);
  const places = Uint32Array.from(rows.keys());
  // Places stand for rows, so that equals stay as they came.
  return bestPlaces(places, scores.map((score, place) => score - unit * Math.log1p(showings.of(rows[place]))), rows.length);
}

/** @param {Float32Array} scores */
function deviation(scores) {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
}

/** @param {Candidates} answer */
function falling(answer) {
  let lowest = Infinity;
  answer.scores = answer.scores.map((score) => (lowest = Math.min(lowest, score)));
  return answer;
}

/** @type {Set<string>} */
const told = new Set();

/**
 * Says something once an instance.
 * @param {string} what
 */
function once(what) {
  if (told.has(what)) return;
  told.add(what);
  log.warn(what);
}
