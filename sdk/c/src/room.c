// Memory of the call: the host's arguments, what imports return and what the agent makes for its answer. It is taken
// from the end of a block, and all of it is given back at once, so that no call leaves anything behind.
#include "room.h"

#include <stdlib.h>

#include "../greenroom/log.h"

enum {
    ALIGNMENT = 16,
    BLOCK_MIN = 64 << 10,
    // A block up to this size is kept for the next call; a larger one is given back, as after a batch of feedback.
    BLOCK_KEPT_MAX = 1 << 20,
    // What a block and `malloc` take beside: the C library's allocator rounds up to powers of two, so a block with this
    // is one.
    OVERHEAD = 64,
};

typedef struct block {
    struct block *before;
    size_t size;
    _Alignas(ALIGNMENT) uint8_t bytes[];
} block;

static block *newest;
static size_t used;

static size_t rounded(size_t bytes) { return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

[[noreturn]] static void no_room(size_t bytes) {
    gr_panic("out of memory: %zu bytes were asked for in one piece", bytes);
}

static void add_block(size_t bytes) {
    size_t whole = newest ? 2 * (newest->size + OVERHEAD) : BLOCK_MIN;
    if (whole > BLOCK_KEPT_MAX) whole = BLOCK_KEPT_MAX;
    while (whole - OVERHEAD < bytes) whole *= 2;
    block *added = malloc(sizeof(block) + whole - OVERHEAD);
    if (!added) no_room(bytes);
    *added = (block){.before = newest, .size = whole - OVERHEAD};
    newest = added;
    used = 0;
}

void *room_take(size_t bytes) {
    if (bytes > PTRDIFF_MAX / 4) no_room(bytes);
    bytes = rounded(bytes);
    if (!newest || newest->size - used < bytes) add_block(bytes);
    void *taken = newest->bytes + used;
    used += bytes;
    return taken;
}

void *gr_room(size_t size, size_t count) {
    size_t bytes;
    if (__builtin_mul_overflow(size, count, &bytes)) gr_panic("out of memory: %zu values were asked for", count);
    return memset(room_take(bytes), 0, bytes);
}

void room_clear(void) {
    // The newest block is the largest of those that may be kept, unless it was made for one large piece.
    block *kept = NULL;
    while (newest) {
        block *before = newest->before;
        if (newest->size <= BLOCK_KEPT_MAX && (!kept || newest->size > kept->size)) {
            free(kept);
            kept = newest;
        } else {
            free(newest);
        }
        newest = before;
    }
    newest = kept;
    if (kept) kept->before = NULL;
    used = 0;
}

void *room_grow(void *old, size_t old_bytes, size_t bytes) {
    bool last = newest && old_bytes && (uint8_t *)old + rounded(old_bytes) == newest->bytes + used;
    size_t more = rounded(bytes) - rounded(old_bytes);
    if (last && newest->size - used >= more) {
        used += more;
        return old;
    }
    void *taken = room_take(bytes);
    if (old_bytes) memcpy(taken, old, old_bytes);
    return taken;
}

#if defined(__wasm__) && !defined(GREENROOM_LIBRARY)
// The host's way to memory of this instance. A size of 0 still wants an aligned place within it.
__attribute__((export_name("cabi_realloc")))
void *cabi_realloc(void *old, size_t old_bytes, size_t alignment, size_t bytes) {
    if (bytes == 0) return (void *)alignment;
    return bytes <= old_bytes ? old : room_grow(old, old_bytes, bytes);
}
#endif
