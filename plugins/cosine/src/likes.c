#include "likes.h"

#include <stdlib.h>

#include "order.h"

// An entry that the allocator, which rounds up to powers of two with a few bytes of its own, wastes nothing for.
enum { ROOM_MIN = 1 << 10, OVERHEAD = 4 };

static void make_room(likes *all) {
    size_t room = all->room ? 2 * (all->room + OVERHEAD) : ROOM_MIN;
    all->room = room - OVERHEAD;
    // Not `realloc`, which copies byte by byte.
    like *moved = malloc(all->room * sizeof *moved);
    if (!moved) gr_panic("out of memory: %zu likes", all->room);
    if (all->len) memcpy(moved, all->told, all->len * sizeof *moved);
    free(all->told);
    all->told = moved;
}

static void push(likes *all, like one) {
    if (all->len == all->room) make_room(all);
    all->told[all->len++] = one;
}

static bool is_like(const gr_feedback *batch, size_t i) {
    if (gr_is_retracted(batch, i) || batch->subjects.len == 0 || batch->subjects.ptr[i] == GR_NONE) return false;
    if (batch->kinds.len == 0 || batch->values.len == 0) return gr_is_rewarded(batch, i);
    return gr_is_positive(batch->kinds.ptr[i], batch->values.ptr[i]);
}

// The bytes of a number: seven bits each, the lowest first, the eighth says that more follow.
static uint8_t *put_number(uint8_t *at, uint64_t number) {
    for (; number >= 0x80; number >>= 7) *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

// Null when there is none, or it is longer than it has to be.
static const uint8_t *take_number(const uint8_t *at, const uint8_t *end, uint64_t *number) {
    *number = 0;
    for (unsigned shift = 0; at && at < end && shift < 64; shift += 7) {
        uint64_t bits = *at & 0x7f;
        if (shift == 63 && bits > 1) return NULL;
        *number |= bits << shift;
        if (*at++ < 0x80) return bits == 0 && shift > 0 ? NULL : at;
    }
    return NULL;
}

// Goes through packed likes, into `to` when it is there. False when they are not what likes_write writes.
static bool unpack(const uint8_t *at, size_t len, likes *to) {
    const uint8_t *end = at + len;
    uint64_t event = 0, further, subject, row;
    for (bool first = true; at < end; first = false) {
        at = take_number(at, end, &further);
        at = take_number(at, end, &subject);
        at = take_number(at, end, &row);
        bool ascends = first || (further > 0 && further <= UINT64_MAX - event);
        if (!at || !ascends || subject >= GR_NONE || row > UINT32_MAX) return false;
        event += further;
        if (to) push(to, (like){event, (uint32_t)subject, (uint32_t)row});
    }
    return true;
}

static void unpack_restored(likes *all) {
    if (!all->packed) return;
    uint8_t *packed = all->packed;
    all->packed = NULL;
    // What was told since is later than what was restored, and nothing is told before this is unpacked.
    unpack(packed, all->packed_len, all);
    all->packed_len = 0;
    free(packed);
}

gr_result likes_learn(likes *all, const gr_feedback *batch) {
    GR_TRY(gr_check_feedback(batch));
    unpack_restored(all);
    for (size_t i = 0; i < batch->rows.len; i++) {
        // Without ids every event stands for itself; these lie above those that a log counts up to.
        uint64_t event = batch->events.len ? batch->events.ptr[i] : UINT64_MAX - ++all->unnamed;
        push(all, (like){event, is_like(batch, i) ? batch->subjects.ptr[i] : GR_NONE, batch->rows.ptr[i]});
    }
    return GR_OK;
}

static bool is_settled(const likes *all) {
    for (size_t i = 0; i < all->len; i++) {
        if (all->told[i].subject == GR_NONE || (i > 0 && all->told[i].event <= all->told[i - 1].event)) return false;
    }
    return true;
}

// Leaves the last word on each event, by its id, where it is a positive.
static void settle(likes *all) {
    // Mostly they come in order, each once.
    if (is_settled(all)) return;
    uint64_t *ids = gr_new(uint64_t, all->len);
    for (size_t i = 0; i < all->len; i++) ids[i] = all->told[i].event;
    const uint32_t *places = places_in_order(ids, all->len);
    like *settled = gr_new(like, all->len);
    size_t kept = 0;
    for (size_t i = 0; i < all->len; i++) {
        like one = all->told[places[i]];
        bool last = i + 1 == all->len || all->told[places[i + 1]].event != one.event;
        if (last && one.subject != GR_NONE) settled[kept++] = one;
    }
    if (kept) memcpy(all->told, settled, kept * sizeof *settled);
    all->len = kept;
}

gr_u64s likes_by_subject(likes *all) {
    likes view = *all;
    if (all->packed) {
        view = (likes){0};
        unpack(all->packed, all->packed_len, &view);
    } else {
        settle(all);
        view = *all;
    }
    uint64_t *pairs = gr_new(uint64_t, view.len);
    for (size_t i = 0; i < view.len; i++) pairs[i] = (uint64_t)view.told[i].subject << 32 | view.told[i].row;
    if (all->packed) free(view.told);
    sort(pairs, view.len);
    size_t kept = 0;
    for (size_t i = 0; i < view.len; i++) {
        if (i == 0 || pairs[i] != pairs[i - 1]) pairs[kept++] = pairs[i];
    }
    return (gr_u64s){pairs, kept};
}

gr_bytes likes_write(likes *all) {
    if (!all->packed) settle(all);
    size_t longest = all->packed ? all->packed_len : all->len * 20;
    gr_writer writer = gr_writer_for(longest + 32);
    gr_write_u64s(&writer, &all->unnamed, 1);
    if (all->packed) {
        gr_write_bytes(&writer, all->packed, all->packed_len);
        return gr_written(&writer);
    }
    uint8_t *packed = gr_new(uint8_t, longest), *at = packed;
    uint64_t before = 0;
    for (size_t i = 0; i < all->len; i++) {
        at = put_number(at, all->told[i].event - before);
        at = put_number(at, all->told[i].subject);
        at = put_number(at, all->told[i].row);
        before = all->told[i].event;
    }
    gr_write_bytes(&writer, packed, (size_t)(at - packed));
    return gr_written(&writer);
}

gr_result likes_read(likes *all, const gr_state *state) {
    gr_reader reader = {.state = state};
    gr_bytes unnamed, packed;
    GR_TRY(gr_read_raw(&reader, 8, &unnamed));
    GR_TRY(gr_read_raw(&reader, 1, &packed));
    GR_TRY(gr_read_end(&reader, unnamed.len == 8 && unpack(packed.ptr, packed.len, NULL)));
    free(all->told);
    free(all->packed);
    *all = (likes){.packed = malloc(packed.len + 1), .packed_len = packed.len};
    if (!all->packed) gr_panic("out of memory: a state of %zu bytes", packed.len);
    memcpy(&all->unnamed, unnamed.ptr, 8);
    if (packed.len) memcpy(all->packed, packed.ptr, packed.len);
    return GR_OK;
}
