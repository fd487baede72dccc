// What is hashed of records, in the order of their fields.

const KINDS = ["candidates", "route", "settings", "document"];
const ERRORS = ["denied", "conflict", "too-large", "quota", "not-found", "unavailable"];

export function column(hash, { name, values }) {
  hash.text(name);
  hash.u8([Float32Array, BigInt64Array, Uint32Array].findIndex((type) => values instanceof type));
  hash.list(values);
}

function payload(hash, { kind, value }) {
  hash.u8(KINDS.indexOf(kind));
  if (kind === "candidates") {
    hash.list(value.rows).list(value.scores).list(value.sources);
    hash.each(value.columns, (it) => column(hash, it));
  } else if (kind === "route") {
    hash.each(value.branches, ({ name, probability }) => hash.text(name).f32(probability));
  } else if (kind === "settings") {
    hash.text(value.scope).list(value.patch);
  } else {
    hash.list(value);
  }
}

export function observation(hash, seen) {
  hash.text(seen.requestId);
  hash.option(seen.subject, ({ key, number }) => hash.text(key).u32(number));
  hash.b64(seen.now).b64(seen.seed).u32(seen.limit).text(seen.surface);
  hash.option(seen.sessionId, (id) => hash.text(id));
  hash.each(seen.segments, (segment) => hash.text(segment));
  hash.list(seen.excluded);
  hash.option(seen.allowed, (rows) => hash.list(rows));
  hash.list(seen.context);
  const { rows, times, kinds, values } = seen.history;
  hash.list(rows).list(times).list(kinds).list(values);
  hash.each(seen.inputs, (input) => {
    hash.text(input.port).text(input.node);
    payload(hash, input.payload);
  });
}

export function feedback(hash, batch) {
  hash.list(batch.events).list(batch.cursors).list(batch.requests);
  hash.each(batch.requestIds, (id) => hash.text(id));
  hash.list(batch.versions);
  hash.each(batch.versionIds, (id) => hash.text(id));
  hash.list(batch.subjects).list(batch.rows).list(batch.positions).list(batch.exposed).list(batch.kinds);
  hash.list(batch.values).list(batch.eventTimes).list(batch.receiveTimes).list(batch.statuses);
  hash.list(batch.innerRewards).list(batch.outerRewards).list(batch.credits).list(batch.propensities);
  hash.each(batch.decided, (it) => column(hash, it));
  hash.each(batch.inputs, (it) => column(hash, it));
}

export function errorCase(error) {
  const place = ERRORS.indexOf(error.kind);
  if (place < 0) throw error;
  return place;
}

export function memoryError(hash, error) {
  hash.u8(255).u8(errorCase(error));
  if (error.kind === "conflict") hash.option(error.detail, (revision) => hash.b64(revision));
  else hash.text(error.detail);
}
