// The component that runs an agent which is one JavaScript file, as text. `load` is called once and takes the text; from then on
// the other exports do what it says.

import { learnerOf, lifecycleOf, policyOf } from "../../javascript/component.js";
import { Fault } from "../../javascript/fault.js";
import { closeAll } from "../../javascript/handles.js";
import { log } from "../../javascript/host.js";
import * as sdk from "../../javascript/index.js";
import { told } from "../../javascript/trace.js";

import { Refused, scriptOf } from "./module.js";
import { placeOf, placing, said } from "./places.js";

// What a script may import. It is frozen, so that one request changes nothing of it for the next. What is the engine's stays as it
// is: with a frozen `Error.prototype`, say, no class of errors could set its `name`.
const offered = Object.freeze({ ...sdk });
for (const it of Object.values(offered)) {
  Object.freeze(it);
  if (it.prototype) Object.freeze(it.prototype);
}

const SDK = "greenroom:sdk";
const evaluate = globalThis.eval;

/** The script: its name, and what was evaluated. */
let script = null;
let exported = {};

export const interpreter = {
  load(name, source) {
    if (script) throw failure(`this instance already runs ${script.name}`);
    script = { name, text: "" };
    try {
      exported = exportsOf(agentOf(source));
    } catch (error) {
      throw failed(error, source);
    } finally {
      closeAll();
    }
    return { policy: true, lifecycle: "lifecycle" in exported, learner: "learner" in exported };
  },
};

function agentOf(source) {
  script.text = scriptOf(source, `globalThis["${SDK}"]`, Object.keys(offered));
  globalThis[SDK] = offered;
  let agent;
  try {
    agent = evaluate(script.text);
  } finally {
    delete globalThis[SDK];
  }
  if (agent === undefined) throw new Refused("the script has no `export default agent({ ... })`");
  return agent;
}

function exportsOf(agent) {
  const has = (method) => typeof agent?.[method] === "function";
  if (!has("decide")) throw new Refused("the agent has no `decide(seen) { ... }`");
  const made = { policy: policyOf(agent, mistake) };
  if (agent.describe !== undefined) {
    if (!agent.describe?.said) throw new Refused("`describe` is what `describe(name, version, role, summary)` returns");
    made.lifecycle = lifecycleOf(agent, mistake);
  }
  if (has("learn")) {
    if (!has("fit")) throw new Refused("the agent has `learn`, but no `fit() { ... }`");
    made.learner = learnerOf(agent, mistake);
  }
  return made;
}

function failure(message, { line, column } = { line: null, column: null }) {
  return { payload: { message: message.toWellFormed(), line, column } };
}

function failed(error, source) {
  if (!(error instanceof Refused)) return failure(said(error), placeOf(error, script.text) ?? undefined);
  if (error.at === null) return failure(error.message);
  const before = source.slice(0, error.at).split("\n");
  return failure(error.message, { line: before.length, column: [...before.at(-1)].length + 1 });
}

// What is thrown and is no fault: a mistake of the script's, in words. An ordinary agent ends by a trap here.
function mistake(error) {
  const { name, text } = script;
  log.error(told(error, placing(name, text)));
  const place = placeOf(error, text);
  return new Fault("internal", `${name}${place ? `:${place.line}:${place.column}` : ""}: ${said(error)}`);
}

function call(interfaceName, method, needs, values) {
  if (!script) throw raised("no script is loaded");
  if (!exported[interfaceName]) throw raised(`${script.name} has no \`${needs}\``);
  return exported[interfaceName][method](...values);
}

function raised(message) {
  return { payload: { kind: "internal", message: message.toWellFormed(), retryable: false } };
}

const of = (interfaceName, needs) => (method) => (...values) => call(interfaceName, method, needs ?? method, values);
const [ofPolicy, ofLifecycle, ofLearner] = [of("policy"), of("lifecycle", "describe"), of("learner")];

export const policy = { decide: ofPolicy("decide") };
export const lifecycle = {
  describe: ofLifecycle("describe"),
  configure: ofLifecycle("configure"),
  snapshot: ofLifecycle("snapshot"),
  restore: ofLifecycle("restore"),
};
export const learner = { learn: ofLearner("learn"), fit: ofLearner("fit") };
