// Parameters as `configure` gets them: checked by the host, defaults filled in.
//
// One that is missing or of another type makes the call fail as invalid parameters, and reads as 0 or nothing: an
// author reads one after the other and need not look.

import { Fault, fail } from "./fault";
import { Kind, Reader } from "./messagepack";

/** A list of numbers, or numbers by name. */
export class Numbers {
  constructor(
    /** Whether the graph file says anything. */
    public given: bool,
    /** Beside `values` when there are names, in ascending order of their bytes; empty for a list. */
    public names: string[],
    public values: StaticArray<f64>,
    public isMap: bool,
  ) {}

  /** The number of a name. */
  get(name: string, otherwise: f64): f64 {
    const place = this.names.indexOf(name);
    return place < 0 ? otherwise : this.values[place];
  }
}

/** Values by name. */
export class Params {
  private names: string[] = [];
  private places: i32[] = [];

  private constructor(private bytes: StaticArray<u8>) {}

  /** Reads a MessagePack map. Anything else makes the call fail as invalid parameters; no bytes are an empty map. */
  static decode(bytes: StaticArray<u8>): Params {
    const params = new Params(bytes);
    if (bytes.length == 0) return params;
    const reader = new Reader(bytes);
    let sound = reader.next() && reader.kind == Kind.Map;
    const count = reader.count;
    for (let i: u32 = 0; sound && i < count; ++i) {
      sound = reader.next() && reader.kind == Kind.Text;
      if (!sound) break;
      params.names.push(reader.text());
      params.places.push(reader.at);
      sound = reader.skip();
    }
    if (!sound || reader.at != bytes.length) {
      fail(Fault.invalidParameters("parameters are not a map from names to values in MessagePack"));
    }
    return params;
  }

  /** Whether a parameter is given. */
  has(name: string): bool {
    return this.names.includes(name);
  }

  /** A real parameter; a whole number is one, too. */
  float(name: string): f64 {
    const found = this.required(name, "a number");
    if (found == null) return 0;
    if (found.kind == Kind.Float || found.kind == Kind.Integer) return found.number;
    return wrong<f64>(name, "a number", found);
  }

  /** A whole parameter. */
  integer(name: string): i64 {
    const found = this.required(name, "a whole number");
    if (found == null) return 0;
    return found.kind == Kind.Integer ? found.integer : wrong<i64>(name, "a whole number", found);
  }

  /** One of several names. */
  choice(name: string): string {
    const found = this.required(name, "a name");
    if (found == null) return "";
    if (found.kind == Kind.Text) return found.text();
    wrong<i32>(name, "a name", found);
    return "";
  }

  /** A switch. */
  boolean(name: string): bool {
    const found = this.required(name, "true or false");
    if (found == null) return false;
    return found.kind == Kind.Boolean ? found.integer != 0 : wrong<bool>(name, "true or false", found);
  }

  /** Items, as rows. Empty when not given. */
  items(name: string): StaticArray<u32> {
    const found = this.find(name);
    if (found == null) return new StaticArray<u32>(0);
    if (found.kind != Kind.List) wrong<i32>(name, "a list of items", found);
    const rows = new StaticArray<u32>(found.kind == Kind.List ? found.count : 0);
    for (let i = 0; i < rows.length; ++i) {
      found.next();
      if (found.kind != Kind.Integer || found.integer < 0 || found.integer > <i64>u32.MAX_VALUE) {
        wrong<i32>(name, "a list of items", found);
        break;
      }
      rows[i] = <u32>found.integer;
    }
    return rows;
  }

  /** A list of numbers, or numbers by name. Empty when not given. */
  numbers(name: string): Numbers {
    const expected = "a list of numbers, or a map from names to numbers";
    const found = this.find(name);
    if (found == null) return new Numbers(false, [], new StaticArray<f64>(0), false);
    const isMap = found.kind == Kind.Map;
    if (!isMap && found.kind != Kind.List) {
      wrong<i32>(name, expected, found);
      return new Numbers(true, [], new StaticArray<f64>(0), false);
    }
    const count = found.count;
    const names: string[] = [];
    const values: f64[] = [];
    for (let i: u32 = 0; i < count; ++i) {
      let key = "";
      if (isMap) {
        found.next();
        if (found.kind != Kind.Text) {
          wrong<i32>(name, expected, found);
          break;
        }
        key = found.text();
      }
      found.next();
      if (found.kind != Kind.Float && found.kind != Kind.Integer) {
        wrong<i32>(name, expected, found);
        break;
      }
      // Maps are short, so each name is put where it belongs as it comes.
      let place = i32(i);
      while (isMap && place > 0 && comesBefore(key, names[place - 1])) --place;
      insert(values, place, found.number);
      if (isMap) insert(names, place, key);
    }
    return new Numbers(true, names, StaticArray.fromArray(values), isMap);
  }

  private required(name: string, expected: string): Reader | null {
    const found = this.find(name);
    if (found == null) fail(Fault.invalidParameters(`\`${name}\` (${expected}) is missing`));
    return found;
  }

  /** The value of a name, just begun. */
  private find(name: string): Reader | null {
    const place = this.names.indexOf(name);
    if (place < 0) return null;
    const reader = new Reader(this.bytes);
    reader.at = this.places[place];
    reader.next();
    return reader;
  }
}

function wrong<T>(name: string, expected: string, found: Reader): T {
  return fail<T>(Fault.invalidParameters(`\`${name}\` takes ${expected}, not ${found.found()}`));
}

function insert<T>(list: T[], place: i32, value: T): void {
  list.push(value);
  for (let i = list.length - 1; i > place; --i) list[i] = list[i - 1];
  list[place] = value;
}

/** Whether a text comes before another in the order of their UTF-8 bytes, which is not that of the language's `<`. */
function comesBefore(a: string, b: string): bool {
  const left = String.UTF8.encode(a);
  const right = String.UTF8.encode(b);
  const shared = min(left.byteLength, right.byteLength);
  const order = memory.compare(changetype<usize>(left), changetype<usize>(right), shared);
  return order < 0 || (order == 0 && left.byteLength < right.byteLength);
}
