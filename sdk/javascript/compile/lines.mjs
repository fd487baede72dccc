// Where the lines of a bundle come from. Lines are enough: a bundle keeps the author's.

import { relative, resolve } from "node:path";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The author's file and line for each line of a bundle, as trace.js reads them: differences in base 36. `mine` says which files
 * are the author's.
 */
export function linesOf(map, folder, mine) {
  const files = map.sources.map((source) => relative(process.cwd(), resolve(folder, source)));
  let [lastFile, lastLine] = [0, 0];
  const lines = firstPlaces(map.mappings).map((place) => {
    if (!place || !mine(files[place.file])) return "";
    const said = [place.file - lastFile, place.line + 1 - lastLine].map((number) => number.toString(36)).join(",");
    [lastFile, lastLine] = [place.file, place.line + 1];
    return said;
  });
  return { files, lines: lines.join(";") };
}

// The first place that each line names, from the VLQ of a source map.
function firstPlaces(mappings) {
  let [file, line] = [0, 0];
  return mappings.split(";").map((segments) => {
    let first = null;
    for (const segment of segments.split(",")) {
      const [, files, lines] = numbers(segment);
      if (files === undefined) continue;
      file += files;
      line += lines;
      first ??= { file, line };
    }
    return first;
  });
}

function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    found.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return found;
}

/** What the engine says of an error while it reads the module, with the author's places. */
export function placesIn(message, { files, lines }) {
  let [file, line] = [0, 0];
  const places = lines.split(";").map((place) => {
    if (!place) return null;
    const [a, b] = place.split(",").map((number) => parseInt(number, 36));
    file += a;
    line += b;
    return `${files[file]}:${line}`;
  });
  const where = /\(?componentize-qjs:user\.js:(\d+)(?::\d+)?\)?/g;
  const first = [...message.matchAll(where)].map(([, number]) => places[number - 1]).find(Boolean);
  const [what, ...calls] = message.split("\n").filter(Boolean);
  // The engine says what it did when it failed, one thing before the other; the last is the author's.
  const said = what.replace(/^.*(?:evaluation|module|namespace): (?:Error: )?/, "");
  const kept = calls.flatMap((call) => {
    const place = [...call.matchAll(where)].map(([, number]) => places[number - 1])[0];
    return place ? [call.replace(where, place)] : [];
  });
  return [`${first ? `${first}: ` : ""}error: ${said}`, ...kept].join("\n");
}
