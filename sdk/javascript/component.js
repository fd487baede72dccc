// The interfaces that a component exports, made of an agent. A build writes the two lines that call these.

import { begin, install as installClock } from "./clock.js";
import { install as installConsole } from "./console.js";
import { Fault } from "./fault.js";
import { Feedback } from "./feedback.js";
import { closeAll } from "./handles.js";
import { log } from "./host.js";
import { decision, descriptor, report, state } from "./lower.js";
import { MemoryError } from "./memory-error.js";
import { Observation } from "./observation.js";
import { Params } from "./params.js";
import { told } from "./trace.js";
import { install as installText } from "./utf8.js";

installClock();
installConsole();
installText();

// What is thrown here becomes a fault of the contract, or a trap: componentize-qjs takes `payload` for the former. `mistake` makes
// something else than a trap of what is neither a fault nor of memory.
function raised(error, mistake) {
  if (!(error instanceof Fault || error instanceof MemoryError)) error = mistake(error);
  if (error instanceof MemoryError) {
    error = new Fault(error.kind === "unavailable" ? "unavailable" : "internal", `memory: ${error.message}`);
  }
  if (error instanceof Fault) {
    const { kind, message, retryable } = error;
    return { payload: { kind, message: String(message).toWellFormed(), retryable } };
  }
  return error;
}

function trap(error) {
  log.error(told(error));
  // A value that is no error would be taken for a fault.
  return error instanceof Error && !Object.hasOwn(error, "payload") ? error : new Error("a trap: see the log");
}

function called(mistake, work) {
  try {
    return work();
  } catch (error) {
    throw raised(error, mistake);
  } finally {
    closeAll();
  }
}

function needs(agent, interfaceName, ...methods) {
  for (const method of methods) {
    if (typeof agent?.[method] !== "function") {
      throw new TypeError(`"${interfaceName}" is exported, but the agent has no \`${method}\`: the main file ends with ` +
        "`export default agent({ ... })`");
    }
  }
}

export function policyOf(agent, mistake = trap) {
  needs(agent, "policy", "decide");
  return {
    decide: (seen) => called(mistake, () => {
      const observation = new Observation(seen);
      begin(observation.now, observation.seed);
      return decision(agent.decide(observation));
    }),
  };
}

export function lifecycleOf(agent, mistake = trap) {
  const mine = agent?.describe?.said;
  if (!mine) throw new TypeError('"lifecycle" is exported, but the agent has no `describe: describe(...)`');
  const described = descriptor(mine);
  return {
    describe: () => described,
    configure: (bytes) => called(mistake, () => {
      begin(0n, 0n);
      const params = new Params(bytes);
      agent.configure?.(params);
    }),
    snapshot: () => called(mistake, () => ({ schema: mine.snapshotSchema, bytes: state(agent.snapshot?.()) })),
    restore: ({ schema, bytes }) => called(mistake, () => {
      begin(0n, 0n);
      if (schema !== mine.snapshotSchema) {
        throw new Fault("invalid-state", `${mine.name} ${mine.version} restores states of schema "${mine.snapshotSchema}", ` +
          `not "${schema}": train this agent, or give it its own state`);
      }
      agent.restore?.(bytes);
    }),
  };
}

export function learnerOf(agent, mistake = trap) {
  needs(agent, "learner", "learn", "fit");
  return {
    learn: (batch) => called(mistake, () => {
      begin(0n, 0n);
      agent.learn(new Feedback(batch));
    }),
    fit: () => called(mistake, () => report(agent.fit())),
  };
}
