// What the memory layer answers: a value or an error.

import { Fault, nothing } from "./fault";

/** Why an operation failed. */
export enum MemoryErrorKind {
  /** Not granted. */
  Denied,
  /** Compare-and-swap found another revision. */
  Conflict,
  /** A key, a value or a batch is larger than the host takes. */
  TooLarge,
  /** The namespace is full. */
  Quota,
  /** No such namespace, or no such field. */
  NotFound,
  /** It may work later. */
  Unavailable,
}

/** A failed operation. */
export class MemoryError {
  constructor(
    public kind: MemoryErrorKind,
    /** For a person. */
    public message: string,
    /** Of a conflict: whether there is such a key. */
    public exists: bool = false,
    /** Of a conflict: the revision that was found. */
    public revision: u64 = 0,
  ) {}

  /** The same as a fault, for `fail`: unavailable, and retryable when the operation may succeed later. */
  fault(): Fault {
    const retryable = this.kind == MemoryErrorKind.Unavailable || this.kind == MemoryErrorKind.Conflict;
    const fault = Fault.unavailable(`memory: ${this.message}`);
    fault.retryable = retryable;
    return fault;
  }
}

/** A value, or the error that came in its place. */
export class Answer<T> {
  private constructor(private held: T, public readonly error: MemoryError | null) {}

  static of<T>(value: T): Answer<T> {
    return new Answer<T>(value, null);
  }

  static failed<T>(error: MemoryError): Answer<T> {
    return new Answer<T>(nothing<T>(), error);
  }

  /** Whether there is a value. */
  get ok(): bool {
    return this.error == null;
  }

  /** Whether it failed for a reason. */
  is(kind: MemoryErrorKind): bool {
    const error = this.error;
    return error != null && error.kind == kind;
  }

  /** The value. Traps, with the error's words in the log, when there is none. */
  get value(): T {
    const error = this.error;
    if (error != null) throw new Error(`memory: ${error.message}`);
    return this.held;
  }
}
