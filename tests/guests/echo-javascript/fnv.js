// FNV-1a of 64 bits over values as little-endian bytes.

const OFFSET = 0xcbf29ce484222325n;
// The prime is 2^40 and this.
const LOW = 0x1b3;

const f32Bits = new Float32Array(1);
const f64Bits = new Float64Array(1);

export class Fnv {
  // Four limbs of 16 bits, the lowest first: the engine is quickest with integers of less than 32 bits.
  #limbs;

  constructor(from = OFFSET) {
    this.#limbs = [0n, 16n, 32n, 48n].map((shift) => Number((from >> shift) & 0xffffn));
  }

  get value() {
    return this.#limbs.reduceRight((value, limb) => (value << 16n) | BigInt(limb), 0n);
  }

  get hex() {
    return this.value.toString(16).padStart(16, "0");
  }

  bytes(bytes) {
    let [a, b, c, d] = this.#limbs;
    const length = bytes.length;
    for (let i = 0; i < length; i++) {
      a ^= bytes[i];
      d = d * LOW + (b << 8);
      c = c * LOW + (a << 8);
      b = b * LOW;
      a = a * LOW;
      b += a >> 16;
      c += b >> 16;
      d = (d + (c >> 16)) & 0xffff;
      a &= 0xffff;
      b &= 0xffff;
      c &= 0xffff;
    }
    this.#limbs = [a, b, c, d];
    return this;
  }

  #raw(array) {
    return this.bytes(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }

  u8(value) {
    return this.bytes([Number(value)]);
  }

  u32(value) {
    return this.#raw(Uint32Array.of(value));
  }

  b64(value) {
    return this.#raw(BigInt64Array.of(value));
  }

  f32(value) {
    f32Bits[0] = value;
    return Number.isNaN(value) ? this.u32(0x7fc00000) : this.#raw(f32Bits);
  }

  f64(value) {
    f64Bits[0] = value;
    return Number.isNaN(value) ? this.b64(0x7ff8000000000000n) : this.#raw(f64Bits);
  }

  text(value) {
    return this.list(new TextEncoder().encode(value));
  }

  option(value, some) {
    if (value === null) return this.u8(0);
    this.u8(1);
    some(value);
    return this;
  }

  each(list, one) {
    this.u32(list.length);
    for (const value of list) one(value);
    return this;
  }

  // A typed array; every NaN as the same one.
  list(array) {
    this.u32(array.length);
    if (array instanceof Float32Array && array.some(Number.isNaN)) {
      array.forEach((value) => this.f32(value));
      return this;
    }
    return this.#raw(array);
  }
}
