// Learned state as columns of bytes.
#include "../greenroom/state.h"

#include <stdlib.h>

#include "../greenroom/log.h"
#include "room.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "columns are copied as they lie in memory, which has to be little-endian"
#endif

gr_writer gr_writer_for(size_t bytes) { return (gr_writer){room_take(bytes), 0, bytes}; }

static void append(gr_writer *writer, const void *bytes, size_t count) {
    if (count > writer->room - writer->len) {
        size_t room = writer->room > count ? 2 * writer->room : writer->room + count;
        writer->bytes = room_grow(writer->bytes, writer->room, room);
        writer->room = room;
    }
    if (count) memcpy(writer->bytes + writer->len, bytes, count);
    writer->len += count;
}

static void append_column(gr_writer *writer, const void *values, size_t count, size_t size) {
    uint64_t len = count;
    append(writer, &len, sizeof len);
    append(writer, values, count * size);
}

void gr_write_u32s(gr_writer *writer, const uint32_t *values, size_t count) { append_column(writer, values, count, 4); }
void gr_write_u64s(gr_writer *writer, const uint64_t *values, size_t count) { append_column(writer, values, count, 8); }
void gr_write_s64s(gr_writer *writer, const int64_t *values, size_t count) { append_column(writer, values, count, 8); }
void gr_write_f32s(gr_writer *writer, const float *values, size_t count) { append_column(writer, values, count, 4); }
void gr_write_bytes(gr_writer *writer, const uint8_t *bytes, size_t count) { append_column(writer, bytes, count, 1); }

gr_bytes gr_written(const gr_writer *writer) { return (gr_bytes){writer->bytes, writer->len}; }

static gr_result broken(const gr_reader *reader, const char *what) {
    return gr_invalid_state(
        "the state of schema \"%.*s\" is broken: %s at byte %zu of %zu; train again, or bring the whole file",
        GR_TEXT(reader->state->schema), what, reader->at, reader->state->bytes.len);
}

gr_result gr_read_raw(gr_reader *reader, size_t size, gr_bytes *bytes) {
    gr_bytes all = reader->state->bytes;
    uint64_t len;
    if (all.len - reader->at < sizeof len) return broken(reader, "no further column");
    memcpy(&len, all.ptr + reader->at, sizeof len);
    if (len > (all.len - reader->at - sizeof len) / size) return broken(reader, "a column longer than what is left");
    *bytes = (gr_bytes){all.ptr + reader->at + sizeof len, (size_t)len * size};
    reader->at += sizeof len + bytes->len;
    return GR_OK;
}

static gr_result read_column(gr_reader *reader, void **values, size_t *count, size_t size) {
    gr_bytes bytes;
    *values = NULL;
    *count = 0;
    GR_TRY(gr_read_raw(reader, size, &bytes));
    if (bytes.len == 0) return GR_OK;
    *values = malloc(bytes.len);
    if (!*values) gr_panic("out of memory: a column of the state has %zu bytes", bytes.len);
    memcpy(*values, bytes.ptr, bytes.len);
    *count = bytes.len / size;
    return GR_OK;
}

#define READ(type)                                                                                                     \
    void *column;                                                                                                      \
    gr_result failed = read_column(reader, &column, count, sizeof(type));                                              \
    *values = column;                                                                                                  \
    return failed

gr_result gr_read_u32s(gr_reader *reader, uint32_t **values, size_t *count) { READ(uint32_t); }
gr_result gr_read_u64s(gr_reader *reader, uint64_t **values, size_t *count) { READ(uint64_t); }
gr_result gr_read_s64s(gr_reader *reader, int64_t **values, size_t *count) { READ(int64_t); }
gr_result gr_read_f32s(gr_reader *reader, float **values, size_t *count) { READ(float); }

gr_result gr_read_end(const gr_reader *reader, bool fits) {
    if (!fits) return broken(reader, "columns that do not fit each other");
    return reader->at == reader->state->bytes.len ? GR_OK : broken(reader, "something after the last column");
}
