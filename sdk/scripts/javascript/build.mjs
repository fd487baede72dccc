// Builds the interpreter of scripts: node sdk/scripts/javascript/build.mjs --out FILE [--fast]
//
// Beside FILE a folder of the same name keeps what is made on the way. Nothing is done when nothing has changed. --fast takes the
// engine that is optimised for speed rather than size. The exit code is 2 when a tool is missing, with what to install.

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { bundled } from "../../javascript/compile/bundle.mjs";
import { exact } from "../../javascript/compile/exact.mjs";
import { MissingTool } from "../../javascript/compile/mistakes.mjs";
import { stampOf } from "../../javascript/compile/stamp.mjs";
import { componentizer } from "../../javascript/compile/tools.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const WIT = resolve(HERE, "../../../wit");

const { values: options } = parseArgs({ options: { out: { type: "string" }, fast: { type: "boolean", default: false } } });

try {
  await build(resolve(options.out), options.fast);
} catch (error) {
  if (!(error instanceof MissingTool)) throw error;
  console.error(error.message);
  process.exit(2);
}

async function build(out, fast) {
  const folder = join(dirname(out), parse(out).name);
  mkdirSync(folder, { recursive: true });
  process.chdir(folder);
  const componentize = componentizer();
  const { code } = await bundled(`export * from ${JSON.stringify(join(HERE, "interpreter.js"))};`);
  const witPath = world(join(folder, "wit"));
  const stamp = stampOf([code, witPath, fast]);
  if (stamp.fits(out)) return;
  const made = await componentize({ witPath, jsSource: code, world: "script", stubWasi: true, sync: true, optSize: !fast });
  writeFileSync(out, exact(made.component));
  stamp.write(out);
}

// The package of interpreters, and the contract that it builds upon.
function world(folder) {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(WIT, "script/0.1.0"), folder, { recursive: true });
  cpSync(join(WIT, "0.2.0"), join(folder, "deps/agent"), { recursive: true });
  return folder;
}
