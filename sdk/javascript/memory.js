// The shared memory layer.

import { column, lowered, lowerRows, lowerU64, u32, u64 } from "./columns.js";
import { close, opened } from "./handles.js";
import * as host from "./host.js";
import { MemoryError } from "./memory-error.js";

// The host's failures arrive as errors with what it said as `payload`.
function tried(work) {
  try {
    return work();
  } catch (error) {
    const said = error?.payload;
    if (typeof said?.tag !== "string") throw error;
    const detail = said.tag === "conflict" ? (said.val == null ? null : u64(said.val)) : String(said.val);
    throw new MemoryError(said.tag, detail);
  }
}

const text = (value) => String(value).toWellFormed();
const entry = (it) => it && { value: it.value, revision: u64(it.revision) };

function bytes(value) {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("a value in memory is a Uint8Array: pack() makes one of anything, TextEncoder one of a string");
}

class Namespace {
  #handle;

  constructor(handle) {
    this.#handle = handle;
    opened(handle);
  }

  get(key) {
    return tried(() => entry(this.#handle.get(text(key))));
  }

  getMany(keys) {
    return tried(() => this.#handle.getMany(keys.map(text)).map(entry));
  }

  put(key, value) {
    return tried(() => u64(this.#handle.put(text(key), bytes(value))));
  }

  compareAndSwap(key, expected, value) {
    const revision = expected == null ? null : lowerU64(expected);
    return tried(() => u64(this.#handle.compareAndSwap(text(key), revision, bytes(value))));
  }

  delete(key) {
    return tried(() => this.#handle.delete(text(key)));
  }

  scan(prefix, after, limit) {
    return tried(() => {
      const page = this.#handle.scan(text(prefix), after == null ? null : text(after), limit | 0);
      const keyed = ({ key, value, revision }) => ({ key, value, revision: u64(revision) });
      return { entries: page.entries.map(keyed), next: page.next ?? null };
    });
  }

  close() {
    close(this.#handle);
  }
}

export const memory = {
  open: (name) => tried(() => new Namespace(host.open(text(name)))),
  rowCount: () => u32(host.rowCount()),
  gather: (rows, fields) => tried(() => host.gather(lowered(lowerRows(rows)), fields.map(text)).map(column)),
  labels: (field) => tried(() => host.labels(text(field))),
};
