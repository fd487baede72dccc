// Answers what it sees. The conformance suite runs it beside the echo of every other language and demands equal
// answers.

import {
  Candidates,
  Column,
  Decision,
  Descriptor,
  Fault,
  Feedback,
  FitReport,
  Layer,
  Learner,
  Learning,
  Observation,
  Parameter,
  Params,
  PayloadKind,
  PolicyKind,
  PolicyRecord,
  Port,
  RewardLevel,
  Role,
  State,
  describe,
  exportAgent,
  fail,
  log,
  metric,
} from "greenroom";
import { askMemory } from "./asked";
import { Hash } from "./fnv";

const UNLUCKY: u64 = 13;

class Echo extends Learner {
  total: Hash = new Hash();
  count: u64 = 0;
  setup: u64 = 0;

  describe(): Descriptor {
    return describe("echo", "1.0.0", Role.Infrastructure, "answers what it sees: ü€𝄞")
      .layer(Layer.Infrastructure)
      .metric("ndcg@10", RewardLevel.Outer)
      .takesPort(new Port("*", PayloadKind.Candidates, true, []))
      .history(1000)
      .facts(["year"])
      .parameter(Parameter.float("f", -1, 1, 0.5, "p"))
      .parameter(Parameter.float("g", 0.001, 1000, 1, "p").log().when("c", ["y"]))
      .parameter(Parameter.integer("i", -5, 5, 0, "p").shapesState())
      .parameter(Parameter.choice("c", ["x", "y", "ü"], "x", "p"))
      .parameter(Parameter.boolean("b", true, "p"))
      .parameter(Parameter.items("rows", "p"))
      .parameter(Parameter.numbers("weights", "p"))
      .state("echo/1")
      .learning(Learning.Onward);
  }

  configure(params: Params): void {
    const hash = new Hash();
    hash.f64(params.float("f")).f64(params.float("g"));
    const i = params.integer("i");
    hash.u64(i).text(params.choice("c")).bool(params.boolean("b")).list(params.items("rows"));
    const weights = params.numbers("weights");
    hash.u8(weights.given ? (weights.isMap ? 2 : 1) : 0);
    if (weights.given) hash.u32(weights.values.length);
    for (let n = 0; n < weights.values.length; ++n) {
      if (weights.isMap) hash.text(weights.names[n]);
      hash.f64(weights.values[n]);
    }
    if (i == 5) return fail(Fault.invalidParameters("i is 5"));
    this.setup = hash.value;
  }

  decide(seen: Observation): Decision {
    if (seen.surface == "fault") return fail<Decision>(Fault.unavailable("asked to: ü"));
    if (seen.surface == "trap") throw new Error("asked to");
    if (seen.surface == "memory") askMemory();
    log.info("seen " + new Hash().observation(seen).hex());
    metric.count("echo.calls", 1);
    metric.observe("echo.limit", <f64>seen.limit);
    if (seen.inputs.length == 0) return new Decision(past(seen));
    const payload = seen.inputs[0].payload;
    if (payload instanceof Candidates) return new Decision(payload, record((payload as Candidates).length, seen.seed));
    return new Decision(payload);
  }

  learn(batch: Feedback): void {
    if (batch.events.length > 0 && batch.events[0] == UNLUCKY) return fail(Fault.invalidFeedback("unlucky"));
    this.total.feedback(batch);
    this.count += batch.length;
  }

  fit(): FitReport {
    const setup = new Hash();
    setup.value = this.setup;
    const loss = this.count > 0 ? 0.5 * <f64>this.count : NaN;
    return new FitReport(this.count, loss, [this.total.hex(), setup.hex()]);
  }

  snapshot(): State {
    const bytes = new StaticArray<u8>(16);
    store<u64>(changetype<usize>(bytes), this.total.value);
    store<u64>(changetype<usize>(bytes), this.count, 8);
    return new State("echo/1", bytes);
  }

  restore(state: State): void {
    const bytes = state.bytes;
    if (bytes.length != 16) return fail(Fault.invalidState(`a state of ${bytes.length} bytes`));
    this.total.value = load<u64>(changetype<usize>(bytes));
    this.count = load<u64>(changetype<usize>(bytes), 8);
  }
}

/** What the subject did, as candidates. */
function past(seen: Observation): Candidates {
  const history = seen.history;
  const kinds = new StaticArray<u32>(history.length);
  for (let i = 0; i < kinds.length; ++i) kinds[i] = history.kinds[i];
  const columns = [Column.s64s("time", history.times), Column.u32s("kind", kinds)];
  return new Candidates(history.rows, history.values, new StaticArray<u64>(0), columns);
}

function record(n: i32, seed: u64): PolicyRecord {
  const propensities = new StaticArray<f32>(n);
  for (let i = 0; i < n; ++i) propensities[i] = <f32>1 / <f32>(i + 1);
  return new PolicyRecord(<PolicyKind>(n % 4), propensities, -0.5 * <f64>n, n % 2 == 1, seed);
}

exportAgent(new Echo());
