// The sequence of memory operations that the surface "memory" asks for, and a hash of what they answered.

import { Answer, Entry, MemoryError, MemoryErrorKind, Namespace, Page, log, memory } from "greenroom";
import { Hash, utf8 } from "./fnv";

export function askMemory(): void {
  const hash = new Hash();
  const space = memory.open("echo");
  if (space.ok) ask(hash, space.value);
  else error(hash, space.error!);
  if (space.ok) askCatalog(hash);
  log.info("memory " + hash.hex());
}

function ask(hash: Hash, space: Namespace): void {
  const value = utf8("v1");
  const all = new StaticArray<u8>(256);
  for (let i = 0; i < 256; ++i) all[i] = <u8>i;

  deleted(hash, space.delete("k"));
  success(hash, space.putNew("k", value));
  const entry = space.get("k");
  if (entry.ok) found(hash.u8(1), entry.value);
  else error(hash, entry.error!);
  success(hash, space.putNew("k", utf8("v2")));
  success(hash, space.put("ü", all));
  const many = space.getMany(["k", "missing", "ü"]);
  if (many.ok) {
    hash.u8(1).u32(many.value.length);
    for (let i = 0; i < many.value.length; ++i) found(hash, many.value[i]);
  } else error(hash, many.error!);
  page(hash, space.scan("", null, 1));
  page(hash, space.scan("", "k", 10));
  deleted(hash, space.delete("ü"));
  deleted(hash, space.delete("ü"));
  space.close();
}

function askCatalog(hash: Hash): void {
  const denied = memory.open("denied");
  if (denied.ok) hash.u8(1);
  else hash.u8(255).u8(<u8>denied.error!.kind);
  const count = memory.rowCount();
  hash.u32(count);
  const rows = new StaticArray<u32>(<i32>min<u32>(3, count));
  for (let i = 0; i < rows.length; ++i) rows[i] = i;
  gathered(hash, rows, ["year"]);
  gathered(hash, new StaticArray<u32>(0), []);
  const labels = memory.labels("genres");
  if (labels.ok) hash.u8(1).texts(labels.value);
  else error(hash, labels.error!);
  log.debug("level");
  log.info("level");
  log.warn("level");
  log.error("level");
}

function gathered(hash: Hash, rows: StaticArray<u32>, fields: string[]): void {
  const columns = memory.gather(rows, fields);
  if (columns.ok) hash.u8(1).columns(columns.value);
  else error(hash, columns.error!);
}

function error(hash: Hash, error: MemoryError): void {
  hash.u8(255).u8(<u8>error.kind);
  if (error.kind != MemoryErrorKind.Conflict) {
    hash.text(error.message);
    return;
  }
  hash.bool(error.exists);
  if (error.exists) hash.u64(error.revision);
}

/** Revisions differ between runs: only whether it worked, or why not. */
function success(hash: Hash, answer: Answer<u64>): void {
  if (answer.ok) hash.u8(1);
  else hash.u8(255).u8(<u8>answer.error!.kind);
}

function deleted(hash: Hash, answer: Answer<bool>): void {
  if (answer.ok) hash.u8(1).bool(answer.value);
  else error(hash, answer.error!);
}

function found(hash: Hash, entry: Entry | null): void {
  hash.bool(entry != null);
  if (entry != null) hash.bytes(entry.value);
}

function page(hash: Hash, answer: Answer<Page>): void {
  if (!answer.ok) return error(hash, answer.error!);
  const page = answer.value;
  hash.u8(1).u32(page.entries.length);
  for (let i = 0; i < page.entries.length; ++i) hash.text(page.entries[i].key).bytes(page.entries[i].value);
  const next = page.next;
  hash.bool(next != null);
  if (next != null) hash.text(next);
}
