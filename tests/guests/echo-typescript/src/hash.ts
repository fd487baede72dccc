// FNV-1a of 64 bits over values as little-endian bytes.

const OFFSET = 0xcbf29ce484222325n;
const PRIME_LOW = 435;

export type Bytes = Uint8Array;
export type Numbers = Uint8Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

/** A running hash: its limbs of 16 bits, which the engine multiplies without leaving 32 bits. */
export class Hash {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(from: bigint = OFFSET) {
    const limb = (place: bigint): number => Number((from >> (16n * place)) & 0xffffn);
    [this.a, this.b, this.c, this.d] = [limb(0n), limb(1n), limb(2n), limb(3n)];
  }

  get sum(): bigint {
    const limb = (value: number, place: bigint): bigint => BigInt(value) << (16n * place);
    return limb(this.a, 0n) | limb(this.b, 1n) | limb(this.c, 2n) | limb(this.d, 3n);
  }

  feed(bytes: Bytes): this {
    let { a, b, c, d } = this;
    for (let i = 0; i < bytes.length; i++) {
      a ^= bytes[i]!;
      // The prime is 2^40 + 435: 2^40 moves a limb two places up, and eight bits.
      const carried = a * PRIME_LOW;
      const second = b * PRIME_LOW + (carried >> 16);
      const third = c * PRIME_LOW + (a << 8) + (second >> 16);
      d = (d * PRIME_LOW + (b << 8) + (third >> 16)) & 0xffff;
      a = carried & 0xffff;
      b = second & 0xffff;
      c = third & 0xffff;
    }
    [this.a, this.b, this.c, this.d] = [a, b, c, d];
    return this;
  }

  byte(value: number | boolean): this {
    return this.feed(Uint8Array.of(Number(value)));
  }

  u32(value: number): this {
    return this.feed(raw(Uint32Array.of(value)));
  }

  b64(value: bigint): this {
    return this.feed(raw(BigInt64Array.of(value)));
  }

  f32(value: number): this {
    return Number.isNaN(value) ? this.u32(0x7fc00000) : this.feed(raw(Float32Array.of(value)));
  }

  f64(value: number): this {
    return Number.isNaN(value) ? this.b64(0x7ff8000000000000n) : this.feed(raw(Float64Array.of(value)));
  }

  string(value: string): this {
    return this.column(new TextEncoder().encode(value));
  }

  maybe<T>(value: T | null, some: (value: T) => void): this {
    this.byte(value !== null);
    if (value !== null) some(value);
    return this;
  }

  all<T>(values: readonly T[], one: (value: T) => void): this {
    this.u32(values.length);
    values.forEach(one);
    return this;
  }

  column(values: Numbers): this {
    this.u32(values.length);
    return this.feed(raw(values instanceof Float32Array ? quieted(values) : values));
  }
}

function raw(values: Numbers): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

// NaNs may come with any payload.
function quieted(values: Float32Array): Float32Array | Uint32Array {
  const bits = new Uint32Array(values.slice().buffer);
  let found = false;
  values.forEach((value, place) => {
    if (!Number.isNaN(value)) return;
    bits[place] = 0x7fc00000;
    found = true;
  });
  return found ? bits : values;
}

export function hex(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}
