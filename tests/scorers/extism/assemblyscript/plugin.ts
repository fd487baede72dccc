// The scorer that every language has (docs/agents/costs.md), as a plugin of Extism. It is handed columns as they lie in
// memory, one after the other: the limit, `shown`, and the four that have 4 bytes a row.

import { Config, Host } from "@extism/as-pdk";
import { best } from "./best";

let freshness: f64 = 0.3;
let exploration: f64 = 0.1;

export function configure(): i32 {
  freshness = setting("freshness");
  exploration = setting("exploration");
  return 0;
}

function setting(name: string): f64 {
  const value = Config.get(name);
  return value == null ? NaN : parseFloat(value);
}

export function decide(): i32 {
  const input = Host.input();
  const columns = input.buffer;
  const n = (input.length - 4) / 24;
  const limit = load<u32>(changetype<usize>(columns));
  // `shown` does not begin at a multiple of eight, which a typed array would have to.
  const shown = changetype<usize>(columns) + 4;
  const rows = Uint32Array.wrap(columns, 4 + 8 * n, n);
  const relevance = Float32Array.wrap(columns, 4 + 12 * n, n);
  const age = Float32Array.wrap(columns, 4 + 16 * n, n);
  const clicked = Uint32Array.wrap(columns, 4 + 20 * n, n);
  const scores = new StaticArray<f32>(n);
  for (let i = 0; i < n; ++i) {
    scores[i] = score(relevance[i], age[i], <f64>load<i64>(shown + 8 * i), clicked[i]);
  }
  Host.output(best(rows, scores, limit));
  return 0;
}

function score(relevance: f64, age: f64, shown: f64, clicked: f64): f32 {
  age = max(age, 0);
  shown = max(shown, 0);
  const rate = (clicked + 1) / (shown + 20);
  const interest = relevance + freshness / (1 + age / 30) + rate + exploration / sqrt(1 + shown);
  return <f32>(interest / sqrt(1 + interest * interest));
}

export function aborted(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}
