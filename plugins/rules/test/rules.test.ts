import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Candidates } from "greenroom";
import { configure, observe, ranked, setFacts } from "greenroom/native";

import rules from "../src/main.ts";

// Rows 0 to 19 with falling scores. Even ones are comedies of 1990, odd ones dramas of 2000.
beforeEach(() => {
  const all = Array.from({ length: 20 }, (_, row) => row);
  setFacts(20, { year: all.map((row) => (row % 2 ? 2000 : 1990)) }, { genres: [["Comedy", "Drama"], all.map((row) => 1 + (row % 2))] });
});

const list = (length = 20): Candidates => ranked(...Array.from({ length }, (_, row) => row));

function decide(params: Record<string, unknown>, seen: Parameters<typeof observe>[0] = {}): Candidates {
  return configure(rules, params).decide(observe({ candidates: { ranked: list() }, ...seen })) as Candidates;
}

test("without rules the list stays as it is", () => {
  assert.deepEqual([...decide({}, { limit: 3 }).rows], [0, 1, 2]);
  assert.deepEqual([...decide({}, { candidates: {} }).rows], []);
});

test("pinned items come first in their order, and only where the list holds them", () => {
  assert.deepEqual([...decide({ pinned: [9, 99, 4] }, { limit: 4 }).rows], [9, 4, 0, 1]);
});

test("buried items come last", () => {
  assert.deepEqual([...decide({ buried: [0, 2] }, { limit: 20 }).rows.slice(-2)], [0, 2]);
});

test("a boosted genre rises, and a penalty sinks it", () => {
  assert.deepEqual([...decide({ boost: { Drama: 9 } }, { limit: 3 }).rows], [1, 3, 5]);
  assert.deepEqual([...decide({ boost: { Drama: -9, Western: 1 } }, { limit: 3 }).rows], [0, 2, 4]);
});

test("no more of a genre than is wanted stand among the first ten, while there are others", () => {
  const even = Array.from({ length: 8 }, (_, i) => 2 * i);
  const mixed = ranked(...even, 1, 3, 5);
  const { rows } = decide({ per_genre_max: 3 }, { candidates: { ranked: mixed }, limit: 11 });
  assert.deepEqual([...rows.slice(0, 6)], [0, 2, 4, 1, 3, 5]);
  assert.deepEqual([...rows].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14]);
});

test("what is too old is left out, and what is of an unknown year is not", () => {
  setFacts(3, { year: [1980, NaN, 2001] });
  assert.deepEqual([...decide({ year_min: 1990 }, { candidates: { ranked: list(3) } }).rows], [1, 2]);
});

test("columns stay with their rows, and scores never rise", () => {
  const all = list(4).set("probability", Float32Array.of(0.4, 0.3, 0.2, 0.1));
  const answer = decide({ pinned: [3] }, { candidates: { ranked: all } });
  assert.deepEqual(answer.f32s("probability"), Float32Array.of(0.1, 0.4, 0.3, 0.2));
  assert.ok(answer.scores.every((score, place) => place === 0 || score <= answer.scores[place - 1]!));
});

test("what may not be shown is not, pinned or not", () => {
  assert.deepEqual([...decide({ pinned: [3] }, { excluded: Uint32Array.of(0, 3), limit: 2 }).rows], [1, 2]);
});

test("without facts the rules that need none still hold", () => {
  setFacts(20);
  assert.deepEqual([...decide({ pinned: [5], boost: { Drama: 9 }, year_min: 1995 }, { limit: 2 }).rows], [5, 0]);
});
