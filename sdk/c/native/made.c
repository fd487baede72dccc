// What tests hand to an agent.
#include <stdarg.h>

#include "native.h"

enum { LIKE = 4, FINAL = 1 };

// MessagePack, big-endian, in the longest forms: it need not be short.
typedef struct { uint8_t bytes[1 << 14]; size_t len; } packer;

static void put(packer *to, uint8_t tag, uint64_t value, size_t bytes) {
    to->bytes[to->len++] = tag;
    for (size_t i = bytes; i-- > 0;) to->bytes[to->len++] = (uint8_t)(value >> 8 * i);
}

static void put_text(packer *to, gr_string text) {
    put(to, 0xdb, text.len, 4);
    memcpy(to->bytes + to->len, text.ptr, text.len);
    to->len += text.len;
}

static void put_float(packer *to, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(to, 0xcb, bits, 8);
}

// What was given for a name, or its default.
static double given(va_list pairs, gr_string name, double initial) {
    va_list rest;
    va_copy(rest, pairs);
    for (const char *next; (next = va_arg(rest, const char *));) {
        double value = va_arg(rest, double);
        if (gr_is(name, next)) initial = value;
    }
    va_end(rest);
    return initial;
}

gr_params native_params(const gr_descriptor *of, ...) {
    packer *to = gr_new(packer, 1);
    uint32_t count = 0;
    gr_each(each, of->parameters) count += each->domain.kind < GR_ITEMS_DOMAIN;
    put(to, 0xdf, count, 4);
    va_list pairs;
    va_start(pairs, of);
    gr_each(each, of->parameters) {
        const gr_domain *domain = &each->domain;
        if (domain->kind < GR_ITEMS_DOMAIN) put_text(to, each->name);
        switch (domain->kind) {
            case GR_FLOAT_DOMAIN: put_float(to, given(pairs, each->name, domain->real.initial)); break;
            case GR_INTEGER_DOMAIN:
                put(to, 0xd3, (uint64_t)(int64_t)given(pairs, each->name, (double)domain->whole.initial), 8);
                break;
            case GR_CHOICE_DOMAIN: put_text(to, domain->choice.initial); break;
            case GR_BOOLEAN_DOMAIN:
                put(to, given(pairs, each->name, domain->boolean) != 0.0 ? 0xc3 : 0xc2, 0, 0);
                break;
            default: break;
        }
    }
    va_end(pairs);
    return (gr_params){{to->bytes, to->len}};
}

gr_observation native_observe(uint32_t limit, gr_u32s liked) {
    int64_t *times = gr_new(int64_t, liked.len);
    uint8_t *kinds = gr_new(uint8_t, liked.len);
    float *values = gr_new(float, liked.len);
    for (size_t i = 0; i < liked.len; i++) {
        times[i] = (int64_t)i;
        kinds[i] = LIKE;
        values[i] = 1.0f;
    }
    return (gr_observation){
        .request_id = GR("native"),
        .now = (int64_t)liked.len,
        .limit = limit,
        .history = {liked, {times, liked.len}, {kinds, liked.len}, {values, liked.len}},
    };
}

gr_observation native_observe_at(const char *port, gr_candidates candidates, uint32_t limit, gr_u32s liked) {
    gr_input *input = gr_new(gr_input, 1);
    *input = (gr_input){gr_text(port), GR("node"), {GR_CANDIDATES, {.candidates = candidates}}};
    gr_observation seen = native_observe(limit, liked);
    seen.inputs = (gr_inputs){input, 1};
    return seen;
}

gr_feedback native_likes(const uint32_t (*pairs)[2], size_t count, uint64_t first_event) {
    uint64_t *events = gr_new(uint64_t, count);
    uint32_t *subjects = gr_new(uint32_t, count), *rows = gr_new(uint32_t, count);
    uint8_t *kinds = gr_new(uint8_t, count), *statuses = gr_new(uint8_t, count);
    float *values = gr_new(float, count);
    for (size_t i = 0; i < count; i++) {
        events[i] = first_event + i;
        subjects[i] = pairs[i][0];
        rows[i] = pairs[i][1];
        kinds[i] = LIKE;
        statuses[i] = FINAL;
        values[i] = 1.0f;
    }
    return (gr_feedback){
        .events = {events, count}, .cursors = {events, count}, .subjects = {subjects, count}, .rows = {rows, count},
        .kinds = {kinds, count}, .values = {values, count}, .statuses = {statuses, count},
    };
}
