/// Learned state as bytes: columns one after the other, each its length as a little-endian u64 and then its values.
/// These are the bytes of Rust's StateWriter.
#pragma once

#include "fault.h"

/// Writes columns, in memory of the call.
typedef struct { uint8_t *bytes; size_t len, room; } gr_writer;

/// Nothing yet, with room for so many bytes. It grows when it has to.
gr_writer gr_writer_for(size_t bytes);
void gr_write_u32s(gr_writer *writer, const uint32_t *values, size_t count);
void gr_write_u64s(gr_writer *writer, const uint64_t *values, size_t count);
void gr_write_s64s(gr_writer *writer, const int64_t *values, size_t count);
void gr_write_f32s(gr_writer *writer, const float *values, size_t count);
void gr_write_bytes(gr_writer *writer, const uint8_t *bytes, size_t count);
/// What was written.
gr_bytes gr_written(const gr_writer *writer);

/// Reads columns in the order in which they were written; begin with `gr_reader reader = {.state = state};`. The memory
/// of a column is the agent's to keep and to `free`; null when it is empty. GR_INVALID_STATE when there is no such
/// column.
typedef struct { const gr_state *state; size_t at; } gr_reader;

[[nodiscard]] gr_result gr_read_u32s(gr_reader *reader, uint32_t **values, size_t *count);
[[nodiscard]] gr_result gr_read_u64s(gr_reader *reader, uint64_t **values, size_t *count);
[[nodiscard]] gr_result gr_read_s64s(gr_reader *reader, int64_t **values, size_t *count);
[[nodiscard]] gr_result gr_read_f32s(gr_reader *reader, float **values, size_t *count);
/// The bytes of a column whose values take `size` bytes, where they stand, which need not be aligned.
[[nodiscard]] gr_result gr_read_raw(gr_reader *reader, size_t size, gr_bytes *bytes);
/// Ends reading. GR_INVALID_STATE when something is left, or when `fits` is not true: columns that do not fit each
/// other.
[[nodiscard]] gr_result gr_read_end(const gr_reader *reader, bool fits);
