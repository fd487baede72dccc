// Makes a component of componentize-qjs hand numbers over exactly, and lists of them without touching each.
//
// As it comes, a 64-bit number becomes a JavaScript number and loses what is beyond 53 bits (a seed has 64), and a list of u32,
// f32, s64 or u64 becomes a plain array, an element at a time: half a microsecond each. Bytes, though, become a Uint8Array over
// the very memory that the host wrote to. So the engine is given these numbers as bytes. It talks to the generated bindings by
// functions that wit-dylib, a tool of the Bytecode Alliance, has defined (wit_dylib.h), and that the engine's module exports.
// Here six of them get another function before them:
//
//   wit_dylib_push_list       for a list of numbers of 2^k bytes: of list<u8>, with 2^k times the length
//   wit_dylib_pop_list        the same the other way
//   wit_dylib_push_u64, s64   pushes a list<u8> of the eight bytes
//   wit_dylib_pop_u64, s64    pops one
//
// Which lists are of numbers is read from the table that wit-dylib leaves in memory. columns.js is the other half.

import { Reader, concat, counted, sections, signed, unsigned, withSections } from "./binary.mjs";
import { sizes } from "./lists.mjs";

const [COMPONENT, MODULE] = [4, 1];

/** The component with these functions in its engine. */
export function exact(component) {
  const modules = [...modulesIn(component)];
  const main = modules.find((bytes) => exportsOf(bytes).has("wit-dylib.wasm:memory_base"));
  const engine = modules.find((bytes) => exportsOf(bytes).has("wit_dylib_push_list"));
  if (!main || !engine) throw new Error("this is not a component of componentize-qjs 0.4.5");
  const better = withFunctions(engine, sizes(main));
  return replaced(component, engine, better);
}

function* modulesIn(component) {
  for (const { id, bytes } of sections(component)) {
    if (id === MODULE) yield bytes;
    if (id === COMPONENT) yield* modulesIn(bytes);
  }
}

function replaced(component, module, by) {
  const holds = (bytes) => module.byteOffset >= bytes.byteOffset && module.byteOffset < bytes.byteOffset + bytes.length;
  return withSections(component, sections(component).map(({ id, bytes }) => {
    if (id === MODULE && bytes.byteOffset === module.byteOffset) return { id, bytes: by };
    return { id, bytes: id === COMPONENT && holds(bytes) ? replaced(bytes, module, by) : bytes };
  }));
}

function exportsOf(module) {
  const section = sections(module).find(({ id }) => id === 7);
  const read = (reader) => [reader.name(), { kind: reader.byte(), index: reader.unsigned() }];
  return new Map(section ? new Reader(section.bytes).list(read) : []);
}

const [IMPORT, FUNCTION, EXPORT, CODE] = [2, 3, 7, 10];

function withFunctions(module, { bytes, fours, eights }) {
  const parts = sections(module);
  const part = (id) => parts.find((it) => it.id === id);
  const { functions: imported, stackPointer } = importsOf(part(IMPORT).bytes);
  const types = new Reader(part(FUNCTION).bytes).list((reader) => reader.unsigned());
  const exported = exportsOf(module);
  const index = (name) => exported.get(name).index;
  const typeOf = (name) => types[index(name) - imported];

  // The first new function is the base-2 logarithm of the size of a list's numbers; 0 for other lists.
  const first = imported + types.length;
  const code = instructions({ bytes, shiftOf: first, stackPointer, index });
  const before = {
    wit_dylib_push_list: code.pushList,
    wit_dylib_pop_list: code.popList,
    wit_dylib_push_u64: code.push64,
    wit_dylib_push_s64: code.push64,
    wit_dylib_pop_u64: code.pop64,
    wit_dylib_pop_s64: code.pop64,
  };
  const names = Object.keys(before);
  const added = [typeOf("wit_dylib_pop_u32"), ...names.map(typeOf)];
  const bodies = [code.shift(fours, eights), ...Object.values(before)];

  part(FUNCTION).bytes = concat([unsigned(types.length + added.length), ...[...types, ...added].map(unsigned)]);
  part(EXPORT).bytes = exportSection(exported, new Map(names.map((name, i) => [name, first + 1 + i])));
  const old = new Reader(part(CODE).bytes);
  const count = old.unsigned();
  part(CODE).bytes = concat([unsigned(count + bodies.length), part(CODE).bytes.subarray(old.at), ...bodies.map(counted)]);
  return withSections(module, parts);
}

function exportSection(exported, moved) {
  const one = ([name, { kind, index }]) =>
    concat([counted(new TextEncoder().encode(name)), [kind], unsigned(moved.get(name) ?? index)]);
  return concat([unsigned(exported.size), ...[...exported].map(one)]);
}

// How many functions are imported, and which global is the stack pointer.
function importsOf(bytes) {
  let [functions, globals, stackPointer] = [0, 0, -1];
  new Reader(bytes).list((reader) => {
    reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === 0) {
      reader.unsigned();
      functions++;
    } else if (kind === 3) {
      reader.take(2);
      if (name === "__stack_pointer") stackPointer = globals;
      globals++;
    } else {
      if (kind === 1) reader.byte();
      const bounded = reader.byte() & 1;
      reader.unsigned();
      if (bounded) reader.unsigned();
    }
  });
  return { functions, stackPointer };
}

// Bodies of functions: their locals, then instructions.
function instructions({ bytes, shiftOf, stackPointer, index }) {
  const [I32, SELECT, DROP, UNREACHABLE, END] = [0x7f, 0x1b, 0x1a, 0x00, 0x0b];
  const get = (local) => [0x20, local];
  const set = (local) => [0x21, local];
  const tee = (local) => [0x22, local];
  const call = (callee) => [0x10, ...unsigned(callee)];
  const i32 = (value) => [0x41, ...signed(value)];
  const i64 = (value) => [0x42, ...signed(BigInt.asIntN(64, value))];
  const load32 = (offset) => [0x28, 2, offset];
  const stack = (move) => [0x23, ...unsigned(stackPointer), ...i32(move), 0x6a, 0x24, ...unsigned(stackPointer)];
  const none = [0];
  const oneI32 = [1, 1, I32];

  // Whether a list is in a mask, as 1 or 0.
  const isIn = (mask) => [...i64(mask), ...get(0), 0xad, 0x88, ...i64(1n), 0x83, 0xa7];

  return {
    shift: (fours, eights) => [...none, ...isIn(fours | eights), ...i32(1), 0x74, ...isIn(eights), 0x72, END],
    // (cx, list, pointer, length) -> whether it was taken. An empty list is left as it is.
    pushList: [
      ...oneI32, ...get(1), ...call(shiftOf), ...set(4),
      ...get(0), ...i32(bytes), ...get(1), ...get(4), ...i32(0), ...get(3), SELECT, SELECT,
      ...get(2), ...get(3), ...get(4), 0x74, ...call(index("wit_dylib_push_list")), END,
    ],
    // (cx, list, where the pointer goes) -> length
    popList: [
      ...oneI32, ...get(0), ...i32(bytes), ...get(1), ...get(1), ...call(shiftOf), ...tee(3), SELECT,
      ...get(2), ...call(index("wit_dylib_pop_list")), ...get(3), 0x76, END,
    ],
    // (cx, number)
    push64: [
      ...oneI32, ...i32(0), ...i32(0), ...i32(8), ...i32(8), ...call(index("cabi_realloc")), ...tee(2), ...get(1), 0x37, 3, 0,
      ...get(0), ...i32(bytes), ...get(2), ...i32(8), ...call(index("wit_dylib_push_list")), DROP, END,
    ],
    // (cx) -> number. Anything but eight bytes is a trap.
    pop64: [
      ...oneI32, ...stack(-16), ...get(0), ...i32(bytes), 0x23, ...unsigned(stackPointer), ...call(index("wit_dylib_pop_list")),
      ...i32(8), 0x47, 0x04, 0x40, UNREACHABLE, END,
      0x23, ...unsigned(stackPointer), ...load32(0), ...set(1), ...stack(16), ...get(1), 0x45, 0x04, 0x40, UNREACHABLE, END,
      ...get(1), 0x29, 3, 0, END,
    ],
  };
}
