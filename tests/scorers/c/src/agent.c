/// The scorer that every language has: see docs/agents/costs.md.
#include <greenroom.h>
#include <math.h>

static const gr_column_spec columns[] = {
    {GR("relevance"), GR_F32S},
    {GR("age"), GR_F32S},
    {GR("shown"), GR_S64S},
    {GR("clicked"), GR_U32S},
};

const gr_descriptor agent_description = {
    .name = GR("scorer"),
    .version = GR("0.1.0"),
    .summary = GR("scores candidates by what is known of them"),
    .role = GR_RANKING,
    .inner_metric = GR("ndcg@10"),
    .inputs = GR_PORTS({.name = GR("ranked"), .columns = {columns, 4}}),
    .parameters = GR_PARAMETERS(
        GR_FLOAT("freshness", 0, 1, 0.3, "what a new item gains"),
        GR_FLOAT("exploration", 0, 1, 0.1, "what an item gains that was not shown yet")),
};

static double freshness, exploration;

gr_result agent_configure(const gr_params *params) {
    GR_TRY(gr_float_param(params, "freshness", &freshness));
    return gr_float_param(params, "exploration", &exploration);
}

static gr_result column(const gr_candidates *of, const gr_column_spec *spec, gr_values *values) {
    gr_each(one, of->columns) {
        if (one->values.kind != spec->kind || one->name.len != spec->name.len) continue;
        if (memcmp(one->name.ptr, spec->name.ptr, spec->name.len)) continue;
        *values = one->values;
        return GR_OK;
    }
    return gr_invalid_observation("the candidates lack the column %.*s", GR_TEXT(spec->name));
}

static float score(double relevance, double age, double shown, double clicked) {
    age = fmax(age, 0);
    shown = fmax(shown, 0);
    double rate = (clicked + 1) / (shown + 20);
    double interest = relevance + freshness / (1 + age / 30) + rate + exploration / sqrt(1 + shown);
    return (float)(interest / sqrt(1 + interest * interest));
}

gr_result agent_decide(const gr_observation *seen, gr_decision *decision) {
    gr_candidates ranked;
    GR_TRY(gr_take_candidates(seen, "ranked", &ranked));
    gr_values relevance, age, shown, clicked;
    GR_TRY(column(&ranked, &columns[0], &relevance));
    GR_TRY(column(&ranked, &columns[1], &age));
    GR_TRY(column(&ranked, &columns[2], &shown));
    GR_TRY(column(&ranked, &columns[3], &clicked));
    size_t n = ranked.rows.len;
    float *scores = gr_new(float, n);
    for (size_t i = 0; i < n; i++) {
        scores[i] = score(
            relevance.f32s.ptr[i], age.f32s.ptr[i], (double)shown.s64s.ptr[i], clicked.u32s.ptr[i]);
    }
    gr_answer(decision, gr_best(ranked.rows, (gr_f32s){scores, n}, seen->limit));
    return GR_OK;
}
