// Whether a component is what a build would make: the same sources would otherwise give another component each time, since the
// engine's snapshot has a time and a random number in it, and a host takes another component for another version.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { componentizerVersion } from "./tools.mjs";

const FILE = join("build", "javascript", "stamp.json");

/** The stamp of a build with this bundle, world and engine. */
export function stampOf([code, witPath, fast]) {
  const hash = createHash("sha256").update(JSON.stringify([code, fast, componentizerVersion()]));
  for (const file of [...filesIn(witPath), ...filesIn(dirname(fileURLToPath(import.meta.url)))]) hash.update(readFileSync(file));
  const made = hash.digest("hex");
  return {
    fits(out) {
      if (!existsSync(FILE) || !existsSync(out)) return false;
      const before = JSON.parse(readFileSync(FILE, "utf8"))[out];
      return before?.made === made && before.component === digest(out);
    },
    write(out) {
      mkdirSync(dirname(FILE), { recursive: true });
      writeFileSync(FILE, JSON.stringify({ [out]: { made, component: digest(out) } }));
    },
  };
}

const digest = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
