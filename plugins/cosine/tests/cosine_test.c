#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lanes.h"
#include "likes.h"
#include "native.h"
#include "order.h"
#include "vectors.h"

#define ROWS(...) GR_LIST(gr_u32s, uint32_t, __VA_ARGS__)

// Knuth's generator: the same each time.
static uint64_t seed = 1;
static uint32_t any(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

// Subjects 1 to 20 like rows 0 to 4, subjects 21 to 40 rows 5 to 9, in pairs of subject and row.
enum { SUBJECTS = 40, EACH = 5, LIKES = SUBJECTS * EACH };
static uint32_t two_tastes[LIKES][2];

static void make_tastes(void) {
    for (uint32_t i = 0; i < LIKES; i++) {
        uint32_t subject = 1 + i / EACH;
        two_tastes[i][0] = subject;
        two_tastes[i][1] = i % EACH + (subject > SUBJECTS / 2 ? EACH : 0);
    }
}

static void begin(double blend) {
    gr_params params = native_params(&agent_description, "blend", blend, "shrinkage", 0.0, NULL);
    gr_state nothing = {agent_description.snapshot_schema, likes_write(&(likes){0})};
    assert(!agent_configure(&params) && !agent_restore(&nothing));
}

static void learn_two_tastes(void) {
    gr_feedback batch = native_likes((const uint32_t (*)[2])two_tastes, LIKES, 0);
    gr_fit_report report = {0};
    assert(!agent_learn(&batch) && !agent_fit(&report) && report.examples == LIKES);
}

static gr_candidates decide(gr_u32s rows, uint32_t limit, gr_u32s liked) {
    float *scores = gr_new(float, rows.len);
    for (size_t i = 0; i < rows.len; i++) scores[i] = (float)(rows.len - i);
    gr_observation seen = native_observe_at("ranked", (gr_candidates){rows, {scores, rows.len}}, limit, liked);
    gr_decision decision = {0};
    assert(!agent_decide(&seen, &decision) && decision.payload.kind == GR_CANDIDATES);
    return decision.payload.candidates;
}

static bool are(gr_u32s rows, gr_u32s expected) {
    return rows.len == expected.len && memcmp(rows.ptr, expected.ptr, rows.len * sizeof *rows.ptr) == 0;
}

static void what_the_same_subjects_liked_comes_first(void) {
    begin(1);
    learn_two_tastes();
    gr_candidates answer = decide(ROWS(5, 1, 6, 2, 7, 3), 3, ROWS(0, 4));
    for (size_t i = 0; i < 3; i++) assert(answer.rows.ptr[i] < EACH);
    assert(gr_f32_column(answer.columns, "cosine")->ptr[0] > 0.9f);
}

static void without_a_history_or_a_blend_the_order_stays(void) {
    begin(1);
    learn_two_tastes();
    assert(are(decide(ROWS(5, 1, 6), 2, (gr_u32s){0}).rows, ROWS(5, 1)));
    begin(0);
    learn_two_tastes();
    assert(are(decide(ROWS(5, 1, 6), 3, ROWS(0)).rows, ROWS(5, 1, 6)));
}

static void what_nobody_liked_keeps_its_place(void) {
    begin(1);
    learn_two_tastes();
    gr_candidates answer = decide(ROWS(99, 5, 1), 3, ROWS(0));
    assert(are(answer.rows, ROWS(1, 99, 5)) || are(answer.rows, ROWS(99, 1, 5)));
    assert(are(decide(ROWS(98, 99), 3, ROWS(0)).rows, ROWS(98, 99)));
    assert(decide((gr_u32s){0}, 3, ROWS(0)).rows.len == 0);
}

static void a_restored_agent_answers_the_same(void) {
    begin(0.5);
    learn_two_tastes();
    gr_candidates before = decide(ROWS(5, 1, 6, 2), 4, ROWS(3, 8, 9));
    gr_state state = {.schema = agent_description.snapshot_schema};
    assert(!agent_snapshot(&state) && !agent_restore(&state));
    gr_candidates after = decide(ROWS(5, 1, 6, 2), 4, ROWS(3, 8, 9));
    assert(are(after.rows, before.rows));
    assert(memcmp(after.scores.ptr, before.scores.ptr, 4 * sizeof(float)) == 0);
}

static gr_feedback any_batch(void) {
    uint32_t count = any(12);
    uint32_t(*pairs)[2] = (uint32_t(*)[2])gr_new(uint32_t, 2 * count);
    uint64_t *events = gr_new(uint64_t, count);
    uint8_t *statuses = gr_new(uint8_t, count), *kinds = gr_new(uint8_t, count);
    for (uint32_t i = 0; i < count; i++) {
        pairs[i][0] = any(5) ? any(4) : GR_NONE;
        pairs[i][1] = any(5);
        events[i] = any(20);
        statuses[i] = (uint8_t)any(3);
        kinds[i] = (uint8_t)any(8);
    }
    gr_feedback batch = native_likes((const uint32_t (*)[2])pairs, count, 0);
    batch.events = (gr_u64s){events, any(4) ? count : 0};
    batch.statuses.ptr = statuses;
    batch.kinds.ptr = kinds;
    return batch;
}

static void any_log_cut_anywhere_comes_to_the_same(void) {
    for (int log = 0; log < 300; log++) {
        likes at_once = {0}, in_parts = {0};
        for (int part = 0; part < 6; part++) {
            gr_feedback batch = any_batch();
            assert(!likes_learn(&at_once, &batch) && !likes_learn(&in_parts, &batch));
            if (any(2)) (void)likes_by_subject(&in_parts);
            if (any(2)) {
                gr_state state = {GR("cosine/1"), likes_write(&in_parts)};
                assert(!likes_read(&in_parts, &state));
            }
        }
        gr_u64s pairs = likes_by_subject(&at_once), same = likes_by_subject(&in_parts);
        assert(pairs.len == same.len && memcmp(pairs.ptr, same.ptr, pairs.len * sizeof *pairs.ptr) == 0);
        gr_bytes whole = likes_write(&at_once), parts = likes_write(&in_parts);
        assert(whole.len == parts.len && memcmp(whole.ptr, parts.ptr, whole.len) == 0);
        free(at_once.told), free(in_parts.told), free(at_once.packed), free(in_parts.packed);
        native_end_call();
    }
}

static void a_state_that_is_cut_or_changed_is_refused_or_read_but_never_breaks(void) {
    begin(1);
    learn_two_tastes();
    gr_state state = {.schema = agent_description.snapshot_schema};
    assert(!agent_snapshot(&state));
    for (size_t cut = 0; cut < state.bytes.len; cut++) {
        gr_state part = {state.schema, {state.bytes.ptr, cut}};
        assert(agent_restore(&part)->kind == GR_INVALID_STATE);
    }
    uint8_t *changed = gr_new(uint8_t, state.bytes.len);
    for (int i = 0; i < 2000; i++) {
        memcpy(changed, state.bytes.ptr, state.bytes.len);
        changed[any((uint32_t)state.bytes.len)] = (uint8_t)any(256);
        gr_result failed = agent_restore(&(gr_state){state.schema, {changed, state.bytes.len}});
        assert(!failed || failed->kind == GR_INVALID_STATE);
    }
}

static void numbers_are_ordered_and_equal_ones_stay_as_they_came(void) {
    enum { N = 1000 };
    uint64_t *numbers = gr_new(uint64_t, N);
    for (size_t i = 0; i < N; i++) numbers[i] = (uint64_t)any(1 << 8) << (8 * any(7));
    const uint32_t *places = places_in_order(numbers, N);
    for (size_t i = 1; i < N; i++) {
        uint64_t before = numbers[places[i - 1]], here = numbers[places[i]];
        assert(before < here || (before == here && places[i - 1] < places[i]));
    }
    sort(numbers, N);
    for (size_t i = 1; i < N; i++) assert(numbers[i - 1] <= numbers[i]);
}

static void cosines_are_about_those_of_the_whole_matrix(void) {
    // 200 subjects like row 0 and 200 row 1; 100 of them like both.
    enum { N = 400 };
    uint64_t *pairs = gr_new(uint64_t, N);
    size_t len = 0;
    for (uint64_t subject = 0; subject < 300; subject++) {
        if (subject < 200) pairs[len++] = subject << 32;
        if (subject >= 100) pairs[len++] = subject << 32 | 1;
    }
    vectors of = {0};
    vectors_make(&of, (gr_u64s){pairs, len}, 253);
    assert(of.dimension == 256 && of.len == 2 && of.liked[1] == 200);
    // Who likes both weighs half as much as who likes one: 50 / (50 + 100).
    float cosine = dot(vectors_at(&of, 0), vectors_at(&of, 1), of.dimension);
    assert(fabsf(cosine - 1.0f / 3.0f) < 0.15f);
    free(of.rows), free(of.units), free(of.liked);
}

int main(void) {
    make_tastes();
    NATIVE_TEST(what_the_same_subjects_liked_comes_first);
    NATIVE_TEST(without_a_history_or_a_blend_the_order_stays);
    NATIVE_TEST(what_nobody_liked_keeps_its_place);
    NATIVE_TEST(a_restored_agent_answers_the_same);
    NATIVE_TEST(any_log_cut_anywhere_comes_to_the_same);
    NATIVE_TEST(a_state_that_is_cut_or_changed_is_refused_or_read_but_never_breaks);
    NATIVE_TEST(numbers_are_ordered_and_equal_ones_stay_as_they_came);
    NATIVE_TEST(cosines_are_about_those_of_the_whole_matrix);
}
