// Why an operation on memory failed.

export class MemoryError extends Error {
  constructor(kind, detail) {
    super(kind === "conflict" ? conflict(detail) : `${kind}: ${detail}`);
    this.name = "MemoryError";
    this.kind = kind;
    this.detail = detail;
  }
}

function conflict(revision) {
  return revision === null ? "conflict: there is no such key" : `conflict: the key is at revision ${revision}`;
}
