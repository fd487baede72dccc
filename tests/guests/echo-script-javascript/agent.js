// Answers what it sees, so that a test can tell whether it sees all of it: the same as the other echoes, byte for byte. All of it is
// one file, as a script is.

import { Candidates, agent, boolean, choice, describe, fault, float, integer, items, log, memory, metric, numbers } from "greenroom";

// FNV-1a of 64 bits over values as little-endian bytes.

const OFFSET = 0xcbf29ce484222325n;
// The prime is 2^40 and this.
const LOW = 0x1b3;

const f32Bits = new Float32Array(1);
const f64Bits = new Float64Array(1);

class Fnv {
  // Four limbs of 16 bits, the lowest first: the engine is quickest with integers of less than 32 bits.
  #limbs;

  constructor(from = OFFSET) {
    this.#limbs = [0n, 16n, 32n, 48n].map((shift) => Number((from >> shift) & 0xffffn));
  }

  get value() {
    return this.#limbs.reduceRight((value, limb) => (value << 16n) | BigInt(limb), 0n);
  }

  get hex() {
    return this.value.toString(16).padStart(16, "0");
  }

  bytes(bytes) {
    let [a, b, c, d] = this.#limbs;
    const length = bytes.length;
    for (let i = 0; i < length; i++) {
      a ^= bytes[i];
      d = d * LOW + (b << 8);
      c = c * LOW + (a << 8);
      b = b * LOW;
      a = a * LOW;
      b += a >> 16;
      c += b >> 16;
      d = (d + (c >> 16)) & 0xffff;
      a &= 0xffff;
      b &= 0xffff;
      c &= 0xffff;
    }
    this.#limbs = [a, b, c, d];
    return this;
  }

  #raw(array) {
    return this.bytes(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }

  u8(value) {
    return this.bytes([Number(value)]);
  }

  u32(value) {
    return this.#raw(Uint32Array.of(value));
  }

  b64(value) {
    return this.#raw(BigInt64Array.of(value));
  }

  f32(value) {
    f32Bits[0] = value;
    return Number.isNaN(value) ? this.u32(0x7fc00000) : this.#raw(f32Bits);
  }

  f64(value) {
    f64Bits[0] = value;
    return Number.isNaN(value) ? this.b64(0x7ff8000000000000n) : this.#raw(f64Bits);
  }

  text(value) {
    return this.list(new TextEncoder().encode(value));
  }

  option(value, some) {
    if (value === null) return this.u8(0);
    this.u8(1);
    some(value);
    return this;
  }

  each(list, one) {
    this.u32(list.length);
    for (const value of list) one(value);
    return this;
  }

  // A typed array; every NaN as the same one.
  list(array) {
    this.u32(array.length);
    if (array instanceof Float32Array && array.some(Number.isNaN)) {
      array.forEach((value) => this.f32(value));
      return this;
    }
    return this.#raw(array);
  }
}

// What is hashed of records, in the order of their fields.

const PAYLOADS = ["candidates", "route", "settings", "document"];
const ERRORS = ["denied", "conflict", "too-large", "quota", "not-found", "unavailable"];

function column(hash, { name, values }) {
  hash.text(name);
  hash.u8([Float32Array, BigInt64Array, Uint32Array].findIndex((type) => values instanceof type));
  hash.list(values);
}

function payload(hash, { kind, value }) {
  hash.u8(PAYLOADS.indexOf(kind));
  if (kind === "candidates") {
    hash.list(value.rows).list(value.scores).list(value.sources);
    hash.each(value.columns, (it) => column(hash, it));
  } else if (kind === "route") {
    hash.each(value.branches, ({ name, probability }) => hash.text(name).f32(probability));
  } else if (kind === "settings") {
    hash.text(value.scope).list(value.patch);
  } else {
    hash.list(value);
  }
}

function observation(hash, seen) {
  hash.text(seen.requestId);
  hash.option(seen.subject, ({ key, number }) => hash.text(key).u32(number));
  hash.b64(seen.now).b64(seen.seed).u32(seen.limit).text(seen.surface);
  hash.option(seen.sessionId, (id) => hash.text(id));
  hash.each(seen.segments, (segment) => hash.text(segment));
  hash.list(seen.excluded);
  hash.option(seen.allowed, (rows) => hash.list(rows));
  hash.list(seen.context);
  const { rows, times, kinds, values } = seen.history;
  hash.list(rows).list(times).list(kinds).list(values);
  hash.each(seen.inputs, (input) => {
    hash.text(input.port).text(input.node);
    payload(hash, input.payload);
  });
}

function feedback(hash, batch) {
  hash.list(batch.events).list(batch.cursors).list(batch.requests);
  hash.each(batch.requestIds, (id) => hash.text(id));
  hash.list(batch.versions);
  hash.each(batch.versionIds, (id) => hash.text(id));
  hash.list(batch.subjects).list(batch.rows).list(batch.positions).list(batch.exposed).list(batch.kinds);
  hash.list(batch.values).list(batch.eventTimes).list(batch.receiveTimes).list(batch.statuses);
  hash.list(batch.innerRewards).list(batch.outerRewards).list(batch.credits).list(batch.propensities);
  hash.each(batch.decided, (it) => column(hash, it));
  hash.each(batch.inputs, (it) => column(hash, it));
}

function errorCase(error) {
  const place = ERRORS.indexOf(error.kind);
  if (place < 0) throw error;
  return place;
}

function memoryError(hash, error) {
  hash.u8(255).u8(errorCase(error));
  if (error.kind === "conflict") hash.option(error.detail, (revision) => hash.b64(revision));
  else hash.text(error.detail);
}

// A walk through memory, all of whose answers are hashed.
function recall() {
  const hash = new Fnv();
  namespace(hash);
  attempt(hash, () => memory.open("denied").close(), () => {}, caseOnly);
  const rows = memory.rowCount();
  hash.u32(rows);
  const columns = (all) => hash.each(all, (it) => column(hash, it));
  attempt(hash, () => memory.gather(Uint32Array.from({ length: Math.min(3, rows) }, (_, i) => i), ["year"]), columns);
  attempt(hash, () => memory.gather([], []), columns);
  attempt(hash, () => memory.labels("genres"), (all) => hash.each(all, (label) => hash.text(label)));
  for (const level of ["debug", "info", "warn", "error"]) log[level]("level");
  log.info(`memory ${hash.hex}`);
}

function namespace(hash) {
  let ns;
  try {
    ns = memory.open("echo");
  } catch (error) {
    memoryError(hash, error);
    return;
  }
  const bytes = (text) => new TextEncoder().encode(text);
  const nothing = () => {};
  const page = ({ entries, next }) => {
    hash.each(entries, ({ key, value }) => hash.text(key).list(value));
    hash.option(next, (key) => hash.text(key));
  };
  const value = (it) => hash.option(it, (entry) => hash.list(entry.value));
  attempt(hash, () => ns.delete("k"), (was) => hash.u8(was));
  attempt(hash, () => ns.compareAndSwap("k", null, bytes("v1")), nothing, caseOnly);
  attempt(hash, () => ns.get("k"), value);
  attempt(hash, () => ns.compareAndSwap("k", null, bytes("v2")), nothing, caseOnly);
  attempt(hash, () => ns.put("ü", Uint8Array.from({ length: 256 }, (_, i) => i)), nothing, caseOnly);
  attempt(hash, () => ns.getMany(["k", "missing", "ü"]), (all) => hash.each(all, value));
  attempt(hash, () => ns.scan("", null, 1), page);
  attempt(hash, () => ns.scan("", "k", 10), page);
  attempt(hash, () => ns.delete("ü"), (was) => hash.u8(was));
  attempt(hash, () => ns.delete("ü"), (was) => hash.u8(was));
  ns.close();
}

const caseOnly = (hash, error) => hash.u8(255).u8(errorCase(error));

function attempt(hash, work, found, failed = memoryError) {
  let it;
  try {
    it = work();
  } catch (error) {
    failed(hash, error);
    return;
  }
  hash.u8(1);
  found(it);
}

const UNLUCKY = 13n;
const POLICIES = ["deterministic", "plackett-luce", "epsilon-greedy", "other"];

const utf8 = (text) => new TextEncoder().encode(text);

function ofHistory({ rows, values, times, kinds }) {
  return new Candidates(rows, values, undefined, [
    { name: "time", values: times },
    { name: "kind", values: Uint32Array.from(kinds) },
  ]);
}

function drawn({ length }, { seed }) {
  return {
    kind: POLICIES[length % 4],
    propensities: Float32Array.from({ length }, (_, i) => 1 / (i + 1)),
    logProbability: -0.5 * length,
    explored: length % 2 === 1,
    samplerSeed: seed,
  };
}

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
