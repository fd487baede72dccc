// Answers what it sees, so that a test can tell whether it sees all of it: the same as the other echoes, byte for byte.

import { Candidates, agent, boolean, choice, describe, fault, float, integer, items, log, metric, numbers } from "greenroom";

import { Fnv } from "./fnv.js";
import { recall } from "./recall.js";
import { feedback, observation } from "./seen.js";

const UNLUCKY = 13n;
const KINDS = ["deterministic", "plackett-luce", "epsilon-greedy", "other"];

export default agent({
  describe: describe("echo", "1.0.0", "infrastructure", "answers what it sees: ü€𝄞")
    .layer("infrastructure")
    .metric("ndcg@10", "outer")
    .takes("*", { optional: true })
    .history(1000)
    .facts("year")
    .parameter(float("f", -1, 1, 0.5, "p"))
    .parameter(float("g", 0.001, 1000, 1, "p").log().when("c", "y"))
    .parameter(integer("i", -5, 5, 0, "p").shapesState())
    .parameter(choice("c", ["x", "y", "ü"], "x", "p"))
    .parameter(boolean("b", true, "p"))
    .parameter(items("rows", "p"))
    .parameter(numbers("weights", "p"))
    .state("echo/1")
    .learning("onward"),

  total: new Fnv().value,
  count: 0n,
  setup: 0n,

  configure(params) {
    const hash = new Fnv();
    hash.f64(params.float("f")).f64(params.float("g"));
    const i = params.integer("i");
    hash.b64(BigInt(i)).text(params.choice("c")).u8(params.boolean("b")).list(params.items("rows"));
    const weights = params.numbers("weights");
    if (weights === null) {
      hash.u8(0);
    } else if (weights instanceof Map) {
      const order = (a, b) => (a < b ? -1 : 1);
      const byBytes = ([a], [b]) => order(String.fromCharCode(...utf8(a)), String.fromCharCode(...utf8(b)));
      hash.u8(2).each([...weights].sort(byBytes), ([name, value]) => hash.text(name).f64(value));
    } else {
      hash.u8(1).list(weights);
    }
    if (i === 5) throw fault.invalidParameters("i is 5");
    this.setup = hash.value;
  },

  decide(seen) {
    if (seen.surface === "fault") throw fault.unavailable("asked to: ü");
    if (seen.surface === "trap") throw new Error("asked to: ü");
    if (seen.surface === "memory") recall();
    const hash = new Fnv();
    observation(hash, seen);
    log.info(`seen ${hash.hex}`);
    metric.count("echo.calls", 1);
    metric.observe("echo.limit", seen.limit);
    const [input] = seen.inputs;
    if (!input) return ofHistory(seen.history);
    return { payload: input.payload, policy: input.payload.kind === "candidates" ? drawn(input.payload.value, seen) : null };
  },

  learn(batch) {
    if (batch.events[0] === UNLUCKY) throw fault.invalidFeedback("unlucky");
    const hash = new Fnv(this.total);
    feedback(hash, batch);
    this.total = hash.value;
    this.count += BigInt(batch.length);
  },

  fit() {
    const loss = this.count > 0n ? 0.5 * Number(this.count) : null;
    const hex = (value) => value.toString(16).padStart(16, "0");
    return { examples: this.count, loss, notes: [hex(this.total), hex(this.setup)] };
  },

  snapshot() {
    return new Uint8Array(BigUint64Array.of(this.total, this.count).buffer);
  },

  restore(bytes) {
    if (bytes.length !== 16) throw fault.invalidState(`a state of ${bytes.length} bytes`);
    [this.total, this.count] = new BigUint64Array(bytes.slice().buffer);
  },
});

const utf8 = (text) => new TextEncoder().encode(text);

function ofHistory({ rows, values, times, kinds }) {
  return new Candidates(rows, values, undefined, [
    { name: "time", values: times },
    { name: "kind", values: Uint32Array.from(kinds) },
  ]);
}

function drawn({ length }, { seed }) {
  return {
    kind: KINDS[length % 4],
    propensities: Float32Array.from({ length }, (_, i) => 1 / (i + 1)),
    logProbability: -0.5 * length,
    explored: length % 2 === 1,
    samplerSeed: seed,
  };
}
