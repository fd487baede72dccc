// `console`, which writes to the host's log.

import { log } from "./host.js";

const line = (values) => values.map((value) => (typeof value === "string" ? value : shown(value))).join(" ");

function shown(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.length}) [${value.slice(0, 20).join(", ")}]`;
  try {
    return JSON.stringify(value, (_, it) => (typeof it === "bigint" ? `${it}n` : it)) ?? String(value);
  } catch {
    return String(value);
  }
}

export function install() {
  globalThis.console = {
    debug: (...values) => log.debug(line(values)),
    log: (...values) => log.info(line(values)),
    info: (...values) => log.info(line(values)),
    warn: (...values) => log.warn(line(values)),
    error: (...values) => log.error(line(values)),
  };
}
