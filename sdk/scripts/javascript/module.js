// A module's text as a script's. The engine evaluates scripts at once, modules only by way of a promise; and it would look for
// what a module imports.
//
// Imports become constants on a line before the text, and the words of exports are blanked: every line stays where it was, one
// further down, and every character at its column.

import { Code } from "./code.js";
import { Tokens } from "./tokens.js";

const SDK = "greenroom";
// What is exported by default. With `=` it stands in the place of `default`, which is as long.
const RESULT = "$_own_";
const OTHER = `a script has no other files: import from "${SDK}" only`;
// One of the two words, and not a part of another or a property.
const WORDS = /^[^\w$.#\u0080-\uffff]?(import|export)(?![\w$\u0080-\uffff])/;
const NAME = /^[\w$\u0080-\uffff]+$/;
const DECLARES = new Set(["const", "let", "var", "function", "class", "async"]);

/** Text that is refused before the engine reads it. `at` is a place in it. */
export class Refused extends Error {
  constructor(message, at = null) {
    super(message);
    this.at = at;
  }
}

/**
 * A script whose value is what the module exports by default; undefined when that is nothing. `sdk` is an expression for what
 * the SDK offers, and `offers` are the names of it.
 */
export function scriptOf(source, sdk, offers) {
  const { imports, text, named } = new Declarations(source, offers);
  const constants = imports.map((it) => `const ${it} = ${sdk};`).join(" ");
  return `"use strict"; ${constants} let ${RESULT};\n${text}\n;${named ?? RESULT}`;
}

class Declarations {
  imports = [];
  /** What is exported by default, when that is a name. */
  named = null;
  #source;
  #offers;
  #tokens;
  #parts = [];
  #kept = 0;
  #exported = false;

  constructor(source, offers) {
    this.#source = source;
    this.#offers = offers;
    const code = new Code(source);
    for (let port = -1; (port = source.indexOf("port", Math.max(port + 1, this.#kept))) >= 0; ) {
      const start = port - "im".length;
      const word = WORDS.exec(source.slice(Math.max(0, start - 1), port + "port".length + 1))?.[1];
      if (!word || !code.holds(start)) continue;
      this.#tokens = new Tokens(source, start + word.length);
      this.#tokens.next();
      if (word === "import") this.#import(start);
      else this.#export(start);
    }
    this.text = this.#parts.join("") + source.slice(this.#kept);
  }

  #import(start) {
    const tokens = this.#tokens;
    const first = tokens.text;
    if (first === "(") {
      if (/^["'`]/.test(tokens.next())) throw new Refused(OTHER, start);
      return;
    }
    if (first === "{") {
      const names = this.#names();
      this.#from();
      for (const { name, start } of names) this.#offered(name, start);
      this.imports.push(`{ ${names.map(({ name, as }) => `${name}: ${as}`).join(", ")} }`);
    } else if (first === "*") {
      if (tokens.next() !== "as" || !NAME.test(tokens.next())) throw this.#unread();
      this.imports.push(tokens.text);
      this.#from();
    } else if (/^["']/.test(first)) {
      this.#isOurs();
    } else if (NAME.test(first)) {
      if (tokens.next() === "from") this.#specifier();
      throw new Refused(`"${SDK}" has no default export: import { agent } from "${SDK}"`, start);
    } else {
      return;
    }
    this.#blank(start, tokens.end, ";");
  }

  #export(start) {
    const tokens = this.#tokens;
    if (tokens.text === "default") {
      this.#default(start);
    } else if (DECLARES.has(tokens.text)) {
      this.#blank(start, start + "export".length);
    } else if (tokens.text === "{") {
      const names = this.#names();
      const mine = names.find(({ as }) => as === "default");
      const { end } = tokens;
      if (tokens.next() === "from") throw new Refused(OTHER, start);
      if (mine) this.#exports(mine.name, start);
      this.#blank(start, end, ";");
    } else if (tokens.text === "*") {
      throw new Refused(OTHER, start);
    }
  }

  #default(start) {
    const tokens = this.#tokens;
    const { start: word, end } = tokens;
    if (tokens.next() === "async") tokens.next();
    const isDeclaration = tokens.text === "class" || tokens.text === "function";
    if (isDeclaration && tokens.next() === "*") tokens.next();
    const isNamed = isDeclaration && NAME.test(tokens.text) && tokens.text !== "extends";
    this.#exports(isNamed ? tokens.text : null, start);
    this.#blank(start, word);
    this.#blank(word, end, isNamed ? "" : `${RESULT}=`);
  }

  #exports(name, start) {
    if (this.#exported) throw new Refused("a script has one `export default`", start);
    this.#exported = true;
    this.named = name;
  }

  // `{ a, b as c }`, from its first brace to its last.
  #names() {
    const tokens = this.#tokens;
    const names = [];
    tokens.next();
    while (tokens.text !== "}") {
      const name = { name: tokens.text, as: tokens.text, start: tokens.start };
      if (!NAME.test(name.name)) throw this.#unread();
      if (tokens.next() === "as") {
        if (!NAME.test(tokens.next())) throw this.#unread();
        name.as = tokens.text;
        tokens.next();
      }
      names.push(name);
      if (tokens.text === ",") tokens.next();
      else if (tokens.text !== "}") throw this.#unread();
    }
    return names;
  }

  // `from "greenroom"`.
  #from() {
    if (this.#tokens.next() !== "from") throw this.#unread();
    this.#specifier();
  }

  #specifier() {
    if (!/^["']/.test(this.#tokens.next())) throw this.#unread();
    this.#isOurs();
  }

  #isOurs() {
    const { text, start } = this.#tokens;
    if (text.slice(1, -1) !== SDK) throw new Refused(OTHER, start);
  }

  #offered(name, start) {
    const offers = this.#offers;
    if (offers.includes(name)) return;
    const near = offers.find((it) => it.toLowerCase() === name.toLowerCase()) ?? offers.find((it) => within(it, name));
    throw new Refused(`"${SDK}" has no \`${name}\`: ${near ? `\`${near}\` is meant?` : `it has ${offers.join(", ")}`}`, start);
  }

  #unread() {
    return new Refused(`unexpected \`${this.#tokens.text}\`: import { agent, best } from "${SDK}"`, this.#tokens.start);
  }

  // Puts blanks in the place of a part, and something at their end.
  #blank(from, to, end = "") {
    const lines = this.#source.slice(from, to - end.length).split("\n");
    this.#parts.push(this.#source.slice(this.#kept, from), lines.map(({ length }) => " ".repeat(length)).join("\n"), end);
    this.#kept = to;
  }
}

// Whether a name is another but for one character.
function within(name, other) {
  if (Math.abs(name.length - other.length) > 1) return false;
  let [a, b] = [0, 0];
  while (a < name.length && name[a] === other[a]) a++;
  while (b < Math.min(name.length, other.length) - a && name.at(-1 - b) === other.at(-1 - b)) b++;
  return Math.max(name.length, other.length) - a - b <= 1;
}
