// The feedback end of the loop.

import { Column, columnNamed } from "./columns";

/** Stands for "none" in columns of u32. */
export const NONE: u32 = u32.MAX_VALUE;

const RETRACTED: u8 = 2;

/**
 * A batch of feedback, in columns, in the order of the cursor. A column is either as long as `rows` or empty, which
 * says that nothing of the kind is known for the whole batch.
 */
export class Feedback {
  constructor(
    /** The event's identity; a retraction has the id of the event that it takes back. */
    public events: StaticArray<u64>,
    /** Where the event stands in the log. Strictly ascending. */
    public cursors: StaticArray<u64>,
    /** The decision that each event is about: an index into `requestIds`, or `NONE`. Rows of one stand together. */
    public requests: StaticArray<u32>,
    public requestIds: string[],
    /** Which version of this agent decided: an index into `versionIds`, or `NONE`. */
    public versions: StaticArray<u32>,
    public versionIds: string[],
    /** The subject's number, or `NONE` for an anonymous one. */
    public subjects: StaticArray<u32>,
    public rows: StaticArray<u32>,
    /** The final position at which the row was shown, from 0; `NONE` when it was not. */
    public positions: StaticArray<u32>,
    /** 0 unknown, 1 not exposed, 2 exposed. */
    public exposed: StaticArray<u8>,
    /** As in `History`. */
    public kinds: StaticArray<u8>,
    public values: StaticArray<f32>,
    /** Milliseconds since 1970. */
    public eventTimes: StaticArray<i64>,
    /** Milliseconds since 1970. */
    public receiveTimes: StaticArray<i64>,
    /** 0 provisional, 1 final, 2 retracted. */
    public statuses: StaticArray<u8>,
    /** The agent's own reward of the row. */
    public innerRewards: StaticArray<f32>,
    /** The system's reward of the row: 1 for a positive outcome, 0 for none. */
    public outerRewards: StaticArray<f32>,
    /** This agent's share of the outer reward. */
    public credits: StaticArray<f32>,
    /** The probability with which the row was shown where it was; NaN when unknown. */
    public propensities: StaticArray<f32>,
    /** What the agent decided then ("decided.score", "decided.rank"). */
    public decided: Column[],
    /** What the agent saw then, for instance "ranked.score"; NaN where a port did not offer the row, rank -1. */
    public inputs: Column[],
  ) {}

  /** How many events there are. */
  get length(): i32 {
    return this.rows.length;
  }

  /** Whether an event is organic: no decision was recorded for it. */
  isOrganic(event: i32): bool {
    return event >= this.requests.length || this.requests[event] == NONE;
  }

  /** Whether an event was taken back. */
  isRetracted(event: i32): bool {
    return event < this.statuses.length && this.statuses[event] == RETRACTED;
  }

  /**
   * Whether an event earned something: its outer reward is above 0, or the batch knows no rewards; and it was not
   * taken back.
   */
  isRewarded(event: i32): bool {
    if (this.isRetracted(event)) return false;
    return event >= this.outerRewards.length || this.outerRewards[event] > 0;
  }

  /** A column of what the agent saw then; null when there is none. */
  input(name: string): Column | null {
    return columnNamed(this.inputs, name);
  }
}

/** What `fit` found. */
export class FitReport {
  constructor(
    /** Events that it learned from. */
    public examples: u64,
    /** The loss that it reached; NaN where it has none. */
    public loss: f64 = NaN,
    /** For a person: what was left out, what did not converge. */
    public notes: string[] = [],
  ) {}
}
