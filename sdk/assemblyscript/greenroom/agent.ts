// What an agent is. An author extends one of these classes, and makes a component of it in the last line of the file.

import { Decision } from "./decision";
import { Descriptor } from "./describe";
import { Feedback, FitReport } from "./feedback";
import { Observation } from "./observation";
import { Params } from "./params";
import { State } from "./state";

/** Perception in, decision out. */
export abstract class Policy {
  /** Decides. At most `limit` rows, none of them excluded, none twice. */
  abstract decide(seen: Observation): Decision;
}

/** Parameters and learned state. */
export abstract class Lifecycle extends Policy {
  /** What this agent is and takes. It depends on nothing but the code. */
  abstract describe(): Descriptor;

  /** Sets parameters, which the host has checked against `describe`. */
  abstract configure(params: Params): void;

  /** The learned state; the same state gives the same bytes. An agent without state leaves it as it is. */
  snapshot(): State {
    return new State(this.describe().snapshotSchema, new StaticArray<u8>(0));
  }

  /** Takes a learned state that has the schema that `describe` names (checked before). */
  restore(state: State): void {}
}

/** The feedback end of the loop. */
export abstract class Learner extends Lifecycle {
  /** Takes a batch of feedback. */
  abstract learn(batch: Feedback): void;

  /** Solves what a batch method has to solve. After it, `decide` answers with what was learned. */
  abstract fit(): FitReport;
}

let policy: Policy | null = null;
let lifecycle: Lifecycle | null = null;
let learner: Learner | null = null;

/** Makes a component that only decides. */
export function exportModule(agent: Policy): void {
  policy = agent;
}

/** Makes a component that decides and has parameters or state, but does not learn. */
export function exportConfigurable(agent: Lifecycle): void {
  policy = agent;
  lifecycle = agent;
}

/** Makes a component that decides, is configured and learns. */
export function exportAgent(agent: Learner): void {
  policy = agent;
  lifecycle = agent;
  learner = agent;
}

/** The one agent of an instance, as the host asks it. */
export function asPolicy(): Policy {
  return policy!;
}

/** The same. */
export function asLifecycle(): Lifecycle {
  return lifecycle!;
}

/** The same. */
export function asLearner(): Learner {
  return learner!;
}
