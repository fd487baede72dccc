/// Answers what it sees, so that what crosses the border can be compared between languages.
#include <greenroom.h>

#include "hash.h"
#include "remembered.h"

#define HEX "%016llx"

const gr_descriptor agent_description = {
    .name = GR("echo"),
    .version = GR("1.0.0"),
    .summary = GR("answers what it sees: ü€𝄞"),
    .role = GR_INFRASTRUCTURE,
    .layer = GR_INFRASTRUCTURE_LAYER,
    .inner_metric = GR("ndcg@10"),
    .reward_level = GR_OUTER,
    .inputs = GR_PORTS({.name = GR("*"), .optional = true}),
    .history_max = 1000,
    .facts = GR_STRINGS("year"),
    .parameters = GR_PARAMETERS(
        GR_FLOAT("f", -1, 1, 0.5, "p"),
        GR_FLOAT_LOG("g", 0.001, 1000, 1, "p", .condition = GR_WHEN("c", "y")),
        GR_INTEGER("i", -5, 5, 0, "p", .shapes_state = true),
        GR_CHOICE("c", GR_STRINGS("x", "y", "ü"), "x", "p"),
        GR_BOOLEAN("b", true, "p"),
        GR_ITEMS("rows", "p"),
        GR_NUMBERS("weights", "p")),
    .snapshot_schema = GR("echo/1"),
    .learning = GR_ONWARD,
};

static hash total = {HASH_SEED};
static uint64_t count, setup;

gr_result agent_configure(const gr_params *params) {
    double f, g;
    int64_t i;
    gr_string c;
    bool b;
    gr_u32s rows;
    gr_numbers weights;
    GR_TRY(gr_float_param(params, "f", &f));
    GR_TRY(gr_float_param(params, "g", &g));
    GR_TRY(gr_integer_param(params, "i", &i));
    GR_TRY(gr_choice_param(params, "c", &c));
    GR_TRY(gr_boolean_param(params, "b", &b));
    GR_TRY(gr_items_param(params, "rows", &rows));
    GR_TRY(gr_numbers_param(params, "weights", &weights));
    if (i == 5) return gr_invalid_parameters("i is 5");
    hash to = {HASH_SEED};
    hash_f64(&to, f);
    hash_f64(&to, g);
    hash_u64(&to, (uint64_t)i);
    hash_string(&to, c);
    hash_u8(&to, b);
    hash_u32(&to, (uint32_t)rows.len);
    hash_bytes(&to, rows.ptr, rows.len * sizeof *rows.ptr);
    hash_u8(&to, weights.form);
    if (weights.form != GR_NOT_GIVEN) hash_u32(&to, (uint32_t)weights.values.len);
    for (size_t at = 0; at < weights.values.len; at++) {
        if (weights.form == GR_NAMED) hash_string(&to, weights.names.ptr[at]);
        hash_f64(&to, weights.values.ptr[at]);
    }
    setup = to.sum;
    return GR_OK;
}

static void answer_with_history(const gr_observation *seen, gr_decision *decision) {
    const gr_history *history = &seen->history;
    size_t n = history->rows.len;
    uint32_t *kinds = gr_new(uint32_t, n);
    for (size_t i = 0; i < n; i++) kinds[i] = history->kinds.ptr[i];
    gr_column *columns = gr_new(gr_column, 2);
    columns[0] = (gr_column){GR("time"), {GR_S64S, {.s64s = history->times}}};
    columns[1] = (gr_column){GR("kind"), {GR_U32S, {.u32s = {kinds, n}}}};
    gr_answer(decision, (gr_candidates){.rows = history->rows, .scores = history->values, .columns = {columns, 2}});
}

static void record_policy(const gr_observation *seen, gr_decision *decision) {
    size_t n = decision->payload.candidates.rows.len;
    float *propensities = gr_new(float, n);
    for (size_t i = 0; i < n; i++) propensities[i] = 1.0f / (float)(i + 1);
    decision->policy.present = true;
    decision->policy.value = (gr_policy_record){
        .kind = (gr_policy_kind)(n % 4),
        .propensities = {propensities, n},
        .log_probability = -0.5 * (double)n,
        .explored = n % 2 == 1,
        .sampler_seed = seen->seed,
    };
}

gr_result agent_decide(const gr_observation *seen, gr_decision *decision) {
    if (gr_is(seen->surface, "fault")) return gr_unavailable("asked to: ü");
    if (gr_is(seen->surface, "trap")) gr_panic("asked to trap");
    if (gr_is(seen->surface, "memory")) gr_info("memory " HEX, (unsigned long long)remembered());
    hash to = {HASH_SEED};
    hash_observation(&to, seen);
    gr_info("seen " HEX, (unsigned long long)to.sum);
    gr_count("echo.calls", 1);
    gr_observe("echo.limit", seen->limit);
    if (seen->inputs.len == 0) {
        answer_with_history(seen, decision);
        return GR_OK;
    }
    decision->payload = seen->inputs.ptr[0].payload;
    if (decision->payload.kind == GR_CANDIDATES) record_policy(seen, decision);
    return GR_OK;
}

gr_result agent_learn(const gr_feedback *batch) {
    if (batch->events.len > 0 && batch->events.ptr[0] == 13) return gr_invalid_feedback("unlucky");
    hash_feedback(&total, batch);
    count += batch->rows.len;
    return GR_OK;
}

gr_result agent_fit(gr_fit_report *report) {
    report->examples = count;
    report->loss.present = count > 0;
    report->loss.value = 0.5 * (double)count;
    gr_string *notes = gr_new(gr_string, 2);
    notes[0] = gr_format(HEX, (unsigned long long)total.sum);
    notes[1] = gr_format(HEX, (unsigned long long)setup);
    report->notes = (gr_strings){notes, 2};
    return GR_OK;
}

gr_result agent_snapshot(gr_state *state) {
    uint64_t *bytes = gr_new(uint64_t, 2);
    bytes[0] = total.sum;
    bytes[1] = count;
    state->bytes = (gr_bytes){(const uint8_t *)bytes, 16};
    return GR_OK;
}

gr_result agent_restore(const gr_state *state) {
    if (state->bytes.len != 16) return gr_invalid_state("a state of %zu bytes", state->bytes.len);
    memcpy(&total.sum, state->bytes.ptr, 8);
    memcpy(&count, state->bytes.ptr + 8, 8);
    return GR_OK;
}
