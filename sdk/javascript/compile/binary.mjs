// Reading and writing the binary format of WebAssembly, as far as a build needs it.

/** A place in bytes that moves on as it is read. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  unsigned() {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  signed() {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return byte & 0x40 && shift < 32 ? value | (-1 << shift) : value;
    }
  }

  take(size) {
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  name() {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  /** As many of what `read` reads as there are. */
  list(read) {
    return Array.from({ length: this.unsigned() }, () => read(this));
  }
}

/** The sections of a module or a component, after its eight bytes of head. */
export function sections(bytes) {
  const [reader, found] = [new Reader(bytes, 8), []];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    found.push({ id, bytes: reader.take(reader.unsigned()) });
  }
  return found;
}

/** A module or a component with these sections in the place of its own. */
export function withSections(bytes, sections) {
  return concat([bytes.subarray(0, 8), ...sections.flatMap(({ id, bytes }) => [[id], unsigned(bytes.length), bytes])]);
}

export function unsigned(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return bytes;
}

/** A signed number of 32 or 64 bits. */
export function signed(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn);
    const last = rest >= -64n && rest < 64n;
    bytes.push(last ? byte : byte | 0x80);
    if (last) return bytes;
  }
}

/** Bytes with how many there are before them. */
export function counted(bytes) {
  return [...unsigned(bytes.length), ...bytes];
}

export function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
