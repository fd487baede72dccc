// Columns: numbers, one a row. A column is a `StaticArray` over the bytes that the host wrote: nothing is copied to
// read it.

import { OBJECT, TOTAL_OVERHEAD } from "rt/common";

/** The types of columns. */
export enum ColumnKind {
  F32s,
  S64s,
  U32s,
}

/** A named, typed column beside rows. */
export class Column {
  // `held` is an array of f32, i64 or u32, as `kind` says.
  private constructor(public name: string, public kind: ColumnKind, private held: StaticArray<u8>) {}

  /** A column of f32. */
  static f32s(name: string, values: StaticArray<f32>): Column {
    return new Column(name, ColumnKind.F32s, changetype<StaticArray<u8>>(values));
  }

  /** A column of i64. */
  static s64s(name: string, values: StaticArray<i64>): Column {
    return new Column(name, ColumnKind.S64s, changetype<StaticArray<u8>>(values));
  }

  /** A column of u32. */
  static u32s(name: string, values: StaticArray<u32>): Column {
    return new Column(name, ColumnKind.U32s, changetype<StaticArray<u8>>(values));
  }

  /** How many values there are. */
  get length(): i32 {
    return this.kind == ColumnKind.S64s ? this.held.length >>> 3 : this.held.length >>> 2;
  }

  /** Where the values stand, for the host. */
  get address(): usize {
    return changetype<usize>(this.held);
  }

  /** The values of a column of f32. Traps for any other. */
  get f32s(): StaticArray<f32> {
    assert(this.kind == ColumnKind.F32s, "a column that is not of f32 was read as f32");
    return changetype<StaticArray<f32>>(this.held);
  }

  /** The values of a column of i64. Traps for any other. */
  get s64s(): StaticArray<i64> {
    assert(this.kind == ColumnKind.S64s, "a column that is not of s64 was read as s64");
    return changetype<StaticArray<i64>>(this.held);
  }

  /** The values of a column of u32. Traps for any other. */
  get u32s(): StaticArray<u32> {
    assert(this.kind == ColumnKind.U32s, "a column that is not of u32 was read as u32");
    return changetype<StaticArray<u32>>(this.held);
  }

  /** The values as f32, whatever their type: copied when they are not f32. */
  toF32s(): StaticArray<f32> {
    if (this.kind == ColumnKind.F32s) return this.f32s;
    const all = new StaticArray<f32>(this.length);
    if (this.kind == ColumnKind.S64s) {
      const from = this.s64s;
      for (let i = 0; i < all.length; ++i) unchecked((all[i] = <f32>from[i]));
    } else {
      const from = this.u32s;
      for (let i = 0; i < all.length; ++i) unchecked((all[i] = <f32>from[i]));
    }
    return all;
  }

  /** The first `n` values, or all when there are fewer. This column is used up. */
  first(n: i32): Column {
    if (this.kind == ColumnKind.S64s) return Column.s64s(this.name, firstOf(this.s64s, n));
    if (this.kind == ColumnKind.F32s) return Column.f32s(this.name, firstOf(this.f32s, n));
    return Column.u32s(this.name, firstOf(this.u32s, n));
  }

  /** The values at `places`, in that order. */
  pick(places: StaticArray<u32>): Column {
    if (this.kind == ColumnKind.S64s) return Column.s64s(this.name, pickOf(this.s64s, places));
    if (this.kind == ColumnKind.F32s) return Column.f32s(this.name, pickOf(this.f32s, places));
    return Column.u32s(this.name, pickOf(this.u32s, places));
  }
}

/** The column of a name; null when there is none. */
export function columnNamed(columns: Column[], name: string): Column | null {
  for (let i = 0; i < columns.length; ++i) {
    if (unchecked(columns[i]).name == name) return unchecked(columns[i]);
  }
  return null;
}

/**
 * The first `n` of a list, or all of it when it is shorter. The list itself is shortened where it stands; only what
 * is part of the program, a list of constants, is copied.
 */
export function firstOf<T>(list: StaticArray<T>, n: i32): StaticArray<T> {
  if (n >= list.length) return list;
  if (changetype<usize>(list) < __heap_base) return list.slice<StaticArray<T>>(0, n);
  changetype<OBJECT>(changetype<usize>(list) - TOTAL_OVERHEAD).rtSize = <u32>n << <u32>alignof<T>();
  return list;
}

/** The values at `places`, in that order. */
export function pickOf<T>(list: StaticArray<T>, places: StaticArray<u32>): StaticArray<T> {
  const picked = new StaticArray<T>(places.length);
  for (let i = 0; i < places.length; ++i) unchecked((picked[i] = list[<i32>places[i]]));
  return picked;
}

/** Whether an ascending list has a row. */
export function has(ascending: StaticArray<u32>, row: u32): bool {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = unchecked(ascending[middle]);
    if (found == row) return true;
    if (found < row) from = middle + 1;
    else to = middle;
  }
  return false;
}
