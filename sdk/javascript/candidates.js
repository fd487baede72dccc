// Candidates in columns.

import { kindOf, lowerMasks, lowerRows, lowerScores } from "./columns.js";

export class Candidates {
  constructor(rows = [], scores = [], sources = [], columns = []) {
    this.rows = lowerRows(rows);
    this.scores = lowerScores(scores);
    this.sources = lowerMasks(sources);
    this.columns = columns;
  }

  get length() {
    return this.rows.length;
  }

  column(name) {
    return this.columns.find((column) => column.name === name)?.values ?? null;
  }

  f32s(name) {
    const values = this.column(name);
    return values instanceof Float32Array ? values : null;
  }

  set(name, values) {
    kindOf(name, values);
    if (values.length !== this.length) {
      throw new RangeError(`column "${name}" has ${values.length} values for ${this.length} rows`);
    }
    this.columns = this.columns.filter((column) => column.name !== name);
    this.columns.push({ name, values });
    return this;
  }

  first(limit) {
    return this.length <= limit ? this : this.#each((values) => values.slice(0, limit));
  }

  pick(places) {
    return this.#each((values) => {
      const picked = new values.constructor(places.length);
      for (let i = 0; i < places.length; i++) picked[i] = values[places[i]];
      return picked;
    });
  }

  only(kept) {
    const places = [];
    this.rows.forEach((row, place) => kept(row) && places.push(place));
    return places.length === this.length ? this : this.pick(places);
  }

  #each(change) {
    const columns = this.columns.map(({ name, values }) => ({ name, values: change(values) }));
    const sources = this.sources.length ? change(this.sources) : this.sources;
    return new Candidates(change(this.rows), change(this.scores), sources, columns);
  }
}
