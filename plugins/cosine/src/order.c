#include "order.h"

enum { BYTES = 8, VALUES = 256 };

// Where numbers with each value of a byte begin. False when all have the same, so that nothing is to be done.
static bool starts_by(const uint64_t *numbers, size_t len, unsigned shift, size_t starts[VALUES]) {
    memset(starts, 0, VALUES * sizeof *starts);
    for (size_t i = 0; i < len; i++) starts[numbers[i] >> shift & 0xff]++;
    if (starts[numbers[0] >> shift & 0xff] == len) return false;
    size_t before = 0;
    for (size_t value = 0; value < VALUES; value++) {
        size_t here = starts[value];
        starts[value] = before;
        before += here;
    }
    return true;
}

void sort(uint64_t *numbers, size_t len) {
    size_t starts[VALUES];
    uint64_t *from = numbers, *to = gr_new(uint64_t, len);
    for (unsigned byte = 0; len > 1 && byte < BYTES; byte++) {
        unsigned shift = 8 * byte;
        if (!starts_by(from, len, shift, starts)) continue;
        for (size_t i = 0; i < len; i++) to[starts[from[i] >> shift & 0xff]++] = from[i];
        uint64_t *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != numbers) memcpy(numbers, from, len * sizeof *numbers);
}

const uint32_t *places_in_order(const uint64_t *numbers, size_t len) {
    size_t starts[VALUES];
    uint32_t *from = gr_new(uint32_t, len), *to = gr_new(uint32_t, len);
    for (size_t i = 0; i < len; i++) from[i] = (uint32_t)i;
    for (unsigned byte = 0; len > 1 && byte < BYTES; byte++) {
        unsigned shift = 8 * byte;
        if (!starts_by(numbers, len, shift, starts)) continue;
        for (size_t i = 0; i < len; i++) to[starts[numbers[from[i]] >> shift & 0xff]++] = from[i];
        uint32_t *swapped = from;
        from = to;
        to = swapped;
    }
    return from;
}
