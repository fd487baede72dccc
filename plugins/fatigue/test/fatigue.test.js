import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memory } from "greenroom";
import { configure, grant, host, observe, ranked, revokeAll } from "greenroom/native";

import fatigue from "../agent.js";
import { Showings } from "../showings.js";

const HOUR = 3_600_000n;
const FIRST = 1_000_000_000_000n;

beforeEach(() => {
  revokeAll();
  grant("fatigue");
});

function ask({ hours = 0n, limit = 2, rows = [1, 2, 3, 4], ...seen } = {}) {
  const all = ranked(...rows);
  return fatigue.decide(observe({ candidates: { ranked: all }, now: FIRST + hours * HOUR, limit, ...seen }));
}

const rows = (answer) => [...answer.rows];

test("what was shown again and again gives way to what was not", () => {
  configure(fatigue, { strength: 1 });
  assert.deepEqual(rows(ask()), [1, 2]);
  const shown = Array.from({ length: 20 }, () => rows(ask())).flat();
  assert.deepEqual([...new Set(shown)].sort(), [1, 2, 3, 4]);
});

test("after some half-lives it is back", () => {
  configure(fatigue, { strength: 2, half_life_hours: 2 });
  assert.deepEqual(rows(ask({ limit: 1 })), [1]);
  assert.deepEqual(rows(ask({ limit: 1 })), [2]);
  assert.deepEqual(rows(ask({ limit: 1, hours: 40n })), [1]);
});

test("each subject tires by itself, and nobody does not tire", () => {
  configure(fatigue, { strength: 5 });
  ask({ limit: 1 });
  assert.deepEqual(rows(ask({ limit: 1, subject: { key: "b", number: 1 } })), [1]);
  for (let i = 0; i < 3; i++) assert.deepEqual(rows(ask({ limit: 1, subject: null })), [1]);
});

test("without strength, or without the grant, the order is that of the list", () => {
  configure(fatigue, { strength: 0 });
  for (let i = 0; i < 3; i++) assert.deepEqual(rows(ask()), [1, 2]);
  configure(fatigue, { strength: 5 });
  revokeAll();
  for (let i = 0; i < 3; i++) assert.deepEqual(rows(ask()), [1, 2]);
  assert.match(host.lines.at(-1).message, /nothing is demoted: denied/);
});

test("who may not write is served all the same", () => {
  configure(fatigue, { strength: 5 });
  grant("fatigue", "quota");
  for (let i = 0; i < 3; i++) assert.deepEqual(rows(ask()), [1, 2]);
});

test("only the first places count as shown", () => {
  configure(fatigue, { strength: 5, places: 1 });
  ask({ limit: 4 });
  assert.deepEqual(rows(ask({ limit: 4 })), [2, 3, 4, 1]);
});

test("scores never rise, and excluded rows are left out", () => {
  configure(fatigue, { strength: 5 });
  ask({ limit: 1 });
  const answer = ask({ limit: 4, excluded: Uint32Array.of(3) });
  assert.deepEqual(rows(answer), [2, 4, 1]);
  assert.ok(answer.scores.every((score, place) => place === 0 || score <= answer.scores[place - 1]));
});

test("a broken entry begins anew", () => {
  configure(fatigue);
  memory.open("fatigue").put("subject/0", Uint8Array.of(1, 2, 3));
  assert.deepEqual(rows(ask()), [1, 2]);
  assert.equal(Showings.of(memory.open("fatigue").get("subject/0").value).of(1), 1);
});

test("of many rows the most shown are remembered, and the same showings are the same bytes", () => {
  const many = new Showings();
  many.add(Array.from({ length: 900 }, (_, row) => row));
  many.add([899]);
  const back = Showings.of(many.bytes());
  assert.deepEqual([back.weights.size, back.of(899), back.of(0), back.of(700)], [500, 2, 1, 0]);
  assert.deepEqual(back.bytes(), many.bytes());
});
