// Errors in the words of the author's files.

// A build sets it: the author's files, and for each line of the bundle a file and a line in it ("file,line" as differences in
// base 36; empty for lines that are not the author's).
let known = null;

/** The places of lines, when a build has said them. */
function places() {
  const said = globalThis.__greenroomLines;
  if (known || !said) return known;
  let [file, line] = [0, 0];
  const lines = said.lines.split(";").map((place) => {
    if (!place) return null;
    const [files, lines] = place.split(",").map((number) => parseInt(number, 36));
    file += files;
    line += lines;
    return `${said.files[file]}:${line}`;
  });
  known = { lines, bundle: said.bundle };
  return known;
}

/** An error as lines: its name and message, and the calls that led to it, each as `placed` tells it. */
export function told(error, placed = ofBundle) {
  if (!(error instanceof Error)) return `${shown(error)} was thrown`;
  const stack = String(error.stack ?? "").trimEnd();
  const cause = error.cause === undefined ? "" : `\ncaused by ${told(error.cause, placed)}`;
  const calls = stack.split("\n").map(placed).filter(Boolean);
  return [`${error.name}: ${error.message}`, ...calls].join("\n") + cause;
}

function shown(value) {
  try {
    return typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  } catch {
    return String(value);
  }
}

// A line of a stack with its place in the author's file. What is not the author's is left out.
function ofBundle(call) {
  const all = places();
  if (!all) return call;
  const found = /^(.*?)\(?([^\s()]+):(\d+):\d+\)?$/.exec(call);
  if (!found) return call;
  const place = all.lines[Number(found[3]) - 1];
  return place ? `${found[1]}(${place})` : "";
}
