#include "hash.h"

#include <math.h>

void hash_bytes(hash *to, const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) to->sum = (to->sum ^ at[i]) * 0x100000001b3u;
}

void hash_u8(hash *to, uint8_t value) { hash_bytes(to, &value, 1); }
void hash_u32(hash *to, uint32_t value) { hash_bytes(to, &value, 4); }
void hash_u64(hash *to, uint64_t value) { hash_bytes(to, &value, 8); }

void hash_f32(hash *to, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    hash_u32(to, isnan(value) ? 0x7fc00000u : bits);
}

void hash_f64(hash *to, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    hash_u64(to, isnan(value) ? 0x7ff8000000000000u : bits);
}

// A column of whole numbers: its bytes are what is hashed.
#define WHOLE(to, list)                                                                                                \
    do {                                                                                                               \
        hash_u32(to, (uint32_t)(list).len);                                                                            \
        hash_bytes(to, (list).ptr, (list).len * sizeof *(list).ptr);                                                   \
    } while (0)

static void f32s(hash *to, gr_f32s list) {
    hash_u32(to, (uint32_t)list.len);
    gr_each(value, list) hash_f32(to, *value);
}

void hash_string(hash *to, gr_string string) { WHOLE(to, string); }
void hash_document(hash *to, gr_bytes bytes) { WHOLE(to, bytes); }

void hash_strings(hash *to, gr_strings strings) {
    hash_u32(to, (uint32_t)strings.len);
    gr_each(string, strings) hash_string(to, *string);
}

static void values(hash *to, const gr_values *values) {
    hash_u8(to, values->kind);
    switch (values->kind) {
        case GR_F32S: f32s(to, values->f32s); break;
        case GR_S64S: WHOLE(to, values->s64s); break;
        case GR_U32S: WHOLE(to, values->u32s); break;
    }
}

void hash_columns(hash *to, gr_columns columns) {
    hash_u32(to, (uint32_t)columns.len);
    gr_each(column, columns) {
        hash_string(to, column->name);
        values(to, &column->values);
    }
}

static void payload(hash *to, const gr_payload *payload) {
    hash_u8(to, payload->kind);
    switch (payload->kind) {
        case GR_CANDIDATES:
            WHOLE(to, payload->candidates.rows);
            f32s(to, payload->candidates.scores);
            WHOLE(to, payload->candidates.sources);
            hash_columns(to, payload->candidates.columns);
            break;
        case GR_ROUTE:
            hash_u32(to, (uint32_t)payload->route.branches.len);
            gr_each(branch, payload->route.branches) {
                hash_string(to, branch->name);
                hash_f32(to, branch->probability);
            }
            break;
        case GR_SETTINGS:
            hash_string(to, payload->settings.scope);
            hash_document(to, payload->settings.patch);
            break;
        case GR_DOCUMENT: hash_document(to, payload->document); break;
    }
}

void hash_observation(hash *to, const gr_observation *seen) {
    hash_string(to, seen->request_id);
    hash_u8(to, seen->subject.present);
    if (seen->subject.present) {
        hash_string(to, seen->subject.value.key);
        hash_u32(to, seen->subject.value.number);
    }
    hash_u64(to, (uint64_t)seen->now);
    hash_u64(to, seen->seed);
    hash_u32(to, seen->limit);
    hash_string(to, seen->surface);
    hash_u8(to, seen->session_id.present);
    if (seen->session_id.present) hash_string(to, seen->session_id.value);
    hash_strings(to, seen->segments);
    WHOLE(to, seen->excluded);
    hash_u8(to, seen->allowed.present);
    if (seen->allowed.present) WHOLE(to, seen->allowed.value);
    hash_document(to, seen->context);
    WHOLE(to, seen->history.rows);
    WHOLE(to, seen->history.times);
    WHOLE(to, seen->history.kinds);
    f32s(to, seen->history.values);
    hash_u32(to, (uint32_t)seen->inputs.len);
    gr_each(input, seen->inputs) {
        hash_string(to, input->port);
        hash_string(to, input->node);
        payload(to, &input->payload);
    }
}

void hash_feedback(hash *to, const gr_feedback *batch) {
    WHOLE(to, batch->events);
    WHOLE(to, batch->cursors);
    WHOLE(to, batch->requests);
    hash_strings(to, batch->request_ids);
    WHOLE(to, batch->versions);
    hash_strings(to, batch->version_ids);
    WHOLE(to, batch->subjects);
    WHOLE(to, batch->rows);
    WHOLE(to, batch->positions);
    WHOLE(to, batch->exposed);
    WHOLE(to, batch->kinds);
    f32s(to, batch->values);
    WHOLE(to, batch->event_times);
    WHOLE(to, batch->receive_times);
    WHOLE(to, batch->statuses);
    f32s(to, batch->inner_rewards);
    f32s(to, batch->outer_rewards);
    f32s(to, batch->credits);
    f32s(to, batch->propensities);
    hash_columns(to, batch->decided);
    hash_columns(to, batch->inputs);
}
