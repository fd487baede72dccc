// The tools of a build: packages in node_modules of the agent's folder or above it, or where their programs on PATH are.

import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

import { Mistakes, MissingTool } from "./mistakes.mjs";

export const INSTALL = "npm install --save-dev componentize-qjs@0.4.5 esbuild";
const QJS = "0.4.5";
const ESBUILD_MIN = [0, 17];

export function esbuild() {
  const tool = find("esbuild", "esbuild", INSTALL);
  const [major, minor] = tool.version.split(".").map(Number);
  if (major === ESBUILD_MIN[0] && minor < ESBUILD_MIN[1]) {
    throw new MissingTool(`esbuild ${tool.version} is too old, 0.17 or newer is needed: ${INSTALL}`);
  }
  return tool.require("esbuild");
}

const qjs = () => find("componentize-qjs", "componentize-qjs", INSTALL);

export const componentizerVersion = () => qjs().version;

export function componentizer() {
  const tool = qjs();
  if (tool.version !== QJS) {
    throw new MissingTool(`componentize-qjs ${tool.version} is installed, but ${QJS} is needed: ${INSTALL}`);
  }
  return tool.require("componentize-qjs").componentize;
}

/** The type checker of TypeScript. Its mistakes are FILE(LINE,COLUMN): error TSNUMBER: MESSAGE. */
export function typeChecker() {
  const install = "npm install --save-dev typescript";
  const tool = find("typescript", "tsc", install);
  return {
    check: () => new Promise((done, failed) => {
      const args = [join(tool.folder, "bin", "tsc"), "--noEmit", "--pretty", "false"];
      execFile(process.execPath, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
        if (!error) return done();
        const mistake = /^(.+?)\((\d+),(\d+)\): (.*)$/gm;
        failed(new Mistakes((stdout + stderr).trim().replace(mistake, "$1:$2:$3: $4")));
      });
    }),
  };
}

function find(name, program, install) {
  const here = createRequire(join(process.cwd(), "package.json"));
  const beside = fromHere(here, name);
  if (beside) return beside;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, program);
    if (!existsSync(file)) continue;
    const found = fromHere(createRequire(realpathSync(file)), name) ?? fromHere(createRequire(file), name);
    if (found) return found;
  }
  throw new MissingTool(`${name} is not installed: ${install}`);
}

function fromHere(require, name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    const manifest = join(folder, name, "package.json");
    if (!existsSync(manifest)) continue;
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    return { require, version, folder: dirname(manifest) };
  }
  return null;
}
