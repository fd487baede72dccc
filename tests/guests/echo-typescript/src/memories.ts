// Every operation on memory once, with what came of it in a hash.

import { type Column, type Entry, MemoryError, type Namespace, type Page, log, memory } from "greenroom";

import { Hash, hex } from "./hash.ts";
import { hashColumn, hashFailure } from "./records.ts";

const FIRST_ROWS = 3;

class Memories {
  readonly hash = new Hash();

  // What cannot be the same in two runs, such as a revision, is left out: then only the case of a failure counts.
  note<T>(work: () => T, success: (value: T) => void, whole = true): void {
    let value: T;
    try {
      value = work();
    } catch (failure) {
      if (!(failure instanceof MemoryError)) throw failure;
      hashFailure(this.hash, failure, whole);
      return;
    }
    this.hash.byte(1);
    success(value);
  }
}

export function remember(): void {
  const all = new Memories();
  const { hash } = all;
  ofNamespace(all);
  all.note(() => memory.open("denied"), (opened) => opened.close(), false);
  const rowCount = memory.rowCount();
  hash.u32(rowCount);
  const columns = (found: Column[]): void => void hash.all(found, (it) => hashColumn(hash, it));
  const rows = Array.from({ length: Math.min(FIRST_ROWS, rowCount) }, (_, row) => row);
  all.note(() => memory.gather(rows, ["year"]), columns);
  all.note(() => memory.gather([], []), columns);
  all.note(() => memory.labels("genres"), (labels) => hash.all(labels, (label) => hash.string(label)));
  log.debug("level");
  log.info("level");
  log.warn("level");
  log.error("level");
  log.info(`memory ${hex(hash.sum)}`);
}

function ofNamespace(all: Memories): void {
  const { hash } = all;
  let space: Namespace;
  try {
    space = memory.open("echo");
  } catch (failure) {
    if (!(failure instanceof MemoryError)) throw failure;
    hashFailure(hash, failure, true);
    return;
  }
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const was = (there: boolean): void => void hash.byte(there);
  const entry = (found: Entry | null): void => void hash.maybe(found, ({ value }) => hash.column(value));
  const nothing = (): void => {};
  const page = ({ entries, next }: Page): void => {
    hash.all(entries, ({ key, value }) => hash.string(key).column(value)).maybe(next, (key) => hash.string(key));
  };
  all.note(() => space.delete("k"), was);
  all.note(() => space.compareAndSwap("k", null, bytes("v1")), nothing, false);
  all.note(() => space.get("k"), entry);
  all.note(() => space.compareAndSwap("k", null, bytes("v2")), nothing, false);
  all.note(() => space.put("ü", Uint8Array.from({ length: 256 }, (_, value) => value)), nothing, false);
  all.note(() => space.getMany(["k", "missing", "ü"]), (found) => hash.all(found, entry));
  all.note(() => space.scan("", null, 1), page);
  all.note(() => space.scan("", "k", 10), page);
  all.note(() => space.delete("ü"), was);
  all.note(() => space.delete("ü"), was);
  space.close();
}
