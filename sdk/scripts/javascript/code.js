// Which parts of a text are code, rather than strings, templates, comments or regular expressions.

import { past } from "./tokens.js";

const PLAIN = /[^"'`/]+/y;
const PLAIN_IN_BRACES = /[^"'`/{}]+/y;
const COMMENT = /\/\/.*|\/\*[^]*?\*\//y;
const STRING = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;
const TEMPLATE = /(?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;
const REGEX = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[\w$]*/y;

const LETTER = /[\w$\u0080-\uffff]/;
// After these words a slash begins a regular expression; after others it divides.
const BEFORE_EXPRESSION = new Set(["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "instanceof", "else",
  "do", "yield", "await", "default"]);

/** A walk over a text. Where a comment or a template has no end, the text has: the engine says what is wrong with it. */
export class Code {
  #source;
  #at = 0;

  constructor(source) {
    this.#source = source;
  }

  /** Whether a place is in code. It is not before the places that were asked for already. */
  holds(place) {
    while (this.#at <= place) {
      const end = past(PLAIN, this.#source, this.#at) ?? this.#at;
      this.#at = place < end ? place : this.#past(end);
      if (place < end) return true;
    }
    return false;
  }

  // What begins with a quote or a slash.
  #past(at) {
    const source = this.#source;
    switch (source[at]) {
      case "`": return this.#pastTemplate(at + 1);
      case "/":
        if (source[at + 1] === "*" || source[at + 1] === "/") return past(COMMENT, source, at) ?? source.length;
        return (this.#divides(at) ? null : past(REGEX, source, at)) ?? at + 1;
      default: return past(STRING, source, at) ?? at + 1;
    }
  }

  #pastTemplate(at) {
    for (;;) {
      const end = past(TEMPLATE, this.#source, at);
      if (end === null) return this.#source.length;
      if (this.#source[end - 1] === "`") return end;
      at = this.#pastBraces(end);
    }
  }

  #pastBraces(at) {
    for (let open = 1; open > 0 && at < this.#source.length; ) {
      at = past(PLAIN_IN_BRACES, this.#source, at) ?? at;
      const character = this.#source[at];
      if (character === "{") open++;
      if (character === "}") open--;
      at = character === "{" || character === "}" ? at + 1 : this.#past(at);
    }
    return at;
  }

  // Whether a slash divides what stands before it. After `)` it does, which is wrong of `if (it) /this/.test(it)`.
  #divides(at) {
    const before = this.#source.slice(Math.max(0, at - 80), at).trimEnd();
    const last = before.at(-1) ?? "";
    if (LETTER.test(last)) return !BEFORE_EXPRESSION.has(/[\w$\u0080-\uffff]+$/.exec(before)[0]);
    return /["'`)\]]/.test(last) || before.endsWith("++") || before.endsWith("--");
  }
}
