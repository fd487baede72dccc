// What flows along edges, other than candidates.

import { pack } from "./msgpack.js";

export function route(branches) {
  return { kind: "route", value: { branches } };
}

export function settings(scope, patch) {
  return { kind: "settings", value: { scope, patch: pack(patch) } };
}

export function document(value) {
  return { kind: "document", value: pack(value) };
}
