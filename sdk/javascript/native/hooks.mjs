// How Node finds the SDK and the host, and reads TypeScript.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { esbuild } from "../compile/tools.mjs";

const PLACES = {
  greenroom: "../index.js",
  "greenroom/native": "./index.js",
  "greenroom:agent/log@0.2.0": "./host.js",
  "greenroom:agent/memory@0.2.0": "./host.js",
  "greenroom:agent/metric@0.2.0": "./host.js",
};

export function resolve(specifier, context, next) {
  const place = PLACES[specifier];
  return place ? { url: new URL(place, import.meta.url).href, shortCircuit: true } : next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const text = await readFile(fileURLToPath(url), "utf8");
  const { code } = await esbuild().transform(text, { loader: "ts", format: "esm", target: "es2022", sourcemap: "inline" });
  return { format: "module", source: code, shortCircuit: true };
}
