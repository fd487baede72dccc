// What the host offers, and the only file that imports it. Tests put another one in its place.
// What a component does not use of it is not imported: a graph has to grant memory only to whom it is of use.

import { write } from "greenroom:agent/log@0.2.0";
import { gather, labels, open, rowCount } from "greenroom:agent/memory@0.2.0";
import { count, observe } from "greenroom:agent/metric@0.2.0";

export { gather, labels, open, rowCount };

// A string for the host is UTF-8, which has no halves of surrogate pairs.
const text = (value) => String(value).toWellFormed();

export const log = {
  debug: (message) => write("debug", text(message)),
  info: (message) => write("info", text(message)),
  warn: (message) => write("warn", text(message)),
  error: (message) => write("error", text(message)),
};

export const metric = {
  count: (name, value = 1) => count(text(name), Number(value)),
  observe: (name, value) => observe(text(name), Number(value)),
};
