// MessagePack, as much of it as parameters are made of.
#include "packed.h"

static bool take(packed_reader *reader, size_t bytes, uint64_t *big_endian) {
    if ((size_t)(reader->end - reader->at) < bytes) return false;
    *big_endian = 0;
    for (size_t i = 0; i < bytes; i++) *big_endian = *big_endian << 8 | *reader->at++;
    return true;
}

static bool take_text(packed_reader *reader, uint64_t len, packed_value *value) {
    if ((size_t)(reader->end - reader->at) < len) return false;
    *value = (packed_value){PACKED_TEXT, {.text = {(const char *)reader->at, (size_t)len}}};
    reader->at += len;
    return true;
}

static bool counted(packed_reader *reader, packed_kind kind, uint64_t count, packed_value *value) {
    // Each element takes a byte at least: a count beyond that is a lie.
    if (count > (size_t)(reader->end - reader->at)) return false;
    *value = (packed_value){kind, {.count = (size_t)count}};
    return true;
}

static bool read_real(packed_reader *reader, size_t bytes, packed_value *value) {
    uint64_t bits;
    if (!take(reader, bytes, &bits)) return false;
    value->kind = PACKED_REAL;
    if (bytes == 8) {
        memcpy(&value->real, &bits, sizeof value->real);
    } else {
        uint32_t low = (uint32_t)bits;
        float real;
        memcpy(&real, &low, sizeof real);
        value->real = (double)real;
    }
    return true;
}

static bool read_whole(packed_reader *reader, size_t bytes, bool has_sign, packed_value *value) {
    uint64_t bits;
    if (!take(reader, bytes, &bits)) return false;
    if (!has_sign && bits > INT64_MAX) {
        *value = (packed_value){PACKED_REAL, {.real = (double)bits}};
        return true;
    }
    unsigned unused = 64 - 8 * (unsigned)bytes;
    int64_t whole = has_sign ? (int64_t)(bits << unused) >> unused : (int64_t)bits;
    *value = (packed_value){PACKED_WHOLE, {.whole = whole}};
    return true;
}

bool packed_read(packed_reader *reader, packed_value *value) {
    uint64_t tag, len;
    if (!take(reader, 1, &tag)) return false;
    if (tag < 0x80) return *value = (packed_value){PACKED_WHOLE, {.whole = (int64_t)tag}}, true;
    if (tag < 0x90) return counted(reader, PACKED_MAP, tag & 0x0f, value);
    if (tag < 0xa0) return counted(reader, PACKED_LIST, tag & 0x0f, value);
    if (tag < 0xc0) return take_text(reader, tag & 0x1f, value);
    if (tag >= 0xe0) return *value = (packed_value){PACKED_WHOLE, {.whole = (int64_t)tag - 0x100}}, true;
    switch (tag) {
        case 0xc2: case 0xc3: return *value = (packed_value){PACKED_BOOLEAN, {.boolean = tag == 0xc3}}, true;
        case 0xca: return read_real(reader, 4, value);
        case 0xcb: return read_real(reader, 8, value);
        case 0xcc: return read_whole(reader, 1, false, value);
        case 0xcd: return read_whole(reader, 2, false, value);
        case 0xce: return read_whole(reader, 4, false, value);
        case 0xcf: return read_whole(reader, 8, false, value);
        case 0xd0: return read_whole(reader, 1, true, value);
        case 0xd1: return read_whole(reader, 2, true, value);
        case 0xd2: return read_whole(reader, 4, true, value);
        case 0xd3: return read_whole(reader, 8, true, value);
        case 0xd9: return take(reader, 1, &len) && take_text(reader, len, value);
        case 0xda: return take(reader, 2, &len) && take_text(reader, len, value);
        case 0xdb: return take(reader, 4, &len) && take_text(reader, len, value);
        case 0xdc: return take(reader, 2, &len) && counted(reader, PACKED_LIST, len, value);
        case 0xdd: return take(reader, 4, &len) && counted(reader, PACKED_LIST, len, value);
        case 0xde: return take(reader, 2, &len) && counted(reader, PACKED_MAP, len, value);
        case 0xdf: return take(reader, 4, &len) && counted(reader, PACKED_MAP, len, value);
        default: return false;
    }
}

static bool is_number(const packed_value *value) { return value->kind == PACKED_WHOLE || value->kind == PACKED_REAL; }

bool packed_skip(packed_reader *reader, packed_value *value) {
    if (!packed_read(reader, value)) return false;
    if (value->kind != PACKED_LIST && value->kind != PACKED_MAP) return true;
    for (size_t i = 0; i < value->count; i++) {
        packed_value name, element;
        if (value->kind == PACKED_MAP && !(packed_read(reader, &name) && name.kind == PACKED_TEXT)) return false;
        if (!packed_read(reader, &element) || !is_number(&element)) return false;
    }
    return true;
}
