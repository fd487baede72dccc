// What the SDK promises beyond layout, which the compiler checks.
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../src/params.h"
#include "native.h"

#define ROWS(...) GR_LIST(gr_u32s, uint32_t, __VA_ARGS__)
#define SCORES(...) GR_LIST(gr_f32s, float, __VA_ARGS__)

static bool are(gr_u32s rows, gr_u32s expected) {
    return rows.len == expected.len && memcmp(rows.ptr, expected.ptr, rows.len * sizeof *rows.ptr) == 0;
}

static void the_best_come_first_and_ties_go_to_the_smaller_row(void) {
    gr_candidates best = gr_best(ROWS(9, 2, 4, 6, 1), SCORES(2, 2, 0.5, -1, 2), 4);
    assert(are(best.rows, ROWS(1, 2, 9, 4)));
    assert(best.scores.ptr[3] == 0.5f);
    assert(are(gr_best_places(SCORES(1, 3, 3, -INFINITY), 2), ROWS(1, 2)));
    assert(gr_best(ROWS(1), SCORES(1), 0).rows.len == 0);
    assert(gr_best((gr_u32s){0}, (gr_f32s){0}, 5).rows.len == 0);
}

static void a_long_list_is_cut_as_a_sort_would_cut_it(void) {
    enum { N = 5000, LIMIT = 100 };
    uint32_t *rows = gr_new(uint32_t, N);
    float *scores = gr_new(float, N);
    for (uint32_t i = 0; i < N; i++) {
        rows[i] = i * 2;
        scores[i] = (float)((i * 2654435761u) >> 20) - 2000.0f;
    }
    gr_candidates best = gr_best((gr_u32s){rows, N}, (gr_f32s){scores, N}, LIMIT);
    assert(best.rows.len == LIMIT);
    for (size_t i = 0; i < LIMIT; i++) {
        size_t better = 0;
        for (size_t j = 0; j < N; j++) {
            float mine = best.scores.ptr[i];
            better += scores[j] > mine || (scores[j] == mine && rows[j] < best.rows.ptr[i]);
        }
        assert(better == i);
    }
}

static void only_what_is_allowed_and_not_excluded_is_admitted(void) {
    gr_observation seen = native_observe(1, (gr_u32s){0});
    assert(gr_admits(&seen, 2));
    seen.excluded = ROWS(2);
    seen.allowed = (gr_maybe_rows){true, ROWS(1, 2)};
    assert(gr_admits(&seen, 1) && !gr_admits(&seen, 2) && !gr_admits(&seen, 3));
}

static void a_history_keeps_each_liked_row_once_at_its_latest_place(void) {
    gr_observation seen = native_observe(1, ROWS(7, 3, 7, 9));
    assert(are(gr_positives(&seen.history), ROWS(3, 7, 9)));
    assert(gr_is_positive(1, 4.0f) && !gr_is_positive(1, 3.9f) && !gr_is_positive(5, 1.0f) && !gr_is_positive(0, 0.0f));
}

static void picking_takes_sources_and_columns_along(void) {
    const int64_t times[] = {10, 20, 30};
    const gr_column column = {GR("time"), {GR_S64S, {.s64s = {times, 3}}}};
    const uint64_t sources[] = {1, 2, 4};
    gr_candidates all = {ROWS(5, 6, 7), SCORES(3, 2, 1), {sources, 3}, {&column, 1}};
    all = gr_with_f32s(all, "extra", SCORES(0.1, 0.2, 0.3));
    gr_candidates picked = gr_pick(all, ROWS(2, 0, 9));
    assert(are(picked.rows, ROWS(7, 5)) && picked.sources.ptr[0] == 4);
    assert(picked.columns.ptr[0].values.s64s.ptr[1] == 10 && gr_f32_column(picked.columns, "extra")->ptr[0] == 0.3f);
    gr_candidates first = gr_first(all, 1);
    assert(first.rows.len == 1 && first.columns.ptr[0].values.s64s.len == 1 && all.columns.ptr[0].values.s64s.len == 3);
}

static bool says(gr_result fault, gr_fault_kind kind, const char *part) {
    return fault && fault->kind == kind && strstr(gr_format("%.*s", GR_TEXT(fault->message)).ptr, part);
}

static void a_parameter_that_does_not_fit_is_named(void) {
    // {"f": 1, "t": "x", "l": [1, 2]}
    static const uint8_t bytes[] = {0x83, 0xa1, 'f', 1, 0xa1, 't', 0xa1, 'x', 0xa1, 'l', 0x92, 1, 2};
    gr_params params = {{bytes, sizeof bytes}};
    double number;
    bool boolean;
    gr_u32s rows;
    assert(!params_check(&params) && !gr_float_param(&params, "f", &number) && number == 1.0);
    assert(!gr_items_param(&params, "l", &rows) && are(rows, ROWS(1, 2)));
    assert(!gr_items_param(&params, "none", &rows) && rows.len == 0);
    assert(says(gr_float_param(&params, "g", &number), GR_INVALID_PARAMETERS, "`g` (a number) is missing"));
    assert(says(gr_boolean_param(&params, "t", &boolean), GR_INVALID_PARAMETERS, "`t` takes true or false, not \"x\""));
    for (size_t cut = 1; cut < sizeof bytes; cut++) {
        gr_params part = {{bytes, cut}};
        assert(says(params_check(&part), GR_INVALID_PARAMETERS, "not a map"));
    }
}

static void columns_of_a_state_come_back_and_every_truncation_is_refused(void) {
    gr_writer writer = {0};
    gr_write_u32s(&writer, (const uint32_t[]){1, UINT32_MAX}, 2);
    gr_write_f32s(&writer, (const float[]){0.5f}, 1);
    for (size_t cut = 0; cut <= writer.len; cut++) {
        gr_state state = {GR("columns/1"), {writer.bytes, cut}};
        gr_reader reader = {.state = &state};
        uint32_t *whole = NULL;
        float *real = NULL;
        size_t wholes, reals;
        gr_result failed = gr_read_u32s(&reader, &whole, &wholes);
        if (!failed) failed = gr_read_f32s(&reader, &real, &reals);
        if (!failed) failed = gr_read_end(&reader, wholes == 2);
        assert(!failed == (cut == writer.len));
        if (!failed) assert(whole[1] == UINT32_MAX && *real == 0.5f);
        free(whole);
        free(real);
    }
}

static void a_message_that_is_cut_within_a_character_is_still_valid(void) {
    assert(gr_is(gr_format("%.*s!", 1, "ü"), "?!"));
    assert(gr_is(gr_format("ü€𝄞 \xff\xed\xa0\x80"), "ü€𝄞 ????"));
}

static void a_short_column_is_refused_by_name(void) {
    gr_feedback batch = native_likes((const uint32_t[][2]){{1, 10}, {1, 11}}, 2, 0);
    assert(!gr_check_feedback(&batch));
    batch.subjects.len = 1;
    assert(says(gr_check_feedback(&batch), GR_INVALID_FEEDBACK, "`subjects` has 1 values"));
}

int main(void) {
    NATIVE_TEST(the_best_come_first_and_ties_go_to_the_smaller_row);
    NATIVE_TEST(a_long_list_is_cut_as_a_sort_would_cut_it);
    NATIVE_TEST(only_what_is_allowed_and_not_excluded_is_admitted);
    NATIVE_TEST(a_history_keeps_each_liked_row_once_at_its_latest_place);
    NATIVE_TEST(picking_takes_sources_and_columns_along);
    NATIVE_TEST(a_parameter_that_does_not_fit_is_named);
    NATIVE_TEST(columns_of_a_state_come_back_and_every_truncation_is_refused);
    NATIVE_TEST(a_message_that_is_cut_within_a_character_is_still_valid);
    NATIVE_TEST(a_short_column_is_refused_by_name);
}
