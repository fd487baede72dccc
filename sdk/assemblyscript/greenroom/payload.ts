// What flows along an edge of a graph.

import { Column, columnNamed, firstOf, has, pickOf } from "./columns";

/** The kinds of payload. */
export enum PayloadKind {
  Candidates,
  Route,
  Settings,
  Document,
}

/** Candidates, a route, settings or a document. */
export abstract class Payload {
  constructor(public readonly kind: PayloadKind) {}
}

/** Candidates, best first. All columns have the length of `rows`. */
export class Candidates extends Payload {
  constructor(
    /** Items: the rows of the catalog. */
    public rows: StaticArray<u32>,
    /** Finite; higher is better. */
    public scores: StaticArray<f32>,
    /** Which source nodes proposed each row, one bit a source; empty when unknown. */
    public sources: StaticArray<u64> = new StaticArray<u64>(0),
    /** Whatever else is known of each row. */
    public columns: Column[] = [],
  ) {
    super(PayloadKind.Candidates);
  }

  /** No candidates. */
  static none(): Candidates {
    return new Candidates(new StaticArray<u32>(0), new StaticArray<f32>(0));
  }

  /** How many there are. */
  get length(): i32 {
    return this.rows.length;
  }

  /** A column by name; null when there is none. */
  column(name: string): Column | null {
    return columnNamed(this.columns, name);
  }

  /** The first `limit` of these, with their sources and columns. These are used up. */
  first(limit: u32): Candidates {
    if (limit >= <u32>this.rows.length) return this;
    const n = <i32>limit;
    const columns = new Array<Column>(this.columns.length);
    for (let i = 0; i < columns.length; ++i) columns[i] = this.columns[i].first(n);
    return new Candidates(firstOf(this.rows, n), firstOf(this.scores, n), firstOf(this.sources, n), columns);
  }

  /** Those at `places`, in that order, with their sources and columns. */
  pick(places: StaticArray<u32>): Candidates {
    const columns = new Array<Column>(this.columns.length);
    for (let i = 0; i < columns.length; ++i) columns[i] = this.columns[i].pick(places);
    const sources = this.sources.length ? pickOf(this.sources, places) : this.sources;
    return new Candidates(pickOf(this.rows, places), pickOf(this.scores, places), sources, columns);
  }

  /** Without rows that are in `hidden`, which ascends. Nothing is copied when there are none. */
  without(hidden: StaticArray<u32>): Candidates {
    const places = new StaticArray<u32>(this.length);
    let kept = 0;
    for (let i = 0; i < places.length; ++i) {
      if (!has(hidden, unchecked(this.rows[i]))) unchecked((places[kept++] = i));
    }
    return kept == this.length ? this : this.pick(firstOf(places, kept));
  }
}

/** A branch that a router picks. */
export class Branch {
  constructor(
    public name: string,
    /** With which probability the router picks it for a request like this one, in [0, 1]. */
    public probability: f32,
  ) {}
}

/** Which of the branches behind a router run. */
export class Route extends Payload {
  constructor(public branches: Branch[]) {
    super(PayloadKind.Route);
  }
}

/** A change of settings for the nodes that read them. */
export class Settings extends Payload {
  constructor(
    /** What the patch is for, for instance the name of a node. */
    public scope: string,
    /** MessagePack. */
    public patch: StaticArray<u8>,
  ) {
    super(PayloadKind.Settings);
  }
}

/** Anything else, as MessagePack. */
export class Document extends Payload {
  constructor(public bytes: StaticArray<u8>) {
    super(PayloadKind.Document);
  }
}
