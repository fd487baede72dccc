// TextEncoder and TextDecoder, which the engine in a component does not have. UTF-8 only.

/** The UTF-8 of a string. */
export function encodeUtf8(text) {
  text = String(text).toWellFormed();
  const bytes = new Uint8Array(3 * text.length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i);
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else {
      i++;
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes.slice(0, at);
}

/** The string of UTF-8. A sequence that is none becomes U+FFFD. */
export function decodeUtf8(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++];
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const more = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let code = first & (0x3f >> more);
    let left = more;
    for (; left > 0 && (bytes[i] & 0xc0) === 0x80; left--) code = (code << 6) | (bytes[i++] & 0x3f);
    const least = [0x80, 0x80, 0x800, 0x10000][more];
    const good = more > 0 && left === 0 && code >= least && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    text += good ? String.fromCodePoint(code) : "\ufffd";
  }
  return text;
}

/** Puts them where a browser or Node has them. */
export function install() {
  globalThis.TextEncoder ??= class TextEncoder {
    encode(text = "") {
      return encodeUtf8(text);
    }
  };
  globalThis.TextDecoder ??= class TextDecoder {
    decode(bytes = new Uint8Array(0)) {
      return decodeUtf8(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes.buffer ?? bytes));
    }
  };
}
