// Memory for what the host writes, and giving it back.
//
// What the host writes is allocated as an array that the garbage collector knows, so that a list becomes a
// `StaticArray` where it stands. Nothing is collected while a call runs: the collector sees globals and the fields of
// objects, not the stack. After a call it is, once enough has come together that the cost is spread over many calls.

/** Bytes that may be garbage before it is worth collecting. */
const GARBAGE_MAX: usize = 1 << 20;

let due: usize = GARBAGE_MAX;

/** A block of bytes for the host or for what is handed to it. */
export function block(size: usize): usize {
  return __new(size, idof<StaticArray<u8>>());
}

/** What the canonical ABI asks memory from. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  // Nobody reads through the address of an empty list, but it must be aligned and not 0.
  if (size == 0) return align;
  return oldSize == 0 ? block(size) : __renew(old, size);
}

/** Runs when the host has read what a call returned. */
export function callEnded(): void {
  // @ts-ignore: what the collector has in its care, see asconfig.json
  if (heapUsed < due) return;
  __collect();
  // @ts-ignore: as above
  due = heapUsed + max(heapUsed, GARBAGE_MAX);
}
