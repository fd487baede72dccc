/// cosine: orders candidates by how like they are to what the subject liked.
///
/// An item is a vector that the same subjects' likes have drawn the same way (see vectors.h). A candidate's likeness is
/// the cosine of its vector and the mean of the vectors of the subject's liked items, drawn towards 0 where few liked
/// it. Blended with the order that came in it gives the score. Who has no history, and what nobody liked before, keeps
/// its place.
///
/// The state is who liked what, and vectors are made of it: so the agent learns onward, and no parameter asks for a new
/// state.
#include <greenroom.h>
#include <math.h>

#include "lanes.h"
#include "likes.h"
#include "vectors.h"

const gr_descriptor agent_description = {
    .name = GR("cosine"),
    .version = GR("0.1.0"),
    .summary = GR("orders candidates by their likeness to what the subject liked"),
    .role = GR_RANKING,
    .inner_metric = GR("ndcg@10"),
    .reward_level = GR_OUTER,
    .inputs = GR_PORTS({.name = GR("ranked")}),
    .produces = GR_F32_COLUMNS("cosine"),
    .history_max = 200,
    .parameters = GR_PARAMETERS(
        GR_INTEGER_LOG("dimension", 16, 256, 128, "numbers in an item's vector; more of them blur less"),
        GR_FLOAT("blend", 0, 1, 0.2, "what likeness weighs beside the order that came in"),
        GR_FLOAT("shrinkage", 0, 100, 5, "likes at which an item's likeness counts half")),
    .snapshot_schema = GR("cosine/1"),
    .learning = GR_ONWARD,
};

static struct { uint32_t dimension; float blend, shrinkage; } parameters;
static likes learned;
static vectors items;

gr_result agent_configure(const gr_params *params) {
    double blend, shrinkage;
    GR_TRY(gr_u32_param(params, "dimension", &parameters.dimension));
    GR_TRY(gr_float_param(params, "blend", &blend));
    GR_TRY(gr_float_param(params, "shrinkage", &shrinkage));
    parameters.blend = (float)blend;
    parameters.shrinkage = (float)shrinkage;
    return GR_OK;
}

// The sum of the vectors of what the subject liked; null when none of it has one.
static const float *taste_of(const gr_history *history) {
    float *taste = gr_new(float, items.dimension);
    bool any = false;
    gr_each(row, gr_positives(history)) {
        size_t place = vectors_find(&items, *row);
        if (place == items.len) continue;
        add(taste, vectors_at(&items, place), items.dimension);
        any = true;
    }
    float length = any ? dot(taste, taste, items.dimension) : 0.0f;
    if (length <= 0.0f) return NULL;
    scale(taste, 1.0f / sqrtf(length), items.dimension);
    return taste;
}

// Likeness of each row in [-1, 1], and which rows have one.
typedef struct { float *cosines; bool *known; float lowest, highest; } likeness;

static likeness likeness_of(gr_u32s rows, const float *taste) {
    likeness of = {gr_new(float, rows.len), gr_new(bool, rows.len), 1.0f, -1.0f};
    for (size_t i = 0; i < rows.len; i++) {
        size_t place = vectors_find(&items, rows.ptr[i]);
        if (place == items.len) continue;
        float likes = (float)items.liked[place];
        of.cosines[i] = dot(vectors_at(&items, place), taste, items.dimension) * likes / (likes + parameters.shrinkage);
        of.known[i] = true;
        if (of.cosines[i] < of.lowest) of.lowest = of.cosines[i];
        if (of.cosines[i] > of.highest) of.highest = of.cosines[i];
    }
    return of;
}

static gr_candidates admitted(const gr_observation *seen, gr_candidates all) {
    uint32_t *places = gr_new(uint32_t, all.rows.len);
    size_t kept = 0;
    for (size_t i = 0; i < all.rows.len; i++) {
        if (gr_admits(seen, all.rows.ptr[i])) places[kept++] = (uint32_t)i;
    }
    return kept == all.rows.len ? all : gr_pick(all, (gr_u32s){places, kept});
}

gr_result agent_decide(const gr_observation *seen, gr_decision *decision) {
    gr_candidates ranked;
    GR_TRY(gr_take_candidates(seen, "ranked", &ranked));
    ranked = admitted(seen, ranked);
    size_t n = ranked.rows.len;
    const float *taste = taste_of(&seen->history);
    if (!taste) {
        ranked = gr_with_f32s(ranked, "cosine", (gr_f32s){gr_new(float, n), n});
        gr_answer(decision, gr_first(ranked, seen->limit));
        return GR_OK;
    }
    likeness like = likeness_of(ranked.rows, taste);
    float spread = like.highest - like.lowest;
    float *scores = gr_new(float, n);
    for (size_t i = 0; i < n; i++) {
        // Both go from 0 to 1 over the list.
        float place = 1.0f - (float)i / (float)n;
        float likeness = like.known[i] && spread > 0.0f ? (like.cosines[i] - like.lowest) / spread : place;
        scores[i] = (1.0f - parameters.blend) * place + parameters.blend * likeness;
    }
    ranked.scores = (gr_f32s){scores, n};
    ranked = gr_with_f32s(ranked, "cosine", (gr_f32s){like.cosines, n});
    gr_answer(decision, gr_pick(ranked, gr_best_places(ranked.scores, seen->limit)));
    return GR_OK;
}

gr_result agent_learn(const gr_feedback *batch) { return likes_learn(&learned, batch); }

gr_result agent_fit(gr_fit_report *report) {
    gr_u64s likes = likes_by_subject(&learned);
    vectors_make(&items, likes, parameters.dimension);
    gr_string *note = gr_new(gr_string, 1);
    *note = items.len ? gr_format("%zu items have vectors of %zu", items.len, items.dimension)
                      : GR("nobody liked anything yet: the order that comes in is kept");
    report->examples = likes.len;
    report->notes = (gr_strings){note, 1};
    return GR_OK;
}

gr_result agent_snapshot(gr_state *state) {
    state->bytes = likes_write(&learned);
    return GR_OK;
}

gr_result agent_restore(const gr_state *state) {
    GR_TRY(likes_read(&learned, state));
    vectors_make(&items, likes_by_subject(&learned), parameters.dimension);
    return GR_OK;
}
