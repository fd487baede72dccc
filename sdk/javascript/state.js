// Learned state as raw columns: each is its length as a little-endian u64, and then its values in little-endian order. The Rust
// SDK reads and writes the same.

import { fault } from "./fault.js";

export class StateWriter {
  #parts = [];

  #column(values) {
    const length = new Uint8Array(BigUint64Array.of(BigInt(values.length)).buffer);
    this.#parts.push(length, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return this;
  }

  u32s(values) {
    return this.#column(Uint32Array.from(values));
  }

  s64s(values) {
    return this.#column(BigInt64Array.from(values));
  }

  f32s(values) {
    return this.#column(Float32Array.from(values));
  }

  bytes(values) {
    return this.#column(Uint8Array.from(values));
  }

  finish() {
    const bytes = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

export class StateReader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  #broken(what) {
    return fault.invalidState(
      `the state is broken: ${what} at byte ${this.#at} of ${this.#bytes.length}; train again, or bring the whole file`,
    );
  }

  #column(Type) {
    const left = this.#bytes.length - this.#at - 8;
    if (left < 0) throw this.#broken("no further column");
    const length = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at).getBigUint64(0, true);
    const size = length * BigInt(Type.BYTES_PER_ELEMENT);
    if (size > BigInt(left)) throw this.#broken("a column longer than what is left");
    const from = this.#at + 8;
    this.#at = from + Number(size);
    return new Type(this.#bytes.slice(from, this.#at).buffer);
  }

  u32s() {
    return this.#column(Uint32Array);
  }

  s64s() {
    return this.#column(BigInt64Array);
  }

  f32s() {
    return this.#column(Float32Array);
  }

  bytes() {
    return this.#column(Uint8Array);
  }

  finish() {
    if (this.#at !== this.#bytes.length) throw this.#broken("something after the last column");
  }
}
