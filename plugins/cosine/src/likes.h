// Who liked what, as the agent is told, and as it goes on from there: the state.
//
// The latest word on an event holds. What was taken back, turned out to be no positive, or is of nobody in particular,
// is left out. What is written depends on nothing but what was told, not on when it was written between.
#pragma once

#include <greenroom.h>

// The last word on an event.
typedef struct {
    uint64_t event;
    // GR_NONE where it is no positive.
    uint32_t subject;
    uint32_t row;
} like;

typedef struct {
    like *told;
    size_t len, room;
    // How many events had no id.
    uint64_t unnamed;
    // What was restored, about six bytes a like: who just decides needs no more.
    uint8_t *packed;
    size_t packed_len;
} likes;

// Takes a batch. GR_INVALID_FEEDBACK when a column is neither as long as `rows` nor empty.
[[nodiscard]] gr_result likes_learn(likes *all, const gr_feedback *batch);

// Each like once, as subject and row in one number, ascending. In memory of the call.
gr_u64s likes_by_subject(likes *all);

// Writes all that counts.
gr_bytes likes_write(likes *all);

// Reads what was written. GR_INVALID_STATE when the bytes are not that.
[[nodiscard]] gr_result likes_read(likes *all, const gr_state *state);
