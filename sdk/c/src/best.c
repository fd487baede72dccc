// The best of many scores, by a heap of as many as are wanted: what is worse than the worst of them costs one
// comparison.
#include "../greenroom/candidates.h"
#include "room.h"

// Score and place in one number that orders as they do: by ascending score, ties by descending place.
typedef uint64_t key;

static const uint32_t SIGN = 1u << 31;

static key key_of(float score, uint32_t place) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    uint32_t ordered = bits & SIGN ? ~bits : bits | SIGN;
    return (key)ordered << 32 | (uint32_t)~place;
}

static uint32_t place_of(key key) { return ~(uint32_t)key; }

static float score_of(key key) {
    uint32_t ordered = (uint32_t)(key >> 32);
    uint32_t bits = ordered & SIGN ? ordered & ~SIGN : ~ordered;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

// Lets a key sink from the top of a heap whose smallest is on top.
static void sink(key *heap, size_t len, size_t from, key sinking) {
    size_t at = from;
    for (size_t below = 2 * at + 1; below < len; below = 2 * at + 1) {
        below += below + 1 < len && heap[below + 1] < heap[below];
        if (sinking <= heap[below]) break;
        heap[at] = heap[below];
        at = below;
    }
    heap[at] = sinking;
}

// The largest `limit` keys from the largest down, where places are those of `names`, or counted when there are none.
static size_t largest(gr_f32s scores, const uint32_t *names, uint32_t limit, key **keys) {
    size_t kept = scores.len < limit ? scores.len : limit;
    key *heap = *keys = room_take(kept * sizeof *heap);
    if (kept == 0) return 0;
    for (size_t i = 0; i < kept; i++) heap[i] = key_of(scores.ptr[i], names ? names[i] : (uint32_t)i);
    for (size_t i = kept / 2; i-- > 0;) sink(heap, kept, i, heap[i]);
    for (size_t i = kept; i < scores.len; i++) {
        key next = key_of(scores.ptr[i], names ? names[i] : (uint32_t)i);
        if (next > heap[0]) sink(heap, kept, 0, next);
    }
    // Taking away the smallest fills the list from its end.
    for (size_t len = kept; len-- > 1;) {
        key smallest = heap[0], last = heap[len];
        sink(heap, len, 0, last);
        heap[len] = smallest;
    }
    return kept;
}

gr_candidates gr_best(gr_u32s rows, gr_f32s scores, uint32_t limit) {
    if (scores.len > rows.len) scores.len = rows.len;
    key *keys;
    size_t len = largest(scores, rows.ptr, limit, &keys);
    uint32_t *best_rows = room_take(len * sizeof *best_rows);
    float *best_scores = room_take(len * sizeof *best_scores);
    for (size_t i = 0; i < len; i++) {
        best_rows[i] = place_of(keys[i]);
        best_scores[i] = score_of(keys[i]);
    }
    return (gr_candidates){.rows = {best_rows, len}, .scores = {best_scores, len}};
}

gr_u32s gr_best_places(gr_f32s scores, uint32_t limit) {
    key *keys;
    size_t len = largest(scores, NULL, limit, &keys);
    uint32_t *places = room_take(len * sizeof *places);
    for (size_t i = 0; i < len; i++) places[i] = place_of(keys[i]);
    return (gr_u32s){places, len};
}
