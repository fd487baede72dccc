// Faults: failures that an agent reports in words.
//
// AssemblyScript has no exceptions that can be caught, so a fault is noted rather than thrown: `fail` notes it, and a
// call for which one was noted ends as that fault, whatever its method returns.

/** Who or what went wrong, as the agent sees it. */
export enum FaultKind {
  InvalidParameters,
  InvalidObservation,
  InvalidState,
  InvalidFeedback,
  Unavailable,
  Internal,
}

/** A failure in words. */
export class Fault {
  constructor(
    public kind: FaultKind,
    /** For a person: what was expected, what was found, what to do. */
    public message: string,
    /** Whether the same call may succeed later. */
    public retryable: bool = false,
  ) {}

  /** A parameter that cannot be taken. */
  static invalidParameters(message: string): Fault {
    return new Fault(FaultKind.InvalidParameters, message);
  }

  /** An observation that cannot be decided on. */
  static invalidObservation(message: string): Fault {
    return new Fault(FaultKind.InvalidObservation, message);
  }

  /** A state that is not this agent's, or is broken. */
  static invalidState(message: string): Fault {
    return new Fault(FaultKind.InvalidState, message);
  }

  /** Feedback that cannot be learned from. */
  static invalidFeedback(message: string): Fault {
    return new Fault(FaultKind.InvalidFeedback, message);
  }

  /** Something that is needed is not there now; retryable. */
  static unavailable(message: string): Fault {
    return new Fault(FaultKind.Unavailable, message, true);
  }

  /** Anything else. */
  static internal(message: string): Fault {
    return new Fault(FaultKind.Internal, message);
  }
}

let noted: Fault | null = null;

/**
 * Ends this call as a fault; the first one counts. Return at once: `return fail<Decision>(Fault.unavailable("..."))`.
 * What it returns is nothing that can be used, and is not looked at. Without a result: `return fail(fault);`.
 */
export function fail<T = void>(fault: Fault): T {
  if (noted == null) noted = fault;
  if (!isVoid<T>()) return nothing<T>();
}

/** Whether this call ends as a fault. */
export function failing(): bool {
  return noted != null;
}

/** The fault that this call ends as, which is forgotten. */
export function takeFault(): Fault | null {
  const fault = noted;
  noted = null;
  return fault;
}

/** A value that nobody looks at: null, or 0. */
export function nothing<T>(): T {
  if (isReference<T>()) {
    return changetype<T>(<usize>0);
  } else {
    return <T>0;
  }
}
