// Which lists of a world are of numbers, from what wit-dylib leaves in memory: a `wit_t` of wit_dylib.h, the third version.

import { Reader, sections } from "./binary.mjs";

const VERSION = 3;
const TABLES = 16;
const [LISTS, ALIASES] = [10, 15];
const ENTRY = 12;
const TYPES = { u8: 0, u32: 2, u64: 3, s64: 7, f32: 10, f64: 11, alias: 28 };
const LISTS_MAX = 64;

/** The index of list<u8>, and masks of those of 4 and of 8 bytes. `main` is the module with the memory. */
export function sizes(main) {
  const { memory, from, to } = memoryOf(main);
  const word = (at) => memory.getUint32(at, true);
  const head = find(word, from, to);
  const table = (which) => ({ length: word(head + 4 + 8 * which), at: word(head + 8 + 8 * which) });
  const type = (table, place) => word(table.at + ENTRY * place + 8);
  const [lists, aliases] = [table(LISTS), table(ALIASES)];
  if (lists.length > LISTS_MAX) throw new Error(`${lists.length} types of lists, but ${LISTS_MAX} are expected`);
  const elements = Array.from({ length: lists.length }, (_, place) => {
    let of = type(lists, place);
    while ((of & 0xff) === TYPES.alias) of = type(aliases, of >>> 8);
    return of & 0xff;
  });
  const mask = (...of) => elements.reduce((mask, it, place) => (of.includes(it) ? mask | (1n << BigInt(place)) : mask), 0n);
  return {
    bytes: type0(lists, type),
    fours: mask(TYPES.u32, TYPES.f32),
    eights: mask(TYPES.u64, TYPES.s64, TYPES.f64),
  };
}

// A list<u8> that is written so, and not by another name: the engine asks for just that.
function type0(lists, type) {
  for (let place = 0; place < lists.length; place++) if (type(lists, place) === TYPES.u8) return place;
  throw new Error("no list<u8> in the world");
}

// A head is a version, and then how many entries each table has and where: in the same piece of memory, before the head.
function find(word, from, to) {
  for (let head = from; head + 4 + 8 * TABLES <= to; head += 4) {
    if (word(head) !== VERSION) continue;
    let tables = 0;
    for (; tables < TABLES; tables++) {
      const [length, at] = [word(head + 4 + 8 * tables), word(head + 8 + 8 * tables)];
      const none = length === 0 && at === 0;
      if (!none && !(length < 1000 && at >= from && at < head)) break;
    }
    if (tables === TABLES) return head;
  }
  throw new Error("the table of types is not where componentize-qjs 0.4.5 leaves it");
}

// The memory as it is when an instance begins, and the part of it that is the bindings'.
function memoryOf(module) {
  const parts = sections(module);
  const exported = new Map(new Reader(parts.find(({ id }) => id === 7).bytes).list((reader) =>
    [reader.name(), { kind: reader.byte(), index: reader.unsigned() }]));
  const globals = new Reader(parts.find(({ id }) => id === 6).bytes).list((reader) => {
    reader.take(2);
    return constant(reader);
  });
  const pieces = new Reader(parts.find(({ id }) => id === 11).bytes).list((reader) => {
    if (reader.unsigned() !== 0) throw new Error("memory that is not there from the beginning");
    const at = constant(reader);
    return { at, bytes: reader.take(reader.unsigned()) };
  });
  const from = globals[exported.get("wit-dylib.wasm:memory_base").index];
  const to = globals[exported.get("__heap_base").index];
  const all = new Uint8Array(to);
  for (const { at, bytes } of pieces) if (at < to) all.set(bytes.subarray(0, to - at), at);
  return { memory: new DataView(all.buffer), from, to };
}

function constant(reader) {
  if (reader.byte() !== 0x41) throw new Error("a constant that is no i32");
  const value = reader.signed();
  reader.byte();
  return value;
}
