// What an agent perceives.

import { has } from "./columns";
import { Fault, fail } from "./fault";
import { Candidates, Payload } from "./payload";

/** Whom a decision is for. */
export class Subject {
  constructor(
    /** The external id. */
    public key: string,
    /** The dense number that the host assigned to it, once. */
    public number: u32,
  ) {}
}

/** What a subject did, oldest first, as columns of one length. */
export class History {
  constructor(
    public rows: StaticArray<u32>,
    /** Milliseconds since 1970. */
    public times: StaticArray<i64>,
    /** 0 other, 1 rating, 2 view, 3 click, 4 like, 5 dislike, 6 purchase, 7 dismissal. */
    public kinds: StaticArray<u8>,
    public values: StaticArray<f32>,
  ) {}

  /** How many events there are. */
  get length(): i32 {
    return this.rows.length;
  }
}

/** What arrives at a port. */
export class Input {
  constructor(
    public port: string,
    /** The node that it comes from. */
    public node: string,
    public payload: Payload,
  ) {}

  /** What arrived, which has to be candidates: anything else is an invalid observation, and none. */
  candidates(): Candidates {
    const payload = this.payload;
    if (payload instanceof Candidates) return payload as Candidates;
    fail(
      Fault.invalidObservation(`port "${this.port}" takes candidates, and "${this.node}" sent something else`),
    );
    return Candidates.none();
  }
}

/** What an agent perceives. Nothing in it says whether this is serving or replay. */
export class Observation {
  requestId: string = "";
  /** Null for an anonymous request. */
  subject: Subject | null = null;
  /** Milliseconds since 1970. */
  now: i64 = 0;
  /** Where randomness comes from: the same seed, the same decision. */
  seed: u64 = 0;
  /** At most so many rows are wanted. */
  limit: u32 = 0;
  /** Where the answer will be shown, for instance "home"; empty when unsaid. */
  surface: string = "";
  sessionId: string | null = null;
  /** What kind of subject this is, for instance "cold". */
  segments: string[] = [];
  /** Rows that must not be in the answer, ascending. */
  excluded: StaticArray<u32> = new StaticArray<u32>(0);
  /** When not null, only these rows may be in the answer, ascending. */
  allowed: StaticArray<u32> | null = null;
  /** What the caller said beside: a MessagePack map, which `Params.decode` reads; empty when nothing. */
  context: StaticArray<u8> = new StaticArray<u8>(0);
  inputs: Input[] = [];

  constructor(public history: History) {}

  /** Whether a row may be in the answer: it is not excluded, and allowed where only some are. */
  admits(row: u32): bool {
    const allowed = this.allowed;
    return !has(this.excluded, row) && (allowed == null || has(allowed, row));
  }

  /**
   * Takes the candidates that arrived at a port out of the observation; null when nothing did. Anything else that
   * arrived is an invalid observation.
   */
  takeCandidates(port: string): Candidates | null {
    for (let i = 0; i < this.inputs.length; ++i) {
      const input = this.inputs[i];
      if (input.port != port) continue;
      this.inputs.splice(i, 1);
      return input.candidates();
    }
    return null;
  }
}
