// One JavaScript module of the author's files and the SDK.

import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { linesOf } from "./lines.mjs";
import { Mistakes } from "./mistakes.mjs";
import { esbuild } from "./tools.mjs";

const SDK = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const ENTRY = "greenroom-entry.js";

// The contract's interfaces are the host's, and others a library's, whose version may be left out. What is imported from them but
// not used is left out, so that an agent asks for no more than it uses.
const interfaces = (libraries) => ({
  name: "greenroom",
  setup({ onResolve }) {
    onResolve({ filter: /^greenroom:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    onResolve({ filter: /^greenroom$/ }, () => ({ path: join(SDK, "index.js"), sideEffects: false }));
    onResolve({ filter: /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\// }, ({ path }) => {
      const name = libraries.find((name) => name === path || name.split("@")[0] === path);
      if (name) return { path: name, external: true, sideEffects: false };
      if (path.startsWith("node:")) return undefined;
      return { errors: [{ text: `no component of [imports] in greenroom.toml exports "${path}"` }] };
    });
  },
});

/** The module's text, what it imports of the contract and of libraries, and where its lines come from. */
export async function bundle(main, wanted, libraries) {
  const made = wanted.map((name) => `export const ${name} = make.${name}Of(author);`);
  const entry = `import * as make from ${JSON.stringify(join(SDK, "component.js"))};
import author from ${JSON.stringify(resolve(main))};
${made.join("\n")}
`;
  const { code, imports, map } = await bundled(entry, libraries);
  const mine = (file) => !resolve(process.cwd(), file).startsWith(SDK) && !file.endsWith(ENTRY);
  const lines = linesOf(map, join(process.cwd(), "build"), mine);
  return { code: `${code}\nglobalThis.__greenroomLines = ${JSON.stringify(lines)};\n`, imports, lines };
}

/** A module of this text and all that it imports but the contract and libraries: what it imports of that, and its source map. */
export async function bundled(entry, libraries = []) {
  let result;
  try {
    result = await esbuild().build({
      stdin: { contents: entry, resolveDir: process.cwd(), sourcefile: ENTRY },
      absWorkingDir: process.cwd(),
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2022",
      charset: "utf8",
      treeShaking: true,
      legalComments: "none",
      sourcemap: "external",
      sourcesContent: false,
      outfile: join(process.cwd(), "build", "bundle.js"),
      metafile: true,
      write: false,
      logLevel: "silent",
      plugins: [interfaces(libraries)],
    });
  } catch (error) {
    if (!error.errors) throw error;
    throw new Mistakes(error.errors.map((it) => mistake(it)).join("\n"));
  }
  for (const warning of result.warnings) console.error(mistake(warning, "warning"));
  const [map, code] = ["bundle.js.map", "bundle.js"].map((name) => result.outputFiles.find((file) => file.path.endsWith(name)));
  const output = Object.entries(result.metafile.outputs).find(([name]) => name.endsWith("bundle.js"))[1];
  return { code: code.text, imports: output.imports.filter((it) => it.external).map((it) => it.path), map: JSON.parse(map.text) };
}

function mistake({ text, location, notes }, kind = "error") {
  const where = location ? `${relative(process.cwd(), resolve(location.file))}:${location.line}:${location.column + 1}: ` : "";
  const more = (notes ?? []).map((note) => `\n  ${note.text}`).join("");
  const source = location?.lineText ? `\n    ${location.lineText.trim()}` : "";
  return `${where}${kind}: ${text}${source}${more}`;
}
