/// Memory that lasts as long as the call. Nobody frees it: it is taken back at once when the call has been answered.
#pragma once

#include "slices.h"

/// Zeroed memory for `count` values: `float *scores = gr_new(float, n);`. Never null: who asks for more than there is,
/// traps with a line in the log.
#define gr_new(type, count) ((type *)gr_room(sizeof(type), count))

/// Zeroed memory for `count` values of `size` bytes, aligned to 16 bytes.
void *gr_room(size_t size, size_t count);

/// A string as by printf.
gr_string gr_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
