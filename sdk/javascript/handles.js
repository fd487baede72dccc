// The namespaces that a call opened. The host wants them back when it ends.

const handles = new Set();

/** Remembers a handle of the host. */
export function opened(handle) {
  handles.add(handle);
}

/** Gives a handle back; nothing when that was done before. */
export function close(handle) {
  if (handles.delete(handle)) handle[Symbol.dispose ?? Symbol.for("dispose")]?.();
}

/** Gives back what is still open. */
export function closeAll() {
  for (const handle of handles) close(handle);
}
