// Runs tests of AssemblyScript without a host: `node build/sdk/test.mjs FILE.test.ts ...`
//
// A test is an exported function without parameters; it fails when an `assert` in it does. The memory layer answers
// that nothing is granted, and the log goes to the terminal.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const sdk = dirname(fileURLToPath(import.meta.url));

/** `asc` of the PATH, or of the nearest `node_modules` upward. */
function compiler() {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", ".bin", "asc");
    if (existsSync(found)) return found;
    if (folder == dirname(folder)) return "asc";
  }
}

function compile(file) {
  const out = join("build", file.replace(/[^\w.-]/g, "-").replace(/\.ts$/, ".wasm"));
  const options = [file, "--config", join(sdk, "asconfig.json"), "--optimizeLevel", "0", "--outFile", out];
  const { status, error } = spawnSync(compiler(), options, { stdio: "inherit" });
  if (error) throw Error(`asc was not found: npm install --save-dev assemblyscript (${error.message})`);
  if (status != 0) process.exit(status);
  return readFileSync(out);
}

/** What the host would offer. */
function imports(module, memory, log) {
  const offered = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    offered[from] ??= {};
    if (name == "write") {
      offered[from][name] = (_, at, length) => log(Buffer.from(memory().buffer, at, length).toString());
    } else if (from.includes("/memory@") && name != "row-count" && !name.startsWith("[resource-drop]")) {
      // An error of the case `denied` without words.
      offered[from][name] = (...args) => {
        const bytes = new DataView(memory().buffer);
        const at = args.at(-1);
        for (let i = 0; i < 24; ++i) bytes.setUint8(at + i, 0);
        bytes.setUint8(at, 1);
      };
    } else {
      offered[from][name] = () => 0;
    }
  }
  return offered;
}

let failures = 0;
for (const file of process.argv.slice(2)) {
  const module = new WebAssembly.Module(compile(file));
  const tests = WebAssembly.Module.exports(module).filter(({ kind }) => kind == "function");
  for (const { name } of tests) {
    // Each test has an instance of its own.
    let instance;
    const lines = [];
    const said = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    try {
      const offered = imports(module, () => instance.exports.memory, (line) => lines.push(line));
      instance = new WebAssembly.Instance(module, offered);
      instance.exports[name]();
      console.log(`ok      ${said}`);
    } catch (error) {
      failures += 1;
      console.log([`FAILED  ${said}`, ...lines, ...(lines.length ? [] : [error.message])].join("\n        "));
    }
  }
}
process.exit(failures ? 1 : 0);
