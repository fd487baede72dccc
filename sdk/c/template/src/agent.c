/// __name__: raises newer items in a list.
#include <greenroom.h>
#include <math.h>

// What an agent is, and what it takes: `greenroom inspect` shows it.
const gr_descriptor agent_description = {
    .name = GR("__name__"),
    .version = GR("0.1.0"),
    .summary = GR("raises newer items"),
    .role = GR_RERANKING,
    .inner_metric = GR("ndcg@10"),
    .reward_level = GR_OUTER,
    .inputs = GR_PORTS({.name = GR("ranked")}),
    .facts = GR_STRINGS("year"),
    .parameters = GR_PARAMETERS(GR_FLOAT("strength", 0, 1, 0.1, "how much newer items are preferred")),
};

// What it keeps between calls.
static float strength;

// Called once, with parameters that the host has checked.
gr_result agent_configure(const gr_params *params) {
    double given;
    GR_TRY(gr_float_param(params, "strength", &given));
    strength = (float)given;
    return GR_OK;
}

// Called for each request: candidates in, candidates out, the best first.
gr_result agent_decide(const gr_observation *seen, gr_decision *decision) {
    gr_candidates ranked;
    GR_TRY(gr_take_candidates(seen, "ranked", &ranked));
    gr_f32s years; // NaN where unknown
    gr_memory_result failed = gr_gather_f32s(ranked.rows, "year", &years);
    if (failed && (failed->problem == GR_NOT_FOUND || failed->problem == GR_DENIED)) {
        gr_answer(decision, gr_first(ranked, seen->limit)); // nobody knows years: the list as it is
        return GR_OK;
    }
    GR_TRY(gr_memory_fault(failed));
    size_t n = ranked.rows.len;
    float *scores = gr_new(float, n); // memory of this call: nobody frees it
    for (size_t i = 0; i < n; i++) {
        float place = 1 - (float)i / (float)n;
        float newness = isnan(years.ptr[i]) ? 0 : fminf(fmaxf((years.ptr[i] - 1950) / 100, 0), 1);
        scores[i] = (1 - strength) * place + strength * newness;
    }
    gr_answer(decision, gr_best(ranked.rows, (gr_f32s){scores, n}, seen->limit));
    return GR_OK;
}
