// The interface `learner`.
#include "export.h"

typedef struct { bool failed; union { gr_fit_report report; gr_fault fault; }; } fitted;
static_assert(sizeof(fitted) == 40 || sizeof(void *) != 4, "result<fit-report, fault>");

EXPORT("learner", "learn") const outcome *learner_learn(const gr_feedback *batch);
AFTER("learner", "learn") void learner_learned(const outcome *answer);
EXPORT("learner", "fit") const fitted *learner_fit(void);
AFTER("learner", "fit") void learner_fitted(const fitted *answer);

const outcome *learner_learn(const gr_feedback *batch) { return outcome_of(agent_learn(batch)); }

void learner_learned(const outcome *answer) { (void)answer, room_clear(); }

const fitted *learner_fit(void) {
    static fitted answer;
    answer = (fitted){0};
    gr_result failed = agent_fit(&answer.report);
    if (failed) answer = (fitted){.failed = true, .fault = *failed};
    return &answer;
}

void learner_fitted(const fitted *answer) { (void)answer, room_clear(); }
