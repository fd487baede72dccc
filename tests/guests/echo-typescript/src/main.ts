// Answers what it sees, so that a test can tell whether it sees all of it: the same as the other echoes, byte for byte.

import {
  type Agent,
  Candidates,
  type Decision,
  type Feedback,
  type FitReport,
  type History,
  type Observation,
  type Params,
  type PolicyRecord,
  agent,
  boolean,
  choice,
  describe,
  fault,
  float,
  integer,
  items,
  log,
  metric,
  numbers,
} from "greenroom";

import { Hash, hex } from "./hash.ts";
import { remember } from "./memories.ts";
import { hashFeedback, hashObservation } from "./records.ts";

const REFUSED = 5;
const UNLUCKY = 13n;
const STATE_BYTES = 16;
const KINDS: PolicyRecord["kind"][] = ["deterministic", "plackett-luce", "epsilon-greedy", "other"];

class Echo implements Agent {
  readonly describe = describe("echo", "1.0.0", "infrastructure", "answers what it sees: ü€𝄞")
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
    .learning("onward");

  private total = new Hash().sum;
  private count = 0n;
  private setup = 0n;

  configure(params: Params): void {
    const hash = new Hash().f64(params.float("f")).f64(params.float("g"));
    const whole = params.integer("i");
    hash.b64(BigInt(whole)).string(params.choice("c")).byte(params.boolean("b")).column(params.items("rows"));
    hashWeights(hash, params.numbers("weights"));
    if (whole === REFUSED) throw fault.invalidParameters(`i is ${whole}`);
    this.setup = hash.sum;
  }

  decide(seen: Observation): Candidates | Decision {
    switch (seen.surface) {
      case "fault":
        throw fault.unavailable("asked to: ü");
      case "trap":
        throw new Error("asked to trap");
      case "memory":
        remember();
    }
    const hash = new Hash();
    hashObservation(hash, seen);
    log.info(`seen ${hex(hash.sum)}`);
    metric.count("echo.calls");
    metric.observe("echo.limit", seen.limit);
    const payload = seen.inputs[0]?.payload;
    if (payload === undefined) return ofHistory(seen.history);
    return payload.kind === "candidates" ? { payload, policy: drawn(payload.value.length, seen.seed) } : { payload };
  }

  learn(batch: Feedback): void {
    if (batch.events[0] === UNLUCKY) throw fault.invalidFeedback("unlucky");
    const hash = new Hash(this.total);
    hashFeedback(hash, batch);
    this.total = hash.sum;
    this.count += BigInt(batch.length);
  }

  fit(): FitReport {
    const loss = this.count === 0n ? null : 0.5 * Number(this.count);
    return { examples: this.count, loss, notes: [hex(this.total), hex(this.setup)] };
  }

  snapshot(): Uint8Array {
    return new Uint8Array(BigUint64Array.of(this.total, this.count).buffer);
  }

  restore(bytes: Uint8Array): void {
    if (bytes.length !== STATE_BYTES) throw fault.invalidState(`a state of ${bytes.length} bytes`);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    this.total = view.getBigUint64(0, true);
    this.count = view.getBigUint64(8, true);
  }
}

function hashWeights(hash: Hash, weights: Float64Array | Map<string, number> | null): void {
  if (weights === null) {
    hash.byte(0);
  } else if (weights instanceof Float64Array) {
    hash.byte(1).column(weights);
  } else {
    // Names in the order of their UTF-8, which is that of their code points.
    const points = (name: string): number[] => Array.from(name, (character) => character.codePointAt(0)!);
    const named = [...weights].map(([name, value]) => ({ name, value, points: points(name) }));
    named.sort((a, b) => order(a.points, b.points));
    hash.byte(2).all(named, ({ name, value }) => hash.string(name).f64(value));
  }
}

function order(a: number[], b: number[]): number {
  const differs = a.findIndex((point, place) => point !== b[place]);
  return differs < 0 ? a.length - b.length : a[differs]! - (b[differs] ?? -1);
}

function ofHistory({ rows, times, kinds, values }: History): Candidates {
  return new Candidates(rows, values).set("time", times).set("kind", Uint32Array.from(kinds));
}

function drawn(length: number, samplerSeed: bigint): PolicyRecord {
  return {
    kind: KINDS[length % KINDS.length]!,
    propensities: Float32Array.from({ length }, (_, place) => 1 / (place + 1)),
    logProbability: -0.5 * length,
    explored: length % 2 === 1,
    samplerSeed,
  };
}

export default agent(new Echo());
