// The shared memory layer.

import * as host from "./abi/imports";
import { columns, length, list, record, text, texts } from "./abi/lift";
import { putTexts, utf8 } from "./abi/lower";
import { atEnd } from "./abi/outcome";
import { result } from "./abi/result";
import { Answer, MemoryError, MemoryErrorKind } from "./answer";
import { Column } from "./columns";

// Sizes of records in lists.
const OPTIONAL_ENTRY: usize = 24;
const KEYED_ENTRY: usize = 24;

/** A value, and the revision at which it was written. */
export class Entry {
  constructor(public value: StaticArray<u8>, public revision: u64) {}
}

/** A key with its value. */
export class KeyedEntry {
  constructor(public key: string, public value: StaticArray<u8>, public revision: u64) {}
}

/** A page of a scan. */
export class Page {
  constructor(
    public entries: KeyedEntry[],
    /** Pass it to go on; null at the end. */
    public next: string | null,
  ) {}
}

/** A part of the shared memory layer. It is open for one call: after the call it is closed. */
export class Namespace {
  constructor(private handle: i32) {}

  /** Reads a key; null when there is none. */
  get(key: string): Answer<Entry | null> {
    const name = utf8(key);
    host.namespaceGet(this.open, changetype<usize>(name), name.length, result);
    if (failed()) return Answer.failed<Entry | null>(error());
    return Answer.of<Entry | null>(entry(result + 8));
  }

  /** Reads several keys; the answer is in their order, null where there is no such key. */
  getMany(keys: string[]): Answer<Array<Entry | null>> {
    putTexts(result, keys);
    host.namespaceGetMany(this.open, load<usize>(result), keys.length, result);
    if (failed()) return Answer.failed<Array<Entry | null>>(error());
    const found = new Array<Entry | null>(length(result + 8));
    for (let i = 0; i < found.length; ++i) found[i] = entry(record(result + 8, i, OPTIONAL_ENTRY));
    return Answer.of(found);
  }

  /** Writes a key, whatever was there. The new revision. */
  put(key: string, value: StaticArray<u8>): Answer<u64> {
    const name = utf8(key);
    host.namespacePut(
      this.open,
      changetype<usize>(name),
      name.length,
      changetype<usize>(value),
      value.length,
      result,
    );
    return revision();
  }

  /** Writes a key if its revision is `expected`. The new one. */
  compareAndSwap(key: string, expected: u64, value: StaticArray<u8>): Answer<u64> {
    return this.swap(key, true, expected, value);
  }

  /** Writes a key if there is no such key: compare-and-swap that expects none. Its revision. */
  putNew(key: string, value: StaticArray<u8>): Answer<u64> {
    return this.swap(key, false, 0, value);
  }

  private swap(key: string, expects: bool, expected: u64, value: StaticArray<u8>): Answer<u64> {
    const name = utf8(key);
    host.namespaceCompareAndSwap(
      this.open,
      changetype<usize>(name),
      name.length,
      expects,
      expected,
      changetype<usize>(value),
      value.length,
      result,
    );
    return revision();
  }

  /** Removes a key. Whether it was there. */
  delete(key: string): Answer<bool> {
    const name = utf8(key);
    host.namespaceDelete(this.open, changetype<usize>(name), name.length, result);
    return failed() ? Answer.failed<bool>(error()) : Answer.of(load<u8>(result, 8) != 0);
  }

  /** Reads keys that begin with `prefix`, in byte order, after the key `after`, or from the first when that is null. */
  scan(prefix: string, after: string | null, limit: u32): Answer<Page> {
    const start = utf8(prefix);
    const last = utf8(after == null ? "" : after);
    host.namespaceScan(
      this.open,
      changetype<usize>(start),
      start.length,
      after != null,
      changetype<usize>(last),
      last.length,
      limit,
      result,
    );
    if (failed()) return Answer.failed<Page>(error());
    const entries = new Array<KeyedEntry>(length(result + 8));
    for (let i = 0; i < entries.length; ++i) {
      const at = record(result + 8, i, KEYED_ENTRY);
      entries[i] = new KeyedEntry(text(at), list<u8>(at + 8), load<u64>(at, 16));
    }
    return Answer.of(new Page(entries, load<u8>(result, 16) ? text(result + 20) : null));
  }

  /** Closes it before the call ends. */
  close(): void {
    if (this.handle < 0) return;
    host.namespaceDrop(this.handle);
    this.handle = -1;
  }

  private get open(): i32 {
    assert(this.handle >= 0, "a namespace is open for one call, and this one is closed");
    return this.handle;
  }
}

let opened: Namespace[] = [];

/** Closes what the author left open. */
function closeNamespaces(): void {
  for (let i = 0; i < opened.length; ++i) opened[i].close();
  if (opened.length) opened = [];
}

export namespace memory {
  /** Opens a namespace that the graph file grants to this agent. */
  export function open(name: string): Answer<Namespace> {
    const bytes = utf8(name);
    host.memoryOpen(changetype<usize>(bytes), bytes.length, result);
    if (failed()) return Answer.failed<Namespace>(error());
    const space = new Namespace(load<i32>(result, 8));
    opened.push(space);
    atEnd(closeNamespaces);
    return Answer.of(space);
  }

  /** How many rows the catalog has: rows are 0 to this number, less one. */
  export function rowCount(): u32 {
    return host.memoryRowCount();
  }

  /**
   * Item facts as columns, one a field, in the order of `rows`. A number is f32 and NaN where unknown; labels are
   * s64, one bit a label in the order of `labels`, 0 where unknown. Needs the grant `items:read`.
   */
  export function gather(rows: StaticArray<u32>, fields: string[]): Answer<Column[]> {
    putTexts(result, fields);
    host.memoryGather(changetype<usize>(rows), rows.length, load<usize>(result), fields.length, result);
    return failed() ? Answer.failed<Column[]>(error()) : Answer.of(columns(result + 8));
  }

  /** The names behind the bits of a field of labels. Needs the grant `items:read`. */
  export function labels(field: string): Answer<string[]> {
    const bytes = utf8(field);
    host.memoryLabels(changetype<usize>(bytes), bytes.length, result);
    return failed() ? Answer.failed<string[]>(error()) : Answer.of(texts(result + 8));
  }
}

// Every result is its case at 0 and its value, or the error, at 8.

function failed(): bool {
  return load<u8>(result) != 0;
}

function error(): MemoryError {
  const kind = load<u8>(result, 8);
  if (kind != MemoryErrorKind.Conflict) return new MemoryError(kind, text(result + 16));
  const exists = load<u8>(result, 16) != 0;
  const found = load<u64>(result, 24);
  const said = exists ? `the key is at revision ${found}` : "there is no such key";
  return new MemoryError(kind, said, exists, exists ? found : 0);
}

function revision(): Answer<u64> {
  return failed() ? Answer.failed<u64>(error()) : Answer.of(load<u64>(result, 8));
}

function entry(at: usize): Entry | null {
  return load<u8>(at) ? new Entry(list<u8>(at + 8), load<u64>(at, 16)) : null;
}
