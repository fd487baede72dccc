// What subjects did, in histories and in feedback.
#include "../greenroom/events.h"

#include "room.h"

enum { RATING = 1, VIEW, CLICK, LIKE, DISLIKE, PURCHASE, DISMISSAL };
enum { RETRACTED = 2 };

bool gr_is_positive(uint8_t kind, float value) {
    switch (kind) {
        case RATING: return value >= 4.0f;
        case CLICK: case LIKE: case PURCHASE: return true;
        case VIEW: case DISLIKE: case DISMISSAL: return false;
        default: return value > 0.0f;
    }
}

// The rows that have been met, by open addressing: a place is taken when it holds a row plus one.
typedef struct { uint64_t *places; size_t mask; } row_set;

static row_set row_set_for(size_t rows) {
    size_t room = 16;
    while (room < 2 * rows) room *= 2;
    return (row_set){gr_new(uint64_t, room), room - 1};
}

static bool added(row_set *set, uint32_t row) {
    uint64_t wanted = (uint64_t)row + 1;
    for (size_t at = row * 2654435761u & set->mask;; at = (at + 1) & set->mask) {
        if (set->places[at] == wanted) return false;
        if (set->places[at] == 0) return set->places[at] = wanted, true;
    }
}

gr_u32s gr_positives(const gr_history *history) {
    size_t n = history->rows.len;
    row_set met = row_set_for(n);
    uint32_t *rows = room_take(n * sizeof *rows);
    // From the end, so that the last time counts; the list grows towards its front.
    size_t first = n;
    for (size_t i = n; i-- > 0;) {
        uint8_t kind = i < history->kinds.len ? history->kinds.ptr[i] : 0;
        float value = i < history->values.len ? history->values.ptr[i] : 0.0f;
        uint32_t row = history->rows.ptr[i];
        if (gr_is_positive(kind, value) && added(&met, row)) rows[--first] = row;
    }
    return (gr_u32s){rows + first, n - first};
}

bool gr_is_retracted(const gr_feedback *batch, size_t event) {
    return event < batch->statuses.len && batch->statuses.ptr[event] == RETRACTED;
}

bool gr_is_rewarded(const gr_feedback *batch, size_t event) {
    if (gr_is_retracted(batch, event)) return false;
    return event >= batch->outer_rewards.len || batch->outer_rewards.ptr[event] > 0.0f;
}

bool gr_is_organic(const gr_feedback *batch, size_t event) {
    return event >= batch->requests.len || batch->requests.ptr[event] == GR_NONE;
}

static gr_result fits(const gr_feedback *batch, gr_string name, size_t len) {
    if (len == 0 || len == batch->rows.len) return GR_OK;
    return gr_invalid_feedback(
        "the batch has %zu rows, but `%.*s` has %zu values", batch->rows.len, GR_TEXT(name), len);
}

gr_result gr_check_feedback(const gr_feedback *batch) {
    const struct { gr_string name; size_t len; } columns[] = {
        {GR("events"), batch->events.len},
        {GR("cursors"), batch->cursors.len},
        {GR("requests"), batch->requests.len},
        {GR("versions"), batch->versions.len},
        {GR("subjects"), batch->subjects.len},
        {GR("positions"), batch->positions.len},
        {GR("exposed"), batch->exposed.len},
        {GR("kinds"), batch->kinds.len},
        {GR("values"), batch->values.len},
        {GR("event-times"), batch->event_times.len},
        {GR("receive-times"), batch->receive_times.len},
        {GR("statuses"), batch->statuses.len},
        {GR("inner-rewards"), batch->inner_rewards.len},
        {GR("outer-rewards"), batch->outer_rewards.len},
        {GR("credits"), batch->credits.len},
        {GR("propensities"), batch->propensities.len},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) GR_TRY(fits(batch, columns[i].name, columns[i].len));
    // The length stands at the same place whatever the type.
    gr_each(column, batch->decided) GR_TRY(fits(batch, column->name, column->values.f32s.len));
    gr_each(column, batch->inputs) GR_TRY(fits(batch, column->name, column->values.f32s.len));
    return GR_OK;
}
