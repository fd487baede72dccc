// What an agent finds beside the language itself. Time and chance come from the observation: `Date.now()` is `seen.now`, and
// `Math.random()` is drawn from `seen.seed`.

declare const console: Record<"debug" | "log" | "info" | "warn" | "error", (...values: unknown[]) => void>;

declare class TextEncoder {
  encode(text?: string): Uint8Array;
}

declare class TextDecoder {
  decode(bytes?: Uint8Array): string;
}
