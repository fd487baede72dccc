// From the host's words to objects. Offsets are those of the canonical ABI for `wit/0.2.0/types.wit`.

import { OBJECT, TOTAL_OVERHEAD } from "rt/common";
import { Column, ColumnKind } from "../columns";
import { Feedback } from "../feedback";
import { History, Input, Observation, Subject } from "../observation";
import { Branch, Candidates, Document, Payload, PayloadKind, Route, Settings } from "../payload";

// Sizes of records in lists.
const COLUMN: usize = 20;
const BRANCH: usize = 12;
const INPUT: usize = 52;
const TEXT: usize = 8;

/** The address of the `i`th record of the list that is described at `at`. */
export function record(at: usize, i: i32, size: usize): usize {
  return load<usize>(at) + <usize>i * size;
}

/** How many records the list has that is described at `at`. */
export function length(at: usize): i32 {
  return load<i32>(at, 4);
}

export function text(at: usize): string {
  const bytes = length(at);
  return bytes == 0 ? "" : String.UTF8.decodeUnsafe(load<usize>(at), bytes);
}

/** A list of numbers, which becomes an array where the host wrote it. */
export function list<T>(at: usize): StaticArray<T> {
  return listOf<T>(load<usize>(at), length(at));
}

export function listOf<T>(from: usize, n: i32): StaticArray<T> {
  if (n == 0) return new StaticArray<T>(0);
  const bytes = <u32>n << <u32>alignof<T>();
  const object = changetype<OBJECT>(from - TOTAL_OVERHEAD);
  if (object.rtSize == bytes && object.rtId == idof<StaticArray<u8>>()) {
    object.rtId = idof<StaticArray<T>>();
    return changetype<StaticArray<T>>(from);
  }
  const copy = new StaticArray<T>(n);
  memory.copy(changetype<usize>(copy), from, bytes);
  return copy;
}

export function texts(at: usize): string[] {
  const all = new Array<string>(length(at));
  for (let i = 0; i < all.length; ++i) unchecked((all[i] = text(record(at, i, TEXT))));
  return all;
}

export function columns(at: usize): Column[] {
  const all = new Array<Column>(length(at));
  for (let i = 0; i < all.length; ++i) unchecked((all[i] = column(record(at, i, COLUMN))));
  return all;
}

function column(at: usize): Column {
  const name = text(at);
  switch (<i32>load<u8>(at, 8)) {
    case ColumnKind.F32s:
      return Column.f32s(name, list<f32>(at + 12));
    case ColumnKind.S64s:
      return Column.s64s(name, list<i64>(at + 12));
    default:
      return Column.u32s(name, list<u32>(at + 12));
  }
}

function payload(at: usize): Payload {
  const value = at + 4;
  switch (<i32>load<u8>(at)) {
    case PayloadKind.Candidates:
      return new Candidates(list<u32>(value), list<f32>(value + 8), list<u64>(value + 16), columns(value + 24));
    case PayloadKind.Route:
      return route(value);
    case PayloadKind.Settings:
      return new Settings(text(value), list<u8>(value + 8));
    default:
      return new Document(list<u8>(value));
  }
}

function route(at: usize): Route {
  const branches = new Array<Branch>(length(at));
  for (let i = 0; i < branches.length; ++i) {
    const from = record(at, i, BRANCH);
    branches[i] = new Branch(text(from), load<f32>(from, 8));
  }
  return new Route(branches);
}

function inputs(at: usize): Input[] {
  const all = new Array<Input>(length(at));
  for (let i = 0; i < all.length; ++i) {
    const from = record(at, i, INPUT);
    all[i] = new Input(text(from), text(from + 8), payload(from + 16));
  }
  return all;
}

export function observation(at: usize): Observation {
  const history = new History(list<u32>(at + 100), list<i64>(at + 108), list<u8>(at + 116), list<f32>(at + 124));
  const seen = new Observation(history);
  seen.requestId = text(at);
  if (load<u8>(at, 8)) seen.subject = new Subject(text(at + 12), load<u32>(at, 20));
  seen.now = load<i64>(at, 24);
  seen.seed = load<u64>(at, 32);
  seen.limit = load<u32>(at, 40);
  seen.surface = text(at + 44);
  if (load<u8>(at, 52)) seen.sessionId = text(at + 56);
  seen.segments = texts(at + 64);
  seen.excluded = list<u32>(at + 72);
  if (load<u8>(at, 80)) seen.allowed = list<u32>(at + 84);
  seen.context = list<u8>(at + 92);
  seen.inputs = inputs(at + 132);
  return seen;
}

export function feedback(at: usize): Feedback {
  return new Feedback(
    list<u64>(at),
    list<u64>(at + 8),
    list<u32>(at + 16),
    texts(at + 24),
    list<u32>(at + 32),
    texts(at + 40),
    list<u32>(at + 48),
    list<u32>(at + 56),
    list<u32>(at + 64),
    list<u8>(at + 72),
    list<u8>(at + 80),
    list<f32>(at + 88),
    list<i64>(at + 96),
    list<i64>(at + 104),
    list<u8>(at + 112),
    list<f32>(at + 120),
    list<f32>(at + 128),
    list<f32>(at + 136),
    list<f32>(at + 144),
    columns(at + 152),
    columns(at + 160),
  );
}
