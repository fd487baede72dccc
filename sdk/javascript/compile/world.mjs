// The world of one component: the interfaces that it exports, and those that it uses.

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a folder of WIT with the world `agent`, and returns its path. `wit` has the contract under deps. */
export function world(wit, wanted, imports) {
  const folder = join("build", "javascript", "wit");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(wit, "deps"), join(folder, "deps"), { recursive: true });
  const uses = [...new Set(imports)].sort().map((name) => `  import ${name};`);
  const gives = wanted.map((name) => `  export greenroom:agent/${name}@0.2.0;`);
  writeFileSync(join(folder, "world.wit"), `package greenroom:build;\n\nworld agent {\n${[...uses, ...gives].join("\n")}\n}\n`);
  return folder;
}
