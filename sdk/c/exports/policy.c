// The interface `policy`.
#include "export.h"

typedef struct { bool failed; union { gr_decision decision; gr_fault fault; }; } decided;
static_assert(sizeof(decided) == 96 || sizeof(void *) != 4, "result<decision, fault>");

EXPORT("policy", "decide") const decided *policy_decide(const gr_observation *seen);
AFTER("policy", "decide") void policy_decided(const decided *answer);

const decided *policy_decide(const gr_observation *seen) {
    static decided answer;
    answer = (decided){0};
    gr_result failed = agent_decide(seen, &answer.decision);
    if (failed) answer = (decided){.failed = true, .fault = *failed};
    return &answer;
}

void policy_decided(const decided *answer) { (void)answer, room_clear(); }
