// Facts of items, as far as they may be read.

import { MemoryError, type Values, log, memory } from "greenroom";

/** A column of facts, a value a row; null when there is none, which is told once an instance. */
export function fact(rows: Uint32Array, field: string): Values | null {
  return read(field, () => memory.gather(rows, [field])[0]?.values ?? null);
}

/** The bits of labels by name; null when they cannot be read. */
export function bitsOf(field: string): Map<string, bigint> | null {
  return read(field, () => new Map(memory.labels(field).map((name, bit) => [name, BigInt(bit)])));
}

let told = false;

function read<T>(field: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    if (!told && error.kind !== "unavailable") {
      told = true;
      log.warn(`no \`${field}\` of items, so the rules that need it do nothing: ${error.message}`);
    }
    return null;
  }
}
