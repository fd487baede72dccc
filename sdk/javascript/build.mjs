// Builds a component of an agent: node build.mjs MAIN --exports policy,lifecycle --libraries NAME,NAME --wit DIR --out FILE
// [--types] [--fast]
//
// MAIN is the agent's main file, and the working directory its folder. DIR has the contract under deps/agent, and there too the
// interfaces that --libraries lists. --types checks the types first. --fast takes the engine that is optimised for speed rather than size. Mistakes of the author's are told as
// FILE:LINE:COLUMN: error: MESSAGE; then the exit code is 1. It is 2 when a tool is missing, with what to install.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";

import { bundle } from "./compile/bundle.mjs";
import { exact } from "./compile/exact.mjs";
import { placesIn } from "./compile/lines.mjs";
import { Mistakes, MissingTool } from "./compile/mistakes.mjs";
import { stampOf } from "./compile/stamp.mjs";
import { componentizer, typeChecker } from "./compile/tools.mjs";
import { world } from "./compile/world.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    exports: { type: "string", default: "policy,lifecycle" },
    libraries: { type: "string", default: "" },
    wit: { type: "string", default: "build/wit" },
    out: { type: "string" },
    types: { type: "boolean", default: false },
    fast: { type: "boolean", default: false },
  },
});

try {
  await build(positionals[0], options);
} catch (error) {
  if (error instanceof MissingTool) {
    console.error(error.message);
    process.exit(2);
  }
  if (error instanceof Mistakes) {
    console.error(error.message);
    process.exit(1);
  }
  throw error;
}

async function build(main, { exports, libraries, wit, out, types, fast }) {
  const wanted = exports.split(",").map((name) => name.trim());
  // A type checker is a process of its own: it runs beside the bundler.
  const checked = types ? typeChecker().check() : Promise.resolve();
  const componentize = componentizer();
  const [{ code, imports, lines }] = await Promise.all([bundle(main, wanted, libraries.split(",")), checked]);
  const witPath = world(wit, wanted, imports);
  const stamp = stampOf([code, witPath, fast]);
  if (stamp.fits(out)) return;
  let made;
  try {
    made = await componentize({ witPath, jsSource: code, world: "agent", stubWasi: true, sync: true, optSize: !fast });
  } catch (error) {
    throw new Mistakes(placesIn(String(error.message ?? error), lines));
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, exact(made.component));
  stamp.write(out);
}
