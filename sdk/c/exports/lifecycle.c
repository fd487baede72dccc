// The interface `lifecycle`.
#include "export.h"

#include "../src/params.h"

typedef struct { bool failed; union { gr_state state; gr_fault fault; }; } saved;
static_assert(sizeof(saved) == 20 || sizeof(void *) != 4, "result<state, fault>");
static_assert(sizeof(outcome) == 20 || sizeof(void *) != 4, "result<_, fault>");

EXPORT("lifecycle", "describe") const gr_descriptor *lifecycle_describe(void);
EXPORT("lifecycle", "configure") const outcome *lifecycle_configure(const uint8_t *document, size_t len);
AFTER("lifecycle", "configure") void lifecycle_configured(const outcome *answer);
EXPORT("lifecycle", "snapshot") const saved *lifecycle_snapshot(void);
AFTER("lifecycle", "snapshot") void lifecycle_saved(const saved *answer);
EXPORT("lifecycle", "restore")
const outcome *lifecycle_restore(const char *schema, size_t schema_len, const uint8_t *bytes, size_t len);
AFTER("lifecycle", "restore") void lifecycle_restored(const outcome *answer);

// For an agent without a state, which leaves these two out.
__attribute__((weak)) gr_result agent_snapshot(gr_state *state) {
    (void)state;
    return GR_OK;
}

__attribute__((weak)) gr_result agent_restore(const gr_state *state) {
    (void)state;
    return GR_OK;
}

const gr_descriptor *lifecycle_describe(void) { return &agent_description; }

static gr_result configure(gr_bytes document) {
    gr_params params = {document};
    GR_TRY(params_check(&params));
    return agent_configure(&params);
}

const outcome *lifecycle_configure(const uint8_t *document, size_t len) {
    return outcome_of(configure((gr_bytes){document, len}));
}

void lifecycle_configured(const outcome *answer) { (void)answer, room_clear(); }

const saved *lifecycle_snapshot(void) {
    static saved answer;
    answer = (saved){.state = {.schema = agent_description.snapshot_schema}};
    gr_result failed = agent_snapshot(&answer.state);
    if (failed) answer = (saved){.failed = true, .fault = *failed};
    return &answer;
}

void lifecycle_saved(const saved *answer) { (void)answer, room_clear(); }

static gr_result restore(const gr_state *state) {
    const gr_descriptor *mine = &agent_description;
    if (gr_compare(state->schema, mine->snapshot_schema) == 0) return agent_restore(state);
    return gr_invalid_state(
        "%.*s %.*s restores states of schema \"%.*s\", not \"%.*s\": train this agent, or give it its own state",
        GR_TEXT(mine->name), GR_TEXT(mine->version), GR_TEXT(mine->snapshot_schema), GR_TEXT(state->schema));
}

const outcome *lifecycle_restore(const char *schema, size_t schema_len, const uint8_t *bytes, size_t len) {
    return outcome_of(restore(&(gr_state){{schema, schema_len}, {bytes, len}}));
}

void lifecycle_restored(const outcome *answer) { (void)answer, room_clear(); }
