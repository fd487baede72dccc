// Time and chance, which the engine would ask the machine for: both come from the observation, so that the same one has the same
// answer. Outside of `decide` time stands at 1970, and chance begins anew.

const Machine = Date;
let now = 0;
let state = 0n;

/** Sets both for a call. */
export function begin(nowMs, seed) {
  now = Number(nowMs);
  state = seed;
}

class Clock extends Machine {
  constructor(...parts) {
    super(...(parts.length ? parts : [now]));
  }

  static now() {
    return now;
  }
}

// SplitMix64 (Steele, Lea and Flood 2014).
function random() {
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let z = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
}

/** Puts them in the place of the engine's. */
export function install() {
  globalThis.Date = Clock;
  Math.random = random;
  // It asks the machine for the time, which ends in a trap.
  delete globalThis.performance;
}
