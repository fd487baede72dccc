// Learned state: what `snapshot` gives and `restore` takes.
//
// A state is mostly long lists of numbers. Written as columns it is each column's length as a little-endian u64 and
// then its values, which is how `sdk/rust` writes them.

import { Fault, fail } from "./fault";

/** Bytes, and the name of their layout. */
export class State {
  constructor(public schema: string, public bytes: StaticArray<u8>) {}
}

/** Writes columns one after the other. */
export class StateWriter {
  private bytes: StaticArray<u8> = new StaticArray<u8>(256);
  private at: usize = 0;

  /** Appends a column of numbers. */
  column<T>(values: StaticArray<T>): StateWriter {
    const size = <usize>values.length << alignof<T>();
    const needed = this.at + 8 + size;
    if (needed > <usize>this.bytes.length) {
      const larger = new StaticArray<u8>(<i32>max(needed, 2 * <usize>this.bytes.length));
      memory.copy(changetype<usize>(larger), changetype<usize>(this.bytes), this.at);
      this.bytes = larger;
    }
    const to = changetype<usize>(this.bytes) + this.at;
    store<u64>(to, values.length);
    memory.copy(to + 8, changetype<usize>(values), size);
    this.at = needed;
    return this;
  }

  /** What was written, as a state. */
  finish(schema: string): State {
    return new State(schema, this.bytes.slice<StaticArray<u8>>(0, <i32>this.at));
  }
}

/**
 * Reads columns in the order in which they were written. A state that ends too early makes the call fail as an
 * invalid state, and reads as empty columns.
 */
export class StateReader {
  private at: usize = 0;

  constructor(private state: State) {}

  /** The next column. */
  column<T>(): StaticArray<T> {
    const bytes = this.state.bytes;
    const left = <usize>bytes.length - this.at;
    const from = changetype<usize>(bytes) + this.at;
    const length = left < 8 ? u64.MAX_VALUE : load<u64>(from);
    if (left < 8 || length > <u64>((left - 8) >> alignof<T>())) {
      this.broken("a column longer than what is left");
      return new StaticArray<T>(0);
    }
    const column = new StaticArray<T>(<i32>length);
    const size = <usize>length << alignof<T>();
    memory.copy(changetype<usize>(column), from + 8, size);
    this.at += 8 + size;
    return column;
  }

  /** Ends reading: fails when something is left, or when `fits` is not true, for columns that do not fit each other. */
  finish(fits: bool): void {
    if (!fits) this.broken("columns that do not fit each other");
    else if (this.at != <usize>this.state.bytes.length) this.broken("something after the last column");
  }

  private broken(what: string): void {
    fail(
      Fault.invalidState(
        `the state of schema "${this.state.schema}" is broken: ${what} ` +
          `at byte ${this.at} of ${this.state.bytes.length}; ` +
          "train again, or bring the whole file",
      ),
    );
  }
}
