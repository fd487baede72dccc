// The tokens of a declaration of imports or exports.

const SPACE = /(?:\s|\/\/.*|\/\*[^]*?\*\/)+/y;
const WORD = /[\w$\u0080-\uffff]+/y;
const STRING = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y;

/** A walk over tokens from a place on: `text`, `start` and `end` are of the one that it stands at, an empty one at the end. */
export class Tokens {
  text = "";
  start;
  end;
  #source;

  constructor(source, at) {
    this.#source = source;
    this.start = this.end = at;
  }

  /** Goes to the next token, and returns its text. Anything but words and strings is a token a character. */
  next() {
    const source = this.#source;
    this.start = past(SPACE, source, this.end) ?? this.end;
    this.end = past(WORD, source, this.start) ?? past(STRING, source, this.start) ?? Math.min(this.start + 1, source.length);
    this.text = source.slice(this.start, this.end);
    return this.text;
  }
}

/** Where what a sticky pattern matches at a place ends; null when it does not match. */
export function past(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : null;
}
