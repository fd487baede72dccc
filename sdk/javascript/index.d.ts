// The API of Greenroom for JavaScript and TypeScript. A 64-bit integer is a bigint; a column is a typed array; what may be
// absent is null. A row is an index into the catalog; a time is in milliseconds since 1970, UTC.

/** What a component is made of: the default export of an agent's main file. */
export interface Agent {
  /** What this agent is and takes. It depends on nothing but the code. Needed for everything but `decide`. */
  describe?: Descriptor;
  /** Sets parameters, which the host has checked against `describe`. @throws `fault.invalidParameters` */
  configure?(params: Params): void;
  /** Decides: at most `seen.limit` rows, none excluded, none twice. @throws a fault; the graph then takes the node's fallback */
  decide(seen: Observation): Candidates | Payload | Decision;
  /** The learned state as bytes. The same state gives the same bytes. */
  snapshot?(): Uint8Array;
  /** Takes a learned state; that its schema is the one `describe` names is checked before. @throws `fault.invalidState` */
  restore?(bytes: Uint8Array): void;
  /** Takes a batch of feedback. @throws `fault.invalidFeedback` */
  learn?(batch: Feedback): void;
  /** Solves what a batch method has to solve. */
  fit?(): FitReport;
}

/** Makes an agent of an object: `export default agent({ ... })`. Within methods `this` is the object, with what else it has. */
export function agent<T extends Agent>(it: T & ThisType<T>): T;

/** What `fit` found. */
export interface FitReport {
  /** Events that it learned from. */
  examples: number | bigint;
  /** The loss that it reached, where it has one. */
  loss?: number | null;
  /** For a person: what was left out, what did not converge. */
  notes?: string[];
}

// ---- what an agent sees

/** What an agent perceives. */
export interface Observation {
  requestId: string;
  /** Null for an anonymous request. A subject without history is normal. */
  subject: Subject | null;
  /** Milliseconds since 1970. */
  now: bigint;
  /** Where randomness comes from: the same seed, the same decision. */
  seed: bigint;
  /** At most so many rows are wanted. */
  limit: number;
  /** Where the answer will be shown, for instance "home"; empty when unsaid. */
  surface: string;
  sessionId: string | null;
  /** What kind of subject this is, for instance "cold". */
  segments: string[];
  /** Rows that must not be in the answer, ascending. */
  excluded: Uint32Array;
  /** When not null, only these rows may be in the answer, ascending. */
  allowed: Uint32Array | null;
  /** What the caller said beside, as MessagePack; empty when nothing. `said()` reads it. */
  context: Uint8Array;
  history: History;
  inputs: Input[];
  /** Whether a row may be in the answer: it is not excluded, and allowed where only some are. */
  admits(row: number): boolean;
  /** Takes out the candidates that arrived at a port; null when nothing did.
   *  @throws `fault.invalidObservation` for anything else */
  takeCandidates(port: string): Candidates | null;
  /** The context as an object; empty when nothing was said. @throws `fault.invalidObservation` when it is no map */
  said(): Record<string, unknown>;
}

/** Whom a decision is for. */
export interface Subject {
  /** The external id. */
  key: string;
  /** The dense number that the host assigned to it, once. */
  number: number;
}

/** What a subject did, oldest first, as columns of one length. */
export interface History {
  rows: Uint32Array;
  times: BigInt64Array;
  /** 0 other, 1 rating, 2 view, 3 click, 4 like, 5 dislike, 6 purchase, 7 dismissal. */
  kinds: Uint8Array;
  values: Float32Array;
}

/** What arrives at a port. */
export interface Input {
  port: string;
  /** The node that it comes from. */
  node: string;
  payload: Payload;
}

/** What flows along an edge. */
export type Payload =
  | { kind: "candidates"; value: Candidates }
  | { kind: "route"; value: Route }
  | { kind: "settings"; value: Settings }
  | { kind: "document"; value: Uint8Array };

/** Which of the branches behind a router run. */
export interface Route { branches: Branch[] }

/** A branch that a router picks, and with which probability in [0, 1] it picks it for a request like this one. */
export interface Branch { name: string; probability: number }

/** A change of settings for the nodes that read them. `patch` is MessagePack: see `pack`. */
export interface Settings { scope: string; patch: Uint8Array }

/** The values of a column, one a row. */
export type Values = Float32Array | BigInt64Array | Uint32Array;

/** A named column beside rows. */
export interface Column { name: string; values: Values }

/** Candidates, best first. All columns have the length of `rows`. */
export class Candidates {
  constructor(rows?: ArrayLike<number>, scores?: ArrayLike<number>, sources?: BigUint64Array, columns?: Column[]);
  rows: Uint32Array;
  /** Finite. Higher is better. */
  scores: Float32Array;
  /** Which source nodes proposed each row, a bit each; empty when unknown. */
  sources: BigUint64Array;
  columns: Column[];
  /** How many there are. */
  readonly length: number;
  /** The values of a column by name; null when there is none. */
  column(name: string): Values | null;
  /** A column of f32 by name; null when there is none of that type. */
  f32s(name: string): Float32Array | null;
  /** Adds a column, or replaces the one of that name. Its length must be that of `rows`. */
  set(name: string, values: Values): this;
  /** The first `limit`, with their sources and columns. */
  first(limit: number): Candidates;
  /** Those at `places`, in that order, with their sources and columns. */
  pick(places: ArrayLike<number>): Candidates;
  /** Those whose row is kept. */
  only(kept: (row: number) => boolean): Candidates;
}

/** The `limit` best rows by descending score, ties by ascending row. Scores must be finite. */
export function best(rows: ArrayLike<number>, scores: ArrayLike<number>, limit: number): Candidates;

/** The same as places into `rows`, for `Candidates.pick`. */
export function bestPlaces(rows: ArrayLike<number>, scores: ArrayLike<number>, limit: number): Uint32Array;

/** What `decide` returns when there is more to say than candidates. */
export interface Decision {
  payload: Candidates | Payload;
  /** How the decision was drawn; absent for a deterministic policy. */
  policy?: PolicyRecord | null;
}

export interface PolicyRecord {
  kind: "deterministic" | "plackett-luce" | "epsilon-greedy" | "other";
  /** The marginal probability of each row at the position where it stands; empty when deterministic. */
  propensities: Float32Array;
  /** Log probability of the whole list; 0 when deterministic. */
  logProbability: number;
  /** Whether this decision differs from the greedy one. */
  explored: boolean;
  /** The seed of the draw. */
  samplerSeed: bigint;
}

/** Payloads other than candidates. */
export function route(branches: Branch[]): Payload;
export function settings(scope: string, patch: Record<string, unknown>): Payload;
export function document(value: unknown): Payload;

// ---- feedback

/** Stands for "none" in the u32 columns of feedback. */
export const NONE: 4294967295;

/** A batch of feedback, in columns. A column is either as long as `rows` or empty, when nothing of the kind is known. */
export interface Feedback {
  /** The event's identity; a retraction has that of the event which it takes back. */
  events: BigUint64Array;
  /** Where the event stands in the log. Strictly ascending. */
  cursors: BigUint64Array;
  /** Which decision each event is about: an index into `requestIds`, or NONE when it is organic. */
  requests: Uint32Array;
  requestIds: string[];
  /** Which version of this agent decided: an index into `versionIds`, or NONE. */
  versions: Uint32Array;
  versionIds: string[];
  /** The subject's number, or NONE for an anonymous one. */
  subjects: Uint32Array;
  rows: Uint32Array;
  /** The final position at which the row was shown, from 0; NONE when it was not. */
  positions: Uint32Array;
  /** 0 unknown, 1 not exposed, 2 exposed. */
  exposed: Uint8Array;
  /** As in `History`. */
  kinds: Uint8Array;
  values: Float32Array;
  eventTimes: BigInt64Array;
  receiveTimes: BigInt64Array;
  /** 0 provisional, 1 final, 2 retracted. */
  statuses: Uint8Array;
  /** The agent's own reward of the row. */
  innerRewards: Float32Array;
  /** The system's reward of the row: 1 for a positive outcome, 0 for none. */
  outerRewards: Float32Array;
  /** This agent's share of the outer reward. */
  credits: Float32Array;
  /** The probability with which the row was shown where it was; NaN when unknown. */
  propensities: Float32Array;
  /** What the agent decided then ("decided.score", "decided.rank"). */
  decided: Column[];
  /** What the agent saw then, each name prefixed with the port and a dot ("ranked.score"). */
  inputs: Column[];
  /** How many events there are. */
  readonly length: number;
  /** Whether no decision was recorded for an event. */
  isOrganic(event: number): boolean;
  /** Whether an event was taken back. */
  isRetracted(event: number): boolean;
  /** Whether its outer reward is above 0, or the batch knows no rewards; and it was not taken back. */
  isRewarded(event: number): boolean;
  /** What the agent saw then in a column of its inputs; null when there is none of that name. */
  input(name: string): Values | null;
  /** The events of each request as [from, to); organic ones are left out. */
  asked(): IterableIterator<[number, number]>;
}

// ---- what an agent says of itself

export type Role =
  | "recall" | "fusion" | "ranking" | "calibration" | "reranking" | "routing" | "evolution" | "infrastructure";
export type Layer = "decision" | "evolution" | "infrastructure";
export type RewardLevel = "inner" | "outer";
export type PayloadKind = "candidates" | "route" | "settings" | "document";
export type ColumnKind = "f32s" | "s64s" | "u32s";
/** A column by name (of f32), or with its type. */
export type ColumnSpec = string | { name: string; kind: ColumnKind };

/** A descriptor of an agent that takes nothing and returns candidates; its methods say what else it does. */
export function describe(name: string, version: string, role: Role, summary: string): Descriptor;

export interface Descriptor {
  /** Which layer of the system it belongs to; "decision" when unsaid. */
  layer(layer: Layer): this;
  /** The metric that it optimises, and whether that is its own ("inner") or the system's ("outer"). */
  metric(name: string, level: RewardLevel): this;
  /** Adds an input, of candidates when unsaid. "*" is any number of ports of any name. */
  takes(port: string, options?: { optional?: boolean; kind?: PayloadKind; columns?: ColumnSpec[] }): this;
  /** What is returned when it is not candidates. */
  returns(kind: PayloadKind): this;
  /** Columns that the candidates carry beside those that are passed on. */
  produces(...columns: ColumnSpec[]): this;
  /** Asks for so many of the subject's latest events. */
  history(eventsMax: number): this;
  /** Item facts that are read when there are any. */
  facts(...fields: string[]): this;
  parameter(parameter: Parameter): this;
  /** Names the layout of the state, for instance "my-agent/1". */
  state(schema: string): this;
  /** What it makes of its state when there is more to learn: "anew" when unsaid. "onward" is a promise that the host tries. */
  learning(how: "anew" | "onward"): this;
}

export interface Parameter {
  /** Its order of magnitude matters rather than its value. */
  log(): this;
  /** `learn` and `fit` read it: a change needs a new state. */
  shapesState(): this;
  /** It matters only when another parameter has one of `values`. */
  when(parameter: string, ...values: string[]): this;
}

/** A real parameter in [low, high]. */
export function float(name: string, low: number, high: number, byDefault: number, summary: string): Parameter;
/** A whole parameter in [low, high], which are safe integers. */
export function integer(name: string, low: number, high: number, byDefault: number, summary: string): Parameter;
/** One of several names. */
export function choice(name: string, options: string[], byDefault: string, summary: string): Parameter;
/** A switch. */
export function boolean(name: string, byDefault: boolean, summary: string): Parameter;
/** A list of items, written by external id in the graph file. */
export function items(name: string, summary: string): Parameter;
/** A list of numbers, or a map from names to numbers. */
export function numbers(name: string, summary: string): Parameter;

/** Checked parameters, defaults filled in. Each method throws `fault.invalidParameters` for a wrong type. */
export interface Params {
  has(name: string): boolean;
  float(name: string): number;
  integer(name: string): number;
  choice(name: string): string;
  boolean(name: string): boolean;
  /** Rows; empty when not given. */
  items(name: string): Uint32Array;
  /** Null when not given. */
  numbers(name: string): Float64Array | Map<string, number> | null;
  /** Numbers by name; empty when not given. */
  named(name: string): Map<string, number>;
}

// ---- failures

export type FaultKind =
  | "invalid-parameters" | "invalid-observation" | "invalid-state" | "invalid-feedback" | "unavailable" | "internal";

/** A failure that is told in words: throw it. Any other error that is not caught ends the instance. */
export class Fault extends Error {
  constructor(kind: FaultKind, message: string, retryable?: boolean);
  kind: FaultKind;
  /** Whether the same call may succeed later. */
  retryable: boolean;
}

/** `throw fault.unavailable("...")`. Retryable is true for `unavailable` and false for the others, when unsaid. */
export const fault: {
  invalidParameters(message: string, retryable?: boolean): Fault;
  invalidObservation(message: string, retryable?: boolean): Fault;
  invalidState(message: string, retryable?: boolean): Fault;
  invalidFeedback(message: string, retryable?: boolean): Fault;
  unavailable(message: string, retryable?: boolean): Fault;
  internal(message: string, retryable?: boolean): Fault;
};

// ---- the host

/** Why an operation on memory failed. Not caught, it becomes a fault: "unavailable" when it is that, else "internal". */
export class MemoryError extends Error {
  kind: "denied" | "conflict" | "too-large" | "quota" | "not-found" | "unavailable";
  /** What the host said; for "conflict" the revision that was found, null when there is no such key. */
  detail: string | bigint | null;
}

export interface Entry { value: Uint8Array; revision: bigint }
export interface KeyedEntry { key: string; value: Uint8Array; revision: bigint }
export interface Page {
  entries: KeyedEntry[];
  /** Pass it as `after` to go on; null at the end. */
  next: string | null;
}

/** A part of the shared memory layer, open until the end of the call or `close()`. Every method throws `MemoryError`. */
export interface Namespace {
  get(key: string): Entry | null;
  /** The answer is in the order of the keys. */
  getMany(keys: string[]): (Entry | null)[];
  /** Writes a key, whatever was there. The new revision. */
  put(key: string, value: Uint8Array): bigint;
  /** Writes a key if its revision is `expected`; null expects that there is no such key. The new revision. */
  compareAndSwap(key: string, expected: bigint | null, value: Uint8Array): bigint;
  /** Whether it was there. */
  delete(key: string): boolean;
  /** Keys that begin with `prefix`, in byte order, after the key `after`. */
  scan(prefix: string, after: string | null, limit: number): Page;
  /** Gives the handle back. What is left open is closed at the end of the call. */
  close(): void;
}

export const memory: {
  /** Opens a namespace that the graph file grants. @throws MemoryError */
  open(name: string): Namespace;
  /** How many rows the catalog has. */
  rowCount(): number;
  /** Item facts as columns, one a field, in the order of `rows`: numbers are f32, NaN where unknown; labels are s64, a bit a
   *  label, 0 where unknown. Needs the grant "items:read". @throws MemoryError */
  gather(rows: ArrayLike<number>, fields: string[]): Column[];
  /** The names behind the bits of a field of labels. @throws MemoryError */
  labels(field: string): string[];
};

/** Lines for the operator, bounded by the host. */
export const log: {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
};

/** Numbers for the operator, bounded by the host. */
export const metric: {
  /** Adds to a counter. */
  count(name: string, value?: number): void;
  /** Observes a value. */
  observe(name: string, value: number): void;
};

// ---- bytes

/** A value as MessagePack: null, booleans, numbers, bigints, strings, bytes, arrays, Maps and objects. Keys keep their order. */
export function pack(value: unknown): Uint8Array;
/** The value of MessagePack bytes: maps become objects without a prototype; integers beyond 2^53 become bigints. @throws Error */
export function unpack(bytes: Uint8Array): unknown;

/** What a library takes for a list of numbers: its bytes. */
export function bytesOf(values: Float32Array | Float64Array | Uint32Array | BigInt64Array | BigUint64Array): Uint8Array;
/** What a library takes for a number of 64 bits, signed or not. */
export function bytesOf64(value: bigint | number): Uint8Array;
/** The numbers that a library returned as bytes. */
export function f32sOf(bytes: Uint8Array): Float32Array;
export function f64sOf(bytes: Uint8Array): Float64Array;
export function u32sOf(bytes: Uint8Array): Uint32Array;
export function s64sOf(bytes: Uint8Array): BigInt64Array;
export function u64sOf(bytes: Uint8Array): BigUint64Array;
export function s64Of(bytes: Uint8Array): bigint;
export function u64Of(bytes: Uint8Array): bigint;

/** Writes long columns into a state, one after the other. */
export class StateWriter {
  u32s(values: Uint32Array): this;
  s64s(values: BigInt64Array): this;
  f32s(values: Float32Array): this;
  bytes(values: Uint8Array): this;
  finish(): Uint8Array;
}

/** Reads columns in the order in which they were written. @throws `fault.invalidState` when the bytes are something else */
export class StateReader {
  constructor(bytes: Uint8Array);
  u32s(): Uint32Array;
  s64s(): BigInt64Array;
  f32s(): Float32Array;
  bytes(): Uint8Array;
  /** That nothing is left. */
  finish(): void;
}
