// A walk through memory, all of whose answers are hashed.

import { log, memory } from "greenroom";

import { Fnv } from "./fnv.js";
import { column, errorCase, memoryError } from "./seen.js";

export function recall() {
  const hash = new Fnv();
  namespace(hash);
  attempt(hash, () => memory.open("denied").close(), () => {}, caseOnly);
  const rows = memory.rowCount();
  hash.u32(rows);
  const columns = (all) => hash.each(all, (it) => column(hash, it));
  attempt(hash, () => memory.gather(Uint32Array.from({ length: Math.min(3, rows) }, (_, i) => i), ["year"]), columns);
  attempt(hash, () => memory.gather([], []), columns);
  attempt(hash, () => memory.labels("genres"), (all) => hash.each(all, (label) => hash.text(label)));
  for (const level of ["debug", "info", "warn", "error"]) log[level]("level");
  log.info(`memory ${hash.hex}`);
}

function namespace(hash) {
  let ns;
  try {
    ns = memory.open("echo");
  } catch (error) {
    memoryError(hash, error);
    return;
  }
  const bytes = (text) => new TextEncoder().encode(text);
  const nothing = () => {};
  const page = ({ entries, next }) => {
    hash.each(entries, ({ key, value }) => hash.text(key).list(value));
    hash.option(next, (key) => hash.text(key));
  };
  const value = (it) => hash.option(it, (entry) => hash.list(entry.value));
  attempt(hash, () => ns.delete("k"), (was) => hash.u8(was));
  attempt(hash, () => ns.compareAndSwap("k", null, bytes("v1")), nothing, caseOnly);
  attempt(hash, () => ns.get("k"), value);
  attempt(hash, () => ns.compareAndSwap("k", null, bytes("v2")), nothing, caseOnly);
  attempt(hash, () => ns.put("ü", Uint8Array.from({ length: 256 }, (_, i) => i)), nothing, caseOnly);
  attempt(hash, () => ns.getMany(["k", "missing", "ü"]), (all) => hash.each(all, value));
  attempt(hash, () => ns.scan("", null, 1), page);
  attempt(hash, () => ns.scan("", "k", 10), page);
  attempt(hash, () => ns.delete("ü"), (was) => hash.u8(was));
  attempt(hash, () => ns.delete("ü"), (was) => hash.u8(was));
  ns.close();
}

const caseOnly = (hash, error) => hash.u8(255).u8(errorCase(error));

function attempt(hash, work, found, failed = memoryError) {
  let it;
  try {
    it = work();
  } catch (error) {
    failed(hash, error);
    return;
  }
  hash.u8(1);
  found(it);
}
