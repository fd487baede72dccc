// A host for tests: what an agent imports, held in this process. Failures are thrown as a component gets them.

export const host = { facts: new Map(), labels: new Map(), rows: 0, granted: new Map(), lines: [], metrics: [] };

const failure = (tag, val) => Object.assign(new Error(tag), { payload: { tag, val } });

export function write(level, message) {
  host.lines.push({ level, message });
}

export function count(name, value) {
  host.metrics.push({ name, value });
}

export const observe = count;
export const rowCount = () => host.rows;

export function gather(rows, fields) {
  const places = rows.length ? new Uint32Array(Uint8Array.from(rows).buffer) : [];
  return fields.map((name) => {
    const fact = host.facts.get(name);
    if (!fact) throw failure("not-found", name);
    const [tag, Type] = fact instanceof Float32Array ? ["f32s", Float32Array] : ["s64s", BigInt64Array];
    return { name, values: { tag, val: Type.from(places, (row) => fact[row]) } };
  });
}

export function labels(field) {
  if (!host.labels.has(field)) throw failure("not-found", field);
  return host.labels.get(field);
}

export function open(name) {
  if (!host.granted.has(name)) throw failure("denied", name);
  return new Namespace(host.granted.get(name));
}

const number = (bytes) => new BigUint64Array(Uint8Array.from(bytes).buffer)[0];
const compare = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

class Namespace {
  constructor(space) {
    this.space = space;
  }

  get(key) {
    return this.space.keys.get(key) ?? null;
  }

  getMany(keys) {
    return keys.map((key) => this.get(key));
  }

  put(key, value) {
    if (this.space.refuses) throw failure(this.space.refuses, key);
    const revision = ++this.space.revision;
    this.space.keys.set(key, { value: Uint8Array.from(value), revision });
    return revision;
  }

  compareAndSwap(key, expected, value) {
    const revision = this.get(key)?.revision ?? null;
    const wanted = expected === null ? null : Number(number(expected));
    if (revision !== wanted) throw failure("conflict", revision);
    return this.put(key, value);
  }

  delete(key) {
    return this.space.keys.delete(key);
  }

  scan(prefix, after, limit) {
    const keys = [...this.space.keys.keys()].sort(compare);
    const found = keys.filter((key) => key.startsWith(prefix) && (after === null || compare(key, after) > 0));
    const entries = found.slice(0, limit).map((key) => ({ key, ...this.get(key) }));
    return { entries, next: found.length > limit ? entries.at(-1).key : null };
  }
}
