// MessagePack, as the specification has it but for extensions, which are refused.

import { decodeUtf8, encodeUtf8 } from "./utf8.js";

/** The value of bytes. */
export function unpack(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new Error(`MessagePack ends at byte ${reader.at} of ${bytes.length}`);
  return value;
}

const DEPTH_MAX = 64;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  value(depth) {
    if (depth > DEPTH_MAX) throw new Error("MessagePack is nested too deep");
    const byte = this.#number("getUint8", 1);
    if (byte < 0x80) return byte;
    if (byte >= 0xe0) return byte - 0x100;
    if (byte < 0x90) return this.#map(byte & 0x0f, depth);
    if (byte < 0xa0) return this.#array(byte & 0x0f, depth);
    if (byte < 0xc0) return decodeUtf8(this.#take(byte & 0x1f));
    switch (byte) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.#take(this.#number("getUint8", 1)).slice();
      case 0xc5: return this.#take(this.#number("getUint16", 2)).slice();
      case 0xc6: return this.#take(this.#number("getUint32", 4)).slice();
      case 0xca: return this.#number("getFloat32", 4);
      case 0xcb: return this.#number("getFloat64", 8);
      case 0xcc: return this.#number("getUint8", 1);
      case 0xcd: return this.#number("getUint16", 2);
      case 0xce: return this.#number("getUint32", 4);
      case 0xcf: return small(this.#number("getBigUint64", 8));
      case 0xd0: return this.#number("getInt8", 1);
      case 0xd1: return this.#number("getInt16", 2);
      case 0xd2: return this.#number("getInt32", 4);
      case 0xd3: return small(this.#number("getBigInt64", 8));
      case 0xd9: return decodeUtf8(this.#take(this.#number("getUint8", 1)));
      case 0xda: return decodeUtf8(this.#take(this.#number("getUint16", 2)));
      case 0xdb: return decodeUtf8(this.#take(this.#number("getUint32", 4)));
      case 0xdc: return this.#array(this.#number("getUint16", 2), depth);
      case 0xdd: return this.#array(this.#number("getUint32", 4), depth);
      case 0xde: return this.#map(this.#number("getUint16", 2), depth);
      case 0xdf: return this.#map(this.#number("getUint32", 4), depth);
      default: throw new Error(`MessagePack has 0x${byte.toString(16)} at byte ${this.at - 1}, which is not read here`);
    }
  }

  #need(size) {
    if (this.at + size > this.bytes.length) throw new Error(`MessagePack is cut at byte ${this.bytes.length}`);
  }

  #number(read, size) {
    this.#need(size);
    const value = this.view[read](this.at);
    this.at += size;
    return value;
  }

  #take(size) {
    this.#need(size);
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  #array(length, depth) {
    this.#need(length);
    const list = new Array(length);
    for (let i = 0; i < length; i++) list[i] = this.value(depth + 1);
    return list;
  }

  // Without a prototype: a key is never taken for a method, whatever a caller names it.
  #map(length, depth) {
    this.#need(length);
    const map = Object.create(null);
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      map[key] = this.value(depth + 1);
    }
    return map;
  }
}

const small = (big) => (BigInt.asIntN(54, big) === big ? Number(big) : big);

/** A value as bytes. */
export function pack(value) {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes.slice(0, writer.at);
}

class Writer {
  constructor() {
    this.at = 0;
    this.#room(256);
  }

  #room(size) {
    if (this.bytes && this.at + size <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(size + this.at, 2 * (this.bytes?.length ?? 0)));
    if (this.bytes) bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  #number(head, write, size, value) {
    this.#room(1 + size);
    this.view.setUint8(this.at, head);
    if (size) this.view[write](this.at + 1, value);
    this.at += 1 + size;
  }

  #length(length, few, fewMax, heads) {
    if (length <= fewMax) this.#number(few | length, "", 0);
    else if (length < 0x100 && heads[0]) this.#number(heads[0], "setUint8", 1, length);
    else if (length < 0x10000) this.#number(heads[1], "setUint16", 2, length);
    else this.#number(heads[2], "setUint32", 4, length);
  }

  #raw(bytes) {
    this.#room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  value(value) {
    if (value === null || value === undefined) this.#number(0xc0, "", 0);
    else if (typeof value === "boolean") this.#number(value ? 0xc3 : 0xc2, "", 0);
    else if (typeof value === "number") this.#real(value);
    else if (typeof value === "bigint") this.#big(value);
    else if (typeof value === "string") this.#text(value);
    else if (ArrayBuffer.isView(value) || Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) this.#entries([...value]);
    else if (typeof value === "object") this.#entries(Object.entries(value));
    else throw new TypeError(`a ${typeof value} has no MessagePack`);
  }

  #real(value) {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.#number(0xcb, "setFloat64", 8, value);
    else if (value >= 0) {
      if (value < 0x80) this.#number(value, "", 0);
      else if (value < 0x100) this.#number(0xcc, "setUint8", 1, value);
      else if (value < 0x10000) this.#number(0xcd, "setUint16", 2, value);
      else if (value < 0x100000000) this.#number(0xce, "setUint32", 4, value);
      else this.#number(0xcf, "setBigUint64", 8, BigInt(value));
    } else if (value >= -0x20) this.#number(value & 0xff, "", 0);
    else if (value >= -0x80) this.#number(0xd0, "setInt8", 1, value);
    else if (value >= -0x8000) this.#number(0xd1, "setInt16", 2, value);
    else if (value >= -0x80000000) this.#number(0xd2, "setInt32", 4, value);
    else this.#number(0xd3, "setBigInt64", 8, BigInt(value));
  }

  #big(value) {
    if (small(value) !== value) this.#real(Number(value));
    else if (BigInt.asUintN(64, value) === value) this.#number(0xcf, "setBigUint64", 8, value);
    else if (BigInt.asIntN(64, value) === value) this.#number(0xd3, "setBigInt64", 8, value);
    else throw new RangeError(`${value} has more than 64 bits`);
  }

  #text(value) {
    const bytes = encodeUtf8(value);
    this.#length(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]);
    this.#raw(bytes);
  }

  #list(values) {
    if (values instanceof Uint8Array) {
      this.#length(values.length, 0, -1, [0xc4, 0xc5, 0xc6]);
      this.#raw(values);
      return;
    }
    this.#length(values.length, 0x90, 15, [0, 0xdc, 0xdd]);
    for (const value of values) this.value(value);
  }

  #entries(entries) {
    this.#length(entries.length, 0x80, 15, [0, 0xde, 0xdf]);
    for (const [key, value] of entries) {
      this.value(key);
      this.value(value);
    }
  }
}
