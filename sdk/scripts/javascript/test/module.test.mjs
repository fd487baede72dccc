import assert from "node:assert/strict";
import { test } from "node:test";

import { Code } from "../code.js";
import { scriptOf } from "../module.js";
import { placeOf } from "../places.js";

const OFFERS = ["agent", "best", "memory", "MemoryError"];
const script = (source) => scriptOf(source, "sdk", OFFERS);
const run = (source) => new Function("sdk", `return eval(${JSON.stringify(script(source))})`)({ agent: (it) => it, best: 7, memory: 8 });

test("every line and column stays", () => {
  const source = `// about
import { best,
  memory as m } from "greenroom"; const a = 1;
export const b = a;
export default agent({ b });
`;
  const [before, ...lines] = script(source).split("\n");
  assert.equal(before, '"use strict"; const { best: best, memory: m } = sdk; let $_own_;');
  assert.deepEqual(lines, [
    "// about",
    "              ",
    `${" ".repeat('  memory as m } from "greenroom'.length)};; const a = 1;`,
    "       const b = a;",
    "       $_own_= agent({ b });",
    "",
    ";$_own_",
  ]);
});

test("imports and exports of every form are read", () => {
  assert.equal(run('import * as g from "greenroom"; export default g.best;'), 7);
  assert.equal(run('import { best as b, /* both */ memory, } from "greenroom"\nimport "greenroom"\nexport default b + memory'), 15);
  assert.equal(run("const a = 3;\nexport { a as default };"), 3);
  assert.equal(run("export function f() { return 4 }\nexport { f };\nexport default f()"), 4);
  assert.equal(run("export default class A { static b = A.name }").b, "A");
  assert.equal(run("export default function f() { return f.name }")(), "f");
  assert.equal(run("export default class { static b = 5 }").b, 5);
  assert.equal(run("let a = 1;"), undefined);
});

test("only code is read", () => {
  const quiet = [
    "`\nexport default 1\n${[`import x from 'y'`, { a: '}' }]}\nimport x from 'y'`",
    "/* \nimport x from 'y'\n*/ 1",
    "1 // it's\n",
    "/[`'\"/]import x from '.'/.test('')",
    "((a, b) => a / b)(4, 2) / 2 + `/`.length",
    "[4][0] / 2 + 'import x from \\'y\\''",
    "({ import: 1, export: 2, from: 3, a() { return this.import / this.export } }).a()",
    "(() => { let i = 4; return i++ / 2 + \"'\".length / 1 })()",
  ];
  for (const part of quiet) assert.equal(run(`const a = ${part};\nimport { best } from "greenroom";\nexport default best;`), 7, part);
});

test("other modules are refused at their line", () => {
  const place = (source) => {
    try {
      script(source);
    } catch ({ message, at }) {
      return [message, source.slice(0, at).split("\n").length];
    }
    throw new Error(`${source} is not refused`);
  };
  const other = 'a script has no other files: import from "greenroom" only';
  assert.deepEqual(place('\nimport { x } from "./x.js";'), [other, 2]);
  assert.deepEqual(place('const a = 1;\n\nimport fs from "node:fs";'), [other, 3]);
  assert.deepEqual(place('import "x"'), [other, 1]);
  assert.deepEqual(place('\nconst x = () => import("./x.js");'), [other, 2]);
  assert.deepEqual(place('export * from "./x.js"'), [other, 1]);
  assert.deepEqual(place('import { memry } from "greenroom";'), ['"greenroom" has no `memry`: `memory` is meant?', 1]);
  assert.match(place('import g from "greenroom";')[0], /no default export/);
  assert.match(place("import { a b } from 'greenroom';")[0], /unexpected `b`/);
  assert.match(place("export default 1;\nexport default 2;")[0], /one `export default`/);
});

test("strings, templates, comments and regular expressions are no code", () => {
  const text = "a 'b' `c${d}e` /* f */ g / h";
  const code = new Code(text);
  assert.deepEqual([..."abcdefgh"].filter((letter) => code.holds(text.indexOf(letter))), ["a", "g", "h"]);
  for (const open of ["`", "/*", "`${"]) assert.equal(new Code(`${open} a`.repeat(9)).holds(8 * (open.length + 2) + open.length + 1), false);
});

test("a place is the script's, in characters, as QuickJS says it", () => {
  const text = `"use strict";\nlet ü = 1;\n/* 𝄞 */ nope(ü);\n;$_own_`;
  const thrown = (stack) => Object.assign(new Error("x"), { stack });
  const called = (line, column) => thrown(`    at f (<input>:${line}:${column})\n    at eval (native)\n    at load (componentize-qjs:user.js:2:59)\n`);
  assert.deepEqual(placeOf(called(3, 12), text), { line: 2, column: 9 });
  assert.deepEqual(placeOf(called(2, 5), text), { line: 1, column: 5 });
  assert.deepEqual(placeOf(thrown("    at <input>:2:5\n    at eval (native)\n"), text), { line: 1, column: 5 });
  assert.deepEqual(placeOf(thrown("    at <input>:1:2\n    at parse (native)\n    at f (<input>:3:12)\n"), text), { line: 2, column: 9 });
  assert.deepEqual(placeOf(thrown("    at <input>:4:8\n    at eval (native)\n"), text), { line: 2, column: 17 });
  assert.equal(placeOf(thrown("    at decision (componentize-qjs:user.js:2:59)\n"), text), null);
  assert.equal(placeOf(3, text), null);
});
