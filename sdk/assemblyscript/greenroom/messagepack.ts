// Reading MessagePack (github.com/msgpack/msgpack, spec.md), value by value and without building anything.

/** What a value is. */
export enum Kind {
  Nil,
  Boolean,
  Integer,
  Float,
  Text,
  Bytes,
  List,
  Map,
  Extension,
}

/** Reads one value after the other. */
export class Reader {
  /** Where the next value begins. */
  at: i32 = 0;
  /** What the last value is. */
  kind: Kind = Kind.Nil;
  /** The last value, when it is a whole number or, as 0 and 1, a switch. */
  integer: i64 = 0;
  /** The last value, when it is a number. */
  number: f64 = 0;
  /** Values in the last list, entries in the last map, bytes of the last text. */
  count: u32 = 0;

  constructor(private bytes: StaticArray<u8>) {}

  /** Reads a number or a text, or the beginning of a list or a map. False when the bytes end before, or are no such. */
  next(): bool {
    if (this.at >= this.bytes.length) return false;
    const first = this.bytes[this.at++];
    this.count = 0;
    if (first < 0x80) return this.whole(first);
    if (first < 0x90) return this.many(Kind.Map, first & 15);
    if (first < 0xa0) return this.many(Kind.List, first & 15);
    if (first < 0xc0) return this.raw(Kind.Text, first & 31);
    if (first >= 0xe0) return this.whole(<i8>first);
    switch (first) {
      case 0xc0:
        this.kind = Kind.Nil;
        return true;
      case 0xc2:
      case 0xc3:
        this.kind = Kind.Boolean;
        this.integer = first & 1;
        return true;
      case 0xca:
        return this.has(4) && this.real(<f64>reinterpret<f32>(<u32>this.big(4)));
      case 0xcb:
        return this.has(8) && this.real(reinterpret<f64>(this.big(8)));
      case 0xcc:
        return this.has(1) && this.whole(this.big(1));
      case 0xcd:
        return this.has(2) && this.whole(this.big(2));
      case 0xce:
        return this.has(4) && this.whole(this.big(4));
      case 0xcf:
        return this.has(8) && this.unsigned(this.big(8));
      case 0xd0:
        return this.has(1) && this.whole(<i8>this.big(1));
      case 0xd1:
        return this.has(2) && this.whole(<i16>this.big(2));
      case 0xd2:
        return this.has(4) && this.whole(<i32>this.big(4));
      case 0xd3:
        return this.has(8) && this.whole(<i64>this.big(8));
      case 0xd9:
        return this.has(1) && this.raw(Kind.Text, <u32>this.big(1));
      case 0xda:
        return this.has(2) && this.raw(Kind.Text, <u32>this.big(2));
      case 0xdb:
        return this.has(4) && this.raw(Kind.Text, <u32>this.big(4));
      case 0xc4:
        return this.has(1) && this.raw(Kind.Bytes, <u32>this.big(1));
      case 0xc5:
        return this.has(2) && this.raw(Kind.Bytes, <u32>this.big(2));
      case 0xc6:
        return this.has(4) && this.raw(Kind.Bytes, <u32>this.big(4));
      case 0xc7:
        return this.has(1) && this.raw(Kind.Extension, <u32>this.big(1) + 1);
      case 0xc8:
        return this.has(2) && this.raw(Kind.Extension, <u32>this.big(2) + 1);
      case 0xc9:
        return this.has(4) && this.raw(Kind.Extension, <u32>this.big(4) + 1);
      case 0xdc:
        return this.has(2) && this.many(Kind.List, <u32>this.big(2));
      case 0xdd:
        return this.has(4) && this.many(Kind.List, <u32>this.big(4));
      case 0xde:
        return this.has(2) && this.many(Kind.Map, <u32>this.big(2));
      case 0xdf:
        return this.has(4) && this.many(Kind.Map, <u32>this.big(4));
      default:
        // 0xc1 is never used; the rest are extensions of 1, 2, 4, 8 and 16 bytes.
        return first >= 0xd4 && first <= 0xd8 && this.raw(Kind.Extension, (1 << (first - 0xd4)) + 1);
    }
  }

  /** Reads a whole value, with all that is in it. */
  skip(): bool {
    for (let left: u64 = 1; left > 0; --left) {
      if (!this.next()) return false;
      if (this.kind == Kind.List) left += this.count;
      if (this.kind == Kind.Map) left += 2 * <u64>this.count;
    }
    return true;
  }

  /** The text that was just read. */
  text(): string {
    const from = changetype<usize>(this.bytes) + this.at - this.count;
    return String.UTF8.decodeUnsafe(from, this.count);
  }

  /** For a person: what the value is that was just begun. */
  found(): string {
    switch (this.kind) {
      case Kind.Nil:
        return "nil";
      case Kind.Boolean:
        return this.integer ? "true" : "false";
      case Kind.Integer:
        return `the whole number ${this.integer}`;
      case Kind.Float:
        return "a number that is not whole";
      case Kind.Text:
        return `the text "${this.text()}"`;
      case Kind.List:
        return `a list of ${this.count}`;
      case Kind.Map:
        return `a map of ${this.count}`;
      default:
        return "bytes";
    }
  }

  private has(n: u32): bool {
    return n <= <u32>(this.bytes.length - this.at);
  }

  /** A number of `n` bytes, the highest first. */
  private big(n: i32): u64 {
    let value: u64 = 0;
    for (let i = 0; i < n; ++i) value = (value << 8) | this.bytes[this.at++];
    return value;
  }

  private whole(value: i64): bool {
    this.kind = Kind.Integer;
    this.integer = value;
    this.number = <f64>value;
    return true;
  }

  private unsigned(value: u64): bool {
    return value <= <u64>i64.MAX_VALUE ? this.whole(value) : this.real(<f64>value);
  }

  private real(value: f64): bool {
    this.kind = Kind.Float;
    this.number = value;
    return true;
  }

  private many(kind: Kind, count: u32): bool {
    this.kind = kind;
    this.count = count;
    return true;
  }

  private raw(kind: Kind, length: u32): bool {
    if (!this.has(length)) return false;
    this.kind = kind;
    this.count = length;
    this.at += length;
    return true;
  }
}
