// Candidates in columns.
#include "../greenroom/candidates.h"

#include "room.h"

const gr_input *gr_input_at(const gr_observation *seen, const char *port) {
    gr_string name = gr_text(port);
    gr_each(input, seen->inputs) if (gr_compare(input->port, name) == 0) return input;
    return NULL;
}

gr_result gr_take_candidates(const gr_observation *seen, const char *port, gr_candidates *taken) {
    *taken = (gr_candidates){0};
    const gr_input *input = gr_input_at(seen, port);
    if (!input) return GR_OK;
    if (input->payload.kind != GR_CANDIDATES) {
        return gr_invalid_observation(
            "port \"%s\" takes candidates, and \"%.*s\" sent something else", port, GR_TEXT(input->node));
    }
    *taken = input->payload.candidates;
    return GR_OK;
}

// Whether an ascending list has a row.
static bool has(gr_u32s rows, uint32_t row) {
    size_t from = 0, to = rows.len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (rows.ptr[middle] < row) from = middle + 1;
        else to = middle;
    }
    return from < rows.len && rows.ptr[from] == row;
}

bool gr_admits(const gr_observation *seen, uint32_t row) {
    return !has(seen->excluded, row) && (!seen->allowed.present || has(seen->allowed.value, row));
}

#define CUT(list, to) ((list).len = (list).len < (to) ? (list).len : (to))

gr_candidates gr_first(gr_candidates all, uint32_t limit) {
    gr_column *columns = gr_new(gr_column, all.columns.len);
    for (size_t i = 0; i < all.columns.len; i++) {
        columns[i] = all.columns.ptr[i];
        // The length stands at the same place whatever the type.
        CUT(columns[i].values.f32s, limit);
    }
    CUT(all.rows, limit);
    CUT(all.scores, limit);
    CUT(all.sources, limit);
    all.columns.ptr = columns;
    return all;
}

#define PICK(list, places)                                                                                             \
    do {                                                                                                               \
        typeof_unqual(*(list).ptr) *picked = room_take((places).len * sizeof *picked);                                 \
        size_t len = 0;                                                                                                \
        gr_each(place, places) if (*place < (list).len) picked[len++] = (list).ptr[*place];                            \
        (list).ptr = picked;                                                                                           \
        (list).len = len;                                                                                              \
    } while (0)

gr_candidates gr_pick(gr_candidates all, gr_u32s places) {
    gr_column *columns = gr_new(gr_column, all.columns.len);
    for (size_t i = 0; i < all.columns.len; i++) {
        columns[i] = all.columns.ptr[i];
        gr_values *values = &columns[i].values;
        switch (values->kind) {
            case GR_F32S: PICK(values->f32s, places); break;
            case GR_S64S: PICK(values->s64s, places); break;
            case GR_U32S: PICK(values->u32s, places); break;
        }
    }
    PICK(all.rows, places);
    PICK(all.scores, places);
    PICK(all.sources, places);
    all.columns.ptr = columns;
    return all;
}

gr_candidates gr_with_f32s(gr_candidates all, const char *name, gr_f32s values) {
    gr_column *columns = gr_new(gr_column, all.columns.len + 1);
    for (size_t i = 0; i < all.columns.len; i++) columns[i] = all.columns.ptr[i];
    columns[all.columns.len++] = (gr_column){gr_text(name), {GR_F32S, {.f32s = values}}};
    all.columns.ptr = columns;
    return all;
}

const gr_f32s *gr_f32_column(gr_columns columns, const char *name) {
    gr_string wanted = gr_text(name);
    gr_each(column, columns) {
        if (column->values.kind == GR_F32S && gr_compare(column->name, wanted) == 0) return &column->values.f32s;
    }
    return NULL;
}

void gr_answer(gr_decision *decision, gr_candidates candidates) {
    decision->payload = (gr_payload){GR_CANDIDATES, {.candidates = candidates}};
}
