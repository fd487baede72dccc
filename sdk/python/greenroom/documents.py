"""MessagePack, in which travels what is open by nature: parameters, context, settings.

See <https://github.com/msgpack/msgpack/blob/master/spec.md>. Extension types are not part of the contract.
"""

from struct import Struct, error
from typing import Any

_U16, _U32, _U64 = Struct(">H"), Struct(">I"), Struct(">Q")
_NUMBERS = {
    0xCA: Struct(">f"),
    0xCB: Struct(">d"),
    0xCC: Struct(">B"),
    0xCD: _U16,
    0xCE: _U32,
    0xCF: _U64,
    0xD0: Struct(">b"),
    0xD1: Struct(">h"),
    0xD2: Struct(">i"),
    0xD3: Struct(">q"),
}
_SIZES = {1: Struct(">B"), 2: _U16, 4: _U32}
# What is nested deeper is not meant.
_DEPTH_MAX = 64


def unpack(document: bytes) -> Any:
    """The value of a document; none for an empty one. Raises ValueError that says at which byte it is broken."""
    if not document:
        return None
    reader = _Reader(bytes(document))
    value = reader.value(0)
    if reader.at != len(document):
        raise ValueError(f"MessagePack: {len(document) - reader.at} bytes too many, from byte {reader.at}")
    return value


def pack(value: Any) -> bytes:
    """A document. The same value gives the same bytes. Raises TypeError or OverflowError for what has no MessagePack."""
    out = bytearray()
    _write(out, value)
    return bytes(out)


class _Reader:
    def __init__(self, document: bytes):
        self.document = document
        self.at = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.document):
            raise ValueError(f"MessagePack: ends in the middle of a value, at byte {len(self.document)}")
        found = self.document[self.at : end]
        self.at = end
        return found

    def number(self, form: Struct) -> Any:
        return form.unpack(self.take(form.size))[0]

    def text(self, size: int) -> str:
        start = self.at
        try:
            return self.take(size).decode()
        except UnicodeDecodeError:
            raise ValueError(f"MessagePack: no UTF-8 in the text at byte {start}") from None

    def array(self, size: int, depth: int) -> list:
        return [self.value(depth + 1) for _ in range(size)]

    def map(self, size: int, depth: int) -> dict:
        found = {}
        for _ in range(size):
            key = self.value(depth + 1)
            if isinstance(key, (list, dict)):
                raise ValueError(f"MessagePack: a list or a map is no key, at byte {self.at}")
            found[key] = self.value(depth + 1)
        return found

    def value(self, depth: int) -> Any:
        if depth > _DEPTH_MAX:
            raise ValueError(f"MessagePack: nested deeper than {_DEPTH_MAX}, at byte {self.at}")
        start = self.at
        code = self.take(1)[0]
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 0x100
        if code < 0x90:
            return self.map(code & 0x0F, depth)
        if code < 0xA0:
            return self.array(code & 0x0F, depth)
        if code < 0xC0:
            return self.text(code & 0x1F)
        if code in _NUMBERS:
            return self.number(_NUMBERS[code])
        match code:
            case 0xC0:
                return None
            case 0xC2 | 0xC3:
                return code == 0xC3
            case 0xC4 | 0xC5 | 0xC6:
                return self.take(self.number(_SIZES[1 << (code - 0xC4)]))
            case 0xD9 | 0xDA | 0xDB:
                return self.text(self.number(_SIZES[1 << (code - 0xD9)]))
            case 0xDC | 0xDD:
                return self.array(self.number(_SIZES[2 << (code - 0xDC)]), depth)
            case 0xDE | 0xDF:
                return self.map(self.number(_SIZES[2 << (code - 0xDE)]), depth)
        raise ValueError(f"MessagePack: nothing begins with 0x{code:02x}, at byte {start}")


def _write(out: bytearray, value: Any) -> None:
    if value is None:
        out.append(0xC0)
    elif isinstance(value, bool):
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, int):
        _write_integer(out, value)
    elif isinstance(value, float):
        out.append(0xCB)
        out += _NUMBERS[0xCB].pack(value)
    elif isinstance(value, str):
        encoded = value.encode()
        _write_size(out, len(encoded), 0xA0, 32, {0xD9: 1, 0xDA: 2, 0xDB: 4})
        out += encoded
    elif isinstance(value, (bytes, bytearray, memoryview)):
        _write_size(out, len(value), 0, 0, {0xC4: 1, 0xC5: 2, 0xC6: 4})
        out += value
    elif isinstance(value, dict):
        _write_size(out, len(value), 0x80, 16, {0xDE: 2, 0xDF: 4})
        for key, item in value.items():
            _write(out, key)
            _write(out, item)
    elif hasattr(value, "__len__") and hasattr(value, "__iter__"):
        _write_size(out, len(value), 0x90, 16, {0xDC: 2, 0xDD: 4})
        for item in value:
            _write(out, item)
    else:
        raise TypeError(f"MessagePack has no {type(value).__name__}")


def _write_integer(out: bytearray, value: int) -> None:
    if -32 <= value < 128:
        out.append(value & 0xFF)
        return
    for code in (0xCC, 0xCD, 0xCE, 0xCF) if value >= 0 else (0xD0, 0xD1, 0xD2, 0xD3):
        try:
            packed = _NUMBERS[code].pack(value)
        except error:
            continue
        out.append(code)
        out += packed
        return
    raise OverflowError(f"{value} has more than 64 bits")


def _write_size(out: bytearray, size: int, small: int, below: int, codes: dict[int, int]) -> None:
    if size < below:
        out.append(small | size)
        return
    for code, width in codes.items():
        if size < 1 << (8 * width):
            out.append(code)
            out += _SIZES[width].pack(size)
            return
    raise OverflowError(f"{size} values are more than MessagePack takes")
