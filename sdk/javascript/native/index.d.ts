// For an agent's own tests: observations, feedback and parameters without a host.

import type { Agent, Candidates, Feedback, Observation } from "../index.js";

/** What agents have logged and counted. */
export const host: {
  lines: { level: string; message: string }[];
  metrics: { name: string; value: number }[];
};
/** Facts of items: numbers and, per field, the names of labels with a mask for each item. */
export function setFacts(
  rows: number,
  numbers?: Record<string, ArrayLike<number>>,
  labels?: Record<string, [names: string[], masks: ArrayLike<number | bigint>]>,
): void;
/** Grants an empty namespace; `refuses` is the kind of error that every write to it fails with. */
export function grant(name: string, refuses?: string | null): void;
/** Takes all grants back. */
export function revokeAll(): void;
/** Configures an agent with the defaults of its parameters, and with these. */
export function configure<T extends Agent>(agent: T, given?: Record<string, unknown>): T;
/** What an agent sees: candidates by port, and whatever else differs from nothing at all. */
export function observe(seen?: { candidates?: Record<string, Candidates> } & Partial<Observation>): Observation;
/** Candidates with falling scores. */
export function ranked(...rows: number[]): Candidates;
/** A batch of feedback with these columns; the others are empty. */
export function feedback(columns?: Partial<Record<keyof Feedback, unknown>>): Feedback;
