// Lines for the operator, bounded by the host.

import { logWrite } from "./abi/imports";
import { utf8 } from "./abi/lower";

enum Level {
  Debug,
  Info,
  Warn,
  Error,
}

function write(level: Level, message: string): void {
  const bytes = utf8(message);
  logWrite(level, changetype<usize>(bytes), bytes.length);
}

export namespace log {
  /** For an author. */
  export function debug(message: string): void {
    write(Level.Debug, message);
  }

  /** For the record. */
  export function info(message: string): void {
    write(Level.Info, message);
  }

  /** Something to look at. */
  export function warn(message: string): void {
    write(Level.Warn, message);
  }

  /** Something is wrong. */
  export function error(message: string): void {
    write(Level.Error, message);
  }
}
