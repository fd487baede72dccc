// Items as vectors, so that items which the same subjects liked point the same way.
//
// A matrix of who liked what, each subject's row divided by the square root of how much it liked, is multiplied by a
// random one of +1 and -1 (Achlioptas 2003; "random indexing"): an item's vector is the sum of the signatures of those
// who liked it, and the cosine of two vectors is about that of the two columns of the matrix, off by 1/sqrt(dimension).
#pragma once

#include <greenroom.h>

typedef struct {
    size_t dimension;
    // Ascending; a vector of length 1 and a number of likes for each.
    uint32_t *rows;
    float *units;
    uint32_t *liked;
    size_t len;
} vectors;

// Makes vectors of likes, each a subject and a row in one number, ascending. `dimension` is rounded up to a multiple of
// 4.
void vectors_make(vectors *of, gr_u64s likes, size_t dimension);

// Where a row's vector is; `of->len` when it has none.
size_t vectors_find(const vectors *of, uint32_t row);

static inline const float *vectors_at(const vectors *of, size_t place) { return of->units + place * of->dimension; }
