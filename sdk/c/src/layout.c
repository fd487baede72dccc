// That the public records lie in memory as the canonical ABI says: they are read where the host put them.
#include "../greenroom.h"

#ifdef __wasm__
#define LIES(type, member, at) static_assert(offsetof(type, member) == (at), #type "." #member)
#define TAKES(type, bytes) static_assert(sizeof(type) == (bytes), #type)

TAKES(gr_string, 8);
TAKES(gr_values, 12);
LIES(gr_values, f32s, 4);
TAKES(gr_column, 20);
TAKES(gr_candidates, 32);
TAKES(gr_branch, 12);
TAKES(gr_settings, 16);
TAKES(gr_payload, 36);
LIES(gr_payload, candidates, 4);

TAKES(gr_policy_record, 40);
LIES(gr_policy_record, propensities, 4);
LIES(gr_policy_record, log_probability, 16);
LIES(gr_policy_record, explored, 24);
LIES(gr_policy_record, sampler_seed, 32);
TAKES(gr_decision, 88);
LIES(gr_decision, policy, 40);
LIES(gr_decision, policy.value, 48);

TAKES(gr_history, 32);
TAKES(gr_input, 52);
TAKES(gr_observation, 144);
LIES(gr_observation, subject.value, 12);
LIES(gr_observation, now, 24);
LIES(gr_observation, limit, 40);
LIES(gr_observation, session_id, 52);
LIES(gr_observation, allowed, 80);
LIES(gr_observation, context, 92);
LIES(gr_observation, history, 100);
LIES(gr_observation, inputs, 132);
TAKES(gr_feedback, 168);
LIES(gr_feedback, inputs, 160);

TAKES(gr_port, 20);
LIES(gr_port, kind, 8);
LIES(gr_port, optional, 9);
TAKES(gr_column_spec, 12);
TAKES(gr_domain, 40);
LIES(gr_domain, real.log, 32);
LIES(gr_domain, choice.initial, 16);
TAKES(gr_condition, 20);
TAKES(gr_parameter, 80);
LIES(gr_parameter, condition, 56);
LIES(gr_parameter, shapes_state, 76);
TAKES(gr_descriptor, 92);
LIES(gr_descriptor, role, 24);
LIES(gr_descriptor, layer, 25);
LIES(gr_descriptor, reward_level, 36);
LIES(gr_descriptor, output, 48);
LIES(gr_descriptor, history_max, 60);
LIES(gr_descriptor, snapshot_schema, 80);
LIES(gr_descriptor, learning, 88);

TAKES(gr_state, 16);
TAKES(gr_fault, 16);
LIES(gr_fault, retryable, 12);
TAKES(gr_fit_report, 32);
LIES(gr_fit_report, loss.value, 16);
LIES(gr_fit_report, notes, 24);
#endif
