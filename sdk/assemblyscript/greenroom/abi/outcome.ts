// How a call ends: as a value or as a fault. A result is its case at 0, and what it holds at an offset that is 8 when
// anything in it is of 8 bytes, and 4 otherwise.

import { takeFault } from "../fault";
import { putFault } from "./lower";
import { result } from "./result";

// A function rather than an import: an agent that never opens a namespace should not import the memory layer.
let closing: (() => void) | null = null;

/** Has something done at the end of every call. */
export function atEnd(close: () => void): void {
  closing = close;
}

/** Ends the author's part of a call. True when it ends as a fault, which is written then. */
export function endsAsFault(offset: usize): bool {
  const close = closing;
  if (close != null) close();
  const fault = takeFault();
  store<u8>(result, fault != null);
  if (fault == null) return false;
  putFault(result + offset, fault);
  return true;
}
