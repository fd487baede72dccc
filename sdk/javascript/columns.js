// Columns and 64-bit numbers as they cross the boundary.
//
// A build makes componentize-qjs hand over lists of numbers, and 64-bit numbers, as their bytes (compile/exact.mjs says why and
// how): a list becomes a typed array over them, without a copy. An empty list is a plain array, and so are lists from hosts
// that know nothing of this, such as tests.

const ofBytes = (Type) => (list) => {
  if (list instanceof Type) return list;
  if (list instanceof Uint8Array) return new Type(list.buffer, list.byteOffset, list.byteLength / Type.BYTES_PER_ELEMENT);
  return Type.from(list);
};

export const u32s = ofBytes(Uint32Array);
export const f32s = ofBytes(Float32Array);
export const f64s = ofBytes(Float64Array);
export const s64s = ofBytes(BigInt64Array);
export const u64s = ofBytes(BigUint64Array);
export const u8s = (list) => (list instanceof Uint8Array ? list : Uint8Array.from(list));

/** A number of 32 bits, which comes as a signed one. */
export const u32 = (it) => it >>> 0;

/** A 64-bit number. */
export const s64 = (it) => (it instanceof Uint8Array ? s64s(it)[0] : BigInt(it));
export const u64 = (it) => (it instanceof Uint8Array ? u64s(it)[0] : BigInt(it));

/** The bytes of a 64-bit number, signed or not. */
export function lowerU64(value) {
  return new Uint8Array(BigInt64Array.of(BigInt.asIntN(64, BigInt(value))).buffer);
}

const TYPES = { f32s, s64s, u32s };

/** A typed array for the host: its bytes; a plain array when it is empty. */
export function lowered(values) {
  return values.length ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : [];
}

/** A column of the host's. */
export function column({ name, values: { tag, val } }) {
  return { name, values: TYPES[tag](val) };
}

/** A column for the host. */
export function lowerColumn({ name, values }) {
  return { name: String(name).toWellFormed(), values: { tag: kindOf(name, values), val: lowered(values) } };
}

/** The kind of column that an array is. */
export function kindOf(name, values) {
  if (values instanceof Float32Array) return "f32s";
  if (values instanceof Uint32Array) return "u32s";
  if (values instanceof BigInt64Array) return "s64s";
  const found = values?.constructor?.name ?? typeof values;
  throw new TypeError(`column "${name}" is a Float32Array, a Uint32Array or a BigInt64Array, not ${found}`);
}

// Whatever an author has, as the typed array that it has to be.
export const lowerRows = (rows) => (rows instanceof Uint32Array ? rows : Uint32Array.from(rows));
export const lowerScores = (scores) => (scores instanceof Float32Array ? scores : Float32Array.from(scores));
export const lowerMasks = (masks) => (masks instanceof BigUint64Array ? masks : BigUint64Array.from(masks ?? []));
