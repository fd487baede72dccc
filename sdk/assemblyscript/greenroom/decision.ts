// What `decide` returns.

import { Payload } from "./payload";

/** How a policy draws. */
export enum PolicyKind {
  /** The same list every time. */
  Deterministic,
  /** Rows drawn one after the other without replacement. */
  PlackettLuce,
  /** The greedy list, with some positions replaced uniformly. */
  EpsilonGreedy,
  /** Anything else with known propensities. */
  Other,
}

/** How a decision was drawn, for learning from it later without bias. */
export class PolicyRecord {
  constructor(
    public kind: PolicyKind,
    /** The marginal probability of each row at the position where it stands, in [0, 1]; empty when deterministic. */
    public propensities: StaticArray<f32> = new StaticArray<f32>(0),
    /** Log probability of the whole list; 0 when deterministic. */
    public logProbability: f64 = 0,
    /** Whether this decision differs from the greedy one. */
    public explored: bool = false,
    /** The seed of the draw. */
    public samplerSeed: u64 = 0,
  ) {}
}

/** A payload, and how it was drawn; null for a deterministic policy. */
export class Decision {
  constructor(public payload: Payload, public policy: PolicyRecord | null = null) {}
}
