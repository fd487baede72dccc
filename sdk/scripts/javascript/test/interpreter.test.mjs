// Run by: node --import ./sdk/javascript/native/register.mjs --test sdk/scripts/javascript/test/

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { host, setFacts } from "greenroom/native";

// Node calls a text that it evaluates what it says itself; QuickJS calls each `<input>`.
const { eval: evaluate } = globalThis;
globalThis.eval = (text) => evaluate(`${text}\n//# sourceURL=<input>`);

const AGENT = 'import { Candidates, agent, describe, fault, memory } from "greenroom";\n';
const SEEN = {
  requestId: "r", subject: null, now: 0n, seed: 0n, limit: 10, surface: "", sessionId: null, segments: [], excluded: [], allowed: null,
  context: new Uint8Array(0), history: { rows: [], times: [], kinds: [], values: [] }, inputs: [],
};

let instances = 0;
// An instance of the component has its modules to itself.
const instance = () => import(`../interpreter.js?${instances++}`);
const failure = (work) => {
  try {
    work();
  } catch (error) {
    return error.payload;
  }
  throw new Error("it did not fail");
};

async function refused(source) {
  const { interpreter } = await instance();
  return failure(() => interpreter.load("agent.js", source));
}

async function loaded(source) {
  const made = await instance();
  return { ...made, exports: made.interpreter.load("agent.js", source) };
}

test("the template decides as it does when it is built", async () => {
  const template = new URL("../../../script-javascript/template/agent.js", import.meta.url);
  const { exports, lifecycle, policy } = await loaded(readFileSync(template, "utf8"));
  assert.deepEqual(exports, { policy: true, lifecycle: true, learner: false });
  assert.equal(lifecycle.describe().summary, "prefers newer items");
  setFacts(3, { year: [1950, 2020, 1980] });
  lifecycle.configure(Uint8Array.of(0x81, 0xa8, ...Buffer.from("strength"), 0x01));
  const ranked = { rows: [0, 1, 2], scores: [3, 2, 1], sources: [], columns: [] };
  const { payload } = policy.decide({ ...SEEN, inputs: [{ port: "ranked", node: "r", payload: { tag: "candidates", val: ranked } }] });
  assert.deepEqual([...new Uint32Array(payload.val.rows.slice().buffer)], [1, 2, 0]);
});

test("what an agent has is what is exported", async () => {
  const { exports, learner, lifecycle } = await loaded(`${AGENT}
    let learned = 0;
    export default agent({ decide() { return new Candidates() }, learn(batch) { learned += batch.length }, fit() { return { examples: learned } } });`);
  assert.deepEqual(exports, { policy: true, lifecycle: false, learner: true });
  assert.deepEqual([...learner.fit().examples], [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(failure(() => lifecycle.snapshot()), { kind: "internal", message: "agent.js has no `describe`", retryable: false });
});

test("what is missing is said", async () => {
  const told = async (agent) => (await refused(`${AGENT}${agent}`)).message;
  assert.match(await told("const x = 1;"), /no `export default agent/);
  assert.match(await told("export default agent({});"), /no `decide\(seen\)/);
  assert.match(await told("export default agent({ decide() {}, learn() {} });"), /`learn`, but no `fit/);
  assert.match(await told("export default agent({ decide() {}, describe() {} });"), /`describe` is what `describe\(/);
  assert.match(await told('export default agent({ decide() {}, describe: describe("a", "1", "rerank", "s") });'),
    /TypeError: a role is one of recall, .*, not "rerank"/);
});

test("an instance takes one script", async () => {
  const { interpreter, policy } = await instance();
  assert.match(failure(() => policy.decide(SEEN)).message, /no script is loaded/);
  interpreter.load("first.js", "export default { decide() {} };");
  const again = failure(() => interpreter.load("second.js", "export default { decide() {} };"));
  assert.equal(again.message, "this instance already runs first.js");
});

test("a script that fails while it is loaded is told where", async () => {
  const thrown = await refused(`${AGENT}const f = () => {\n  throw new TypeError("ü");\n};\n\nf();`);
  assert.deepEqual(thrown, { message: "TypeError: ü", line: 3, column: 9 });
  assert.match((await refused("let x = ;\nexport default 1;")).message, /^SyntaxError: /);
});

test("a mistake while it runs is a fault with its place, and the log has the calls", async () => {
  const { policy } = await loaded(`${AGENT}
export default agent({
  decide(seen) {
    return deep(seen);
  },
});
function deep(seen) {
  return seen.nothing.at;
}`);
  host.lines.length = 0;
  const { kind, message } = failure(() => policy.decide(SEEN));
  assert.equal(kind, "internal");
  assert.match(message, /^agent\.js:9:2\d: TypeError: /);
  assert.match(host.lines[0].message, /at deep \(agent\.js:9:2\d\)\n.* at .*decide \(agent\.js:5:12\)$/);
});

test("faults and failures of memory keep their kind", async () => {
  const { policy } = await loaded(`${AGENT}
    export default agent({ decide(seen) { if (seen.limit) throw fault.unavailable("later"); memory.open("secrets"); } });`);
  assert.deepEqual(failure(() => policy.decide(SEEN)), { kind: "unavailable", message: "later", retryable: true });
  assert.match(failure(() => policy.decide({ ...SEEN, limit: 0 })).message, /^memory: denied: secrets/);
});

test("what is no error is told too, and what is no answer", async () => {
  const { policy } = await loaded("export default { decide(seen) { if (seen.limit) throw { a: 1 }; return 3; } };");
  assert.equal(failure(() => policy.decide(SEEN)).message, 'agent.js: {"a":1} was thrown');
  assert.match(failure(() => policy.decide({ ...SEEN, limit: 0 })).message, /^agent\.js: TypeError: `decide` returns/);
});

test("a script cannot change the SDK", async () => {
  assert.match((await refused(`${AGENT}memory.gather = () => [];\nexport default 1;`)).message, /^TypeError/);
  assert.match((await refused(`${AGENT}Candidates.prototype.first = null;\nexport default 1;`)).message, /^TypeError/);
});
