// Run by: node --import ./native/register.mjs --test test/

import assert from "node:assert/strict";
import { test } from "node:test";

import { Candidates, MemoryError, StateReader, StateWriter, best, bestPlaces, memory, pack, unpack } from "greenroom";
import { feedback, grant, observe, ranked, revokeAll } from "greenroom/native";

import { linesOf } from "../compile/lines.mjs";
import { Params } from "../params.js";
import { decodeUtf8, encodeUtf8 } from "../utf8.js";

test("the best come first, and the lower row of two that are equal", () => {
  const answer = best([7, 3, 9, 1], [0.5, 2, 0.5, -1], 3);
  assert.deepEqual([...answer.rows], [3, 7, 9]);
  assert.deepEqual([...answer.scores], [2, 0.5, 0.5]);
  assert.equal(best([1, 2], [1, 2], 0).length, 0);
  assert.equal(best([], [], 5).length, 0);
});

test("order is that of floats, whatever their sign", () => {
  const scores = [-Infinity, -1.5, -0, 0, 1e-45, 2, Infinity];
  assert.deepEqual([...best(scores.map((_, i) => i), scores, 9).rows], [6, 5, 4, 3, 2, 1, 0]);
});

test("places of the best are told even where a row stands twice", () => {
  assert.deepEqual([...bestPlaces([5, 5, 2], [1, 1, 3], 3)], [2, 0, 1]);
});

test("picking keeps sources and columns in step", () => {
  const all = new Candidates([1, 2, 3], [3, 2, 1], BigUint64Array.of(1n, 2n, 4n)).set("p", Float32Array.of(0.1, 0.2, 0.3));
  const picked = all.pick([2, 0]);
  assert.deepEqual([[...picked.rows], [...picked.sources]], [[3, 1], [4n, 1n]]);
  assert.deepEqual(picked.f32s("p"), Float32Array.of(0.3, 0.1));
  assert.equal(all.only(() => true), all);
  assert.throws(() => all.set("q", Float32Array.of(1)), /has 1 values for 3 rows/);
  assert.throws(() => all.set("q", [1, 2, 3]), /not Array/);
});

test("MessagePack comes back as it went", () => {
  const deep = { a: [1, -1, 1.5, null, true], "ü€𝄞": "ü€𝄞", big: 2n ** 63n, low: -(2n ** 63n), bytes: Uint8Array.of(1, 2) };
  const back = unpack(pack(deep));
  assert.deepEqual({ ...back }, deep);
  for (const number of [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, -32, -33, -128, -129, -32768, -32769, -(2 ** 31) - 1]) {
    assert.equal(unpack(pack(number)), number);
  }
  assert.equal(Object.is(unpack(pack(-0)), -0), true);
});

test("broken MessagePack is an error wherever it is cut", () => {
  const whole = pack({ a: [1, "two", 3.5], b: "x".repeat(40) });
  for (let cut = 0; cut < whole.length; cut++) assert.throws(() => unpack(whole.subarray(0, cut)));
  assert.throws(() => unpack(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)), /cut/);
  assert.throws(() => unpack(new Uint8Array(100).fill(0x91)), /too deep/);
});

test("keys of a map are never taken for a prototype", () => {
  const map = unpack(pack(new Map([["__proto__", { admin: true }]])));
  assert.equal(map.admin, undefined);
  assert.equal({}.admin, undefined);
});

test("UTF-8 is what Node's is", () => {
  for (const text of ["", "a", "ü€𝄞", "\u{10ffff}\uffff\u07ff\u0800"]) {
    assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
    assert.equal(decodeUtf8(encodeUtf8(text)), text);
  }
  assert.equal(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x62)), "a\ufffdb");
  assert.deepEqual(encodeUtf8("\ud800"), new TextEncoder().encode("\ud800"));
});

test("a wrong parameter is named, with what was expected and what was found", () => {
  const params = new Params(pack({ f: "x", i: 1.5, rows: [1, 2], w: { a: 1 } }));
  assert.throws(() => params.float("f"), { kind: "invalid-parameters", message: '`f` takes a number, not "x"' });
  assert.throws(() => params.integer("i"), /`i` takes a whole number, not 1.5/);
  assert.throws(() => params.choice("c"), /`c` \(a name\) is missing/);
  assert.deepEqual([...params.items("rows")], [1, 2]);
  assert.deepEqual([...params.numbers("w")], [["a", 1]]);
  assert.equal(params.numbers("none"), null);
  assert.throws(() => new Params(Uint8Array.of(0x93)), /parameters are not a map/);
});

test("only what is allowed and not excluded is admitted", () => {
  const seen = observe({ excluded: [2], allowed: [1, 2] });
  assert.deepEqual([1, 2, 3].map((row) => seen.admits(row)), [true, false, false]);
});

test("candidates of a port are taken once", () => {
  const seen = observe({ candidates: { ranked: ranked(4, 5) } });
  assert.deepEqual([...seen.takeCandidates("ranked").rows], [4, 5]);
  assert.equal(seen.takeCandidates("ranked"), null);
  const other = observe({ inputs: [{ port: "ranked", node: "n", payload: { tag: "document", val: Uint8Array.of(1) } }] });
  assert.throws(() => other.takeCandidates("ranked"), { kind: "invalid-observation" });
});

test("requests are runs of rows, and organic events are none", () => {
  const none = 0xffffffff;
  const batch = feedback({ rows: [1, 2, 3, 4, 5], requests: [none, 0, 0, 1, none], statuses: [0, 2, 0, 0, 0] });
  assert.deepEqual([...batch.asked()], [[1, 3], [3, 4]]);
  assert.deepEqual([batch.isOrganic(0), batch.isOrganic(1), batch.isRewarded(1), batch.isRewarded(2)], [true, false, false, true]);
});

test("columns of a state come back as they went, and every truncation is told", () => {
  const bytes = new StateWriter().u32s([1, 2 ** 32 - 1]).f32s([0.5]).s64s([-7n]).finish();
  const reader = new StateReader(bytes);
  assert.deepEqual([[...reader.u32s()], [...reader.f32s()], [...reader.s64s()]], [[1, 2 ** 32 - 1], [0.5], [-7n]]);
  reader.finish();
  for (let cut = 0; cut < bytes.length; cut++) {
    assert.throws(() => {
      const reader = new StateReader(bytes.subarray(0, cut));
      reader.u32s();
      reader.f32s();
      reader.s64s();
    }, { kind: "invalid-state" });
  }
});

test("memory tells why it failed", () => {
  revokeAll();
  assert.throws(() => memory.open("notes"), (error) => error instanceof MemoryError && error.kind === "denied");
  grant("notes");
  const notes = memory.open("notes");
  const revision = notes.put("a", Uint8Array.of(1));
  assert.throws(() => notes.compareAndSwap("a", null, Uint8Array.of(2)), { kind: "conflict", detail: revision });
  assert.equal(notes.compareAndSwap("a", revision, Uint8Array.of(2)), revision + 1n);
  assert.throws(() => notes.put("a", "text"), /Uint8Array/);
});

test("lines of a bundle lead to the author's", () => {
  const map = { sources: ["../a.js", "../b.js"], mappings: "AAAA;AACA;;ACDA;ADGA" };
  const { files, lines } = linesOf(map, "build", (file) => file === "a.js");
  assert.deepEqual([files, lines], [["a.js", "b.js"], "0,1;0,1;;;0,2"]);
});
