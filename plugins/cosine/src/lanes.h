// Sums over columns, four lanes at a turn: on wasm these are instructions of simd128.
//
// Columns are as long as a multiple of LANES and aligned to 16 bytes. The order of sums is fixed, so results are the
// same everywhere.
#pragma once

#include <stddef.h>

enum { LANES = 4 };

typedef float lanes __attribute__((vector_size(4 * LANES), may_alias));

static inline float sum_of(lanes x) { return (x[0] + x[1]) + (x[2] + x[3]); }

static inline float dot(const float *a, const float *b, size_t len) {
    const lanes *x = (const lanes *)a, *y = (const lanes *)b;
    // Two sums that do not wait for each other.
    lanes even = {0}, odd = {0};
    size_t i = 0, turns = len / LANES;
    for (; i + 1 < turns; i += 2) {
        even += x[i] * y[i];
        odd += x[i + 1] * y[i + 1];
    }
    if (i < turns) even += x[i] * y[i];
    return sum_of(even + odd);
}

// Four vectors at a turn: a metered guest pays for every turn.
static inline void add(float *to, const float *what, size_t len) {
    lanes *x = (lanes *)to;
    const lanes *y = (const lanes *)what;
    size_t i = 0, turns = len / LANES;
    for (; i + 3 < turns; i += 4) {
        x[i] += y[i];
        x[i + 1] += y[i + 1];
        x[i + 2] += y[i + 2];
        x[i + 3] += y[i + 3];
    }
    for (; i < turns; i++) x[i] += y[i];
}

static inline void scale(float *column, float factor, size_t len) {
    lanes *x = (lanes *)column;
    for (size_t i = 0; i < len / LANES; i++) x[i] *= (lanes){factor, factor, factor, factor};
}
