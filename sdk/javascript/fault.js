// Failures in words.

export class Fault extends Error {
  constructor(kind, message, retryable = kind === "unavailable") {
    super(message);
    this.name = "Fault";
    this.kind = kind;
    this.retryable = retryable;
  }
}

const of = (kind) => (message, retryable) => new Fault(kind, message, retryable);

export const fault = {
  invalidParameters: of("invalid-parameters"),
  invalidObservation: of("invalid-observation"),
  invalidState: of("invalid-state"),
  invalidFeedback: of("invalid-feedback"),
  unavailable: of("unavailable"),
  internal: of("internal"),
};
