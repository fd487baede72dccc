// Where in a script an error comes from. The engine calls text that it is given `<input>`, and counts columns in bytes.

const CALL = /\(<input>:(\d+):(\d+)\)/;
const READING = /at <input>:(\d+):(\d+)/;
// The line of imports before the script.
const BEFORE = 1;

const stackOf = (error) => {
  try {
    return String(error.stack ?? "");
  } catch {
    return "";
  }
};

/**
 * The line and the column of the script that an error was thrown at, from 1; null when it was not thrown in it. `text` is what was
 * evaluated.
 */
export function placeOf(error, text) {
  if (!(error instanceof Error)) return null;
  const stack = stackOf(error);
  // A call of the script comes first: `JSON.parse` and `eval` read a text too.
  const [, line, column] = CALL.exec(stack) ?? READING.exec(stack) ?? [];
  return line === undefined ? null : placed(Number(line), Number(column), text);
}

function placed(line, column, text) {
  const lines = text.split("\n");
  // An end that is missed is missed on the line after the script.
  const last = lines.length - 1;
  if (line >= last + BEFORE) return { line: last - BEFORE, column: [...lines[last - 1]].length + 1 };
  if (line <= BEFORE) return { line: 1, column: 1 };
  return { line: line - BEFORE, column: characters(lines[line - 1], column - 1) + 1 };
}

// How many characters there are in the first bytes of a line.
function characters(line, bytes) {
  let count = 0;
  for (const character of line) {
    const code = character.codePointAt(0);
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes < 0) break;
    count++;
  }
  return count;
}

/** What `told` does with the lines of a stack: calls of the script with their place, and no others. */
export function placing(name, text) {
  return (call) => {
    const [whole, line, column] = CALL.exec(call) ?? [];
    if (!whole) return "";
    const place = placed(Number(line), Number(column), text);
    return call.replace(whole, `(${name}:${place.line}:${place.column})`);
  };
}

/** What was thrown, in a line. */
export function said(error) {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : `${JSON.stringify(error) ?? String(error)} was thrown`;
  } catch {
    return "something was thrown";
  }
}
