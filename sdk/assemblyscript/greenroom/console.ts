// What of the language's library asks a browser for something, done here: `console` writes to the host's log, and
// `Math.random` has to be given its seed.

import { log as lines } from "./log";

export namespace console {
  export function log(message: string = ""): void {
    lines.info(message);
  }

  export function debug(message: string = ""): void {
    lines.debug(message);
  }

  export function info(message: string = ""): void {
    lines.info(message);
  }

  export function warn(message: string = ""): void {
    lines.warn(message);
  }

  export function error(message: string = ""): void {
    lines.error(message);
  }
}

/** What `Math.random` begins with when it was not told. */
export function seed(): f64 {
  throw new Error("there is no chance in the sandbox: call Math.seedRandom(seen.seed) before Math.random()");
}
