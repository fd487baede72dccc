// What `throw`, `assert` and failed checks of the language call: a line in the log with file and line, and then the
// trap.

import { log } from "./log";

let dying: bool = false;

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  // What fails while the line is written is not told.
  if (!dying) {
    dying = true;
    const said = message == null ? "" : `: ${message}`;
    log.error(`aborted at ${file == null ? "unknown" : file}:${line}:${column}${said}`);
  }
  unreachable();
}
