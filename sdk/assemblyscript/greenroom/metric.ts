// Numbers for the operator, bounded by the host.

import { metricCount, metricObserve } from "./abi/imports";
import { utf8 } from "./abi/lower";

export namespace metric {
  /** Adds to a counter. */
  export function count(name: string, value: f64): void {
    const bytes = utf8(name);
    metricCount(changetype<usize>(bytes), bytes.length, value);
  }

  /** Observes a value. */
  export function observe(name: string, value: f64): void {
    const bytes = utf8(name);
    metricObserve(changetype<usize>(bytes), bytes.length, value);
  }
}
