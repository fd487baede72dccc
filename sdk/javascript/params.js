// Parameters as `configure` gets them.

import { fault } from "./fault.js";
import { unpack } from "./msgpack.js";

const ITEM_MAX = 0xffffffff;

export class Params {
  #values;

  /** Reads what the host hands over. */
  constructor(bytes) {
    this.#values = bytes.length === 0 ? {} : decoded(bytes);
  }

  has(name) {
    return this.#given(name) !== undefined;
  }

  float(name) {
    return Number(this.#typed(name, "a number", isNumber));
  }

  integer(name) {
    const value = this.#typed(name, "a whole number", isWhole);
    if (typeof value === "bigint") throw fault.invalidParameters(`\`${name}\` = ${value} is out of range`);
    return value;
  }

  choice(name) {
    return this.#typed(name, "a name", (value) => typeof value === "string");
  }

  boolean(name) {
    return this.#typed(name, "true or false", (value) => typeof value === "boolean");
  }

  items(name) {
    if (!this.has(name)) return new Uint32Array(0);
    const isRow = (row) => Number.isInteger(row) && row >= 0 && row <= ITEM_MAX;
    return Uint32Array.from(this.#typed(name, "a list of items", (rows) => Array.isArray(rows) && rows.every(isRow)));
  }

  numbers(name) {
    if (!this.has(name)) return null;
    const expected = "a list of numbers, or a map from names to numbers";
    const value = this.#typed(name, expected, (found) => isNumbers(found) || isNamed(found));
    return Array.isArray(value) ? Float64Array.from(value, Number) : named(value);
  }

  named(name) {
    const value = this.#given(name);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return new Map();
    return named(this.#typed(name, "a map from names to numbers", isNamed));
  }

  #given(name) {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  #typed(name, expected, fits) {
    const value = this.#given(name);
    if (value === undefined) throw fault.invalidParameters(`\`${name}\` (${expected}) is missing`);
    if (!fits(value)) throw fault.invalidParameters(`\`${name}\` takes ${expected}, not ${shown(value)}`);
    return value;
  }
}

function decoded(bytes) {
  let values;
  try {
    values = unpack(bytes);
  } catch (error) {
    throw fault.invalidParameters(`parameters are not a map of known values: ${error.message}`);
  }
  if (isMap(values)) return values;
  throw fault.invalidParameters(`parameters are not a map of known values, but ${shown(values)}`);
}

const isMap = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
const isNumber = (value) => typeof value === "number" || typeof value === "bigint";
const isWhole = (value) => typeof value === "bigint" || Number.isSafeInteger(value);
const isNumbers = (value) => Array.isArray(value) && value.every(isNumber);
const isNamed = (value) => isMap(value) && Object.values(value).every(isNumber);
const named = (map) => new Map(Object.entries(map).map(([name, value]) => [name, Number(value)]));

function shown(value) {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value, (_, it) => (typeof it === "bigint" ? String(it) : it));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
