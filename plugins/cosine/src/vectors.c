#include "vectors.h"

#include <math.h>
#include <stdlib.h>

#include "lanes.h"
#include "order.h"

// 64 random bits of a number (the last step of SplitMix64).
static uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

// A subject's signature: `weight` or its negative in each place, the same whenever it is asked for.
static void sign(float *signature, size_t dimension, uint32_t subject, float weight) {
    uint64_t bits = 0;
    for (size_t i = 0; i < dimension; i++, bits >>= 1) {
        if (i % 64 == 0) bits = mixed(((uint64_t)subject << 8 | i / 64) + 0x9e3779b97f4a7c15u);
        signature[i] = bits & 1 ? weight : -weight;
    }
}

static uint32_t subject_of(uint64_t like) { return (uint32_t)(like >> 32); }

// All rows that were liked, ascending, each once.
static void list_rows(vectors *of, gr_u64s likes) {
    uint64_t *rows = gr_new(uint64_t, likes.len);
    for (size_t i = 0; i < likes.len; i++) rows[i] = (uint32_t)likes.ptr[i];
    sort(rows, likes.len);
    of->rows = malloc(likes.len * sizeof *of->rows + 1);
    if (!of->rows) gr_panic("out of memory: %zu likes", likes.len);
    of->len = 0;
    for (size_t i = 0; i < likes.len; i++) {
        if (i == 0 || rows[i] != rows[i - 1]) of->rows[of->len++] = (uint32_t)rows[i];
    }
}

void vectors_make(vectors *of, gr_u64s likes, size_t dimension) {
    free(of->rows);
    free(of->units);
    free(of->liked);
    *of = (vectors){.dimension = (dimension + LANES - 1) / LANES * LANES};
    list_rows(of, likes);
    of->units = calloc(of->len * of->dimension + 1, sizeof *of->units);
    of->liked = calloc(of->len + 1, sizeof *of->liked);
    if (!of->units || !of->liked) gr_panic("out of memory: %zu vectors of %zu", of->len, of->dimension);
    float *signature = gr_new(float, of->dimension);
    for (size_t from = 0, to; from < likes.len; from = to) {
        uint32_t subject = subject_of(likes.ptr[from]);
        for (to = from + 1; to < likes.len && subject_of(likes.ptr[to]) == subject;) to++;
        sign(signature, of->dimension, subject, 1.0f / sqrtf((float)(to - from)));
        for (size_t i = from; i < to; i++) {
            size_t place = vectors_find(of, (uint32_t)likes.ptr[i]);
            add(of->units + place * of->dimension, signature, of->dimension);
            of->liked[place]++;
        }
    }
    for (size_t place = 0; place < of->len; place++) {
        float *vector = of->units + place * of->dimension;
        float length = sqrtf(dot(vector, vector, of->dimension));
        // Signatures of two subjects may cancel out each other.
        if (length > 0.0f) scale(vector, 1.0f / length, of->dimension);
    }
}

size_t vectors_find(const vectors *of, uint32_t row) {
    size_t from = 0, to = of->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (of->rows[middle] < row) from = middle + 1;
        else to = middle;
    }
    return from < of->len && of->rows[from] == row ? from : of->len;
}
