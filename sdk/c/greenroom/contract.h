/// The records of the contract, `greenroom:agent@0.2.0`; its WIT documents every field at length. On wasm they lie in
/// memory exactly as the component model lays them out, so that nothing is converted on the way in or out.
#pragma once

#include "slices.h"

/// Stands for "none" in the u32 columns of feedback.
#define GR_NONE UINT32_MAX

typedef enum gr_column_kind : uint8_t { GR_F32S, GR_S64S, GR_U32S } gr_column_kind;

/// The values of a column, one a row; `kind` says which member holds.
typedef struct {
    gr_column_kind kind;
    union { gr_f32s f32s; gr_s64s s64s; gr_u32s u32s; };
} gr_values;

typedef struct { gr_string name; gr_values values; } gr_column;
typedef struct { const gr_column *ptr; size_t len; } gr_columns;

/// Candidates, best first. All columns have the length of `rows`.
typedef struct {
    gr_u32s rows;
    /// Finite. Higher is better.
    gr_f32s scores;
    /// Bit i stands for the plan's i-th source; empty when unknown.
    gr_u64s sources;
    gr_columns columns;
} gr_candidates;

/// A branch that a router picks, and with which probability it does.
typedef struct { gr_string name; float probability; } gr_branch;
typedef struct { const gr_branch *ptr; size_t len; } gr_branches;
typedef struct { gr_branches branches; } gr_route;

/// A change of settings for the nodes that read them; `patch` is MessagePack.
typedef struct { gr_string scope; gr_bytes patch; } gr_settings;

typedef enum gr_payload_kind : uint8_t { GR_CANDIDATES, GR_ROUTE, GR_SETTINGS, GR_DOCUMENT } gr_payload_kind;

/// What flows along an edge; `kind` says which member holds.
typedef struct {
    gr_payload_kind kind;
    union { gr_candidates candidates; gr_route route; gr_settings settings; gr_bytes document; };
} gr_payload;

typedef enum gr_policy_kind : uint8_t {
    GR_DETERMINISTIC, GR_PLACKETT_LUCE, GR_EPSILON_GREEDY, GR_OTHER_POLICY
} gr_policy_kind;

/// How a decision was drawn, for learning from it later without bias.
typedef struct {
    gr_policy_kind kind;
    gr_f32s propensities;
    double log_probability;
    bool explored;
    uint64_t sampler_seed;
} gr_policy_record;

/// What an agent answers. Without a policy record it is deterministic.
typedef struct {
    gr_payload payload;
    struct { bool present; gr_policy_record value; } policy;
} gr_decision;

typedef struct { gr_string key; uint32_t number; } gr_subject;
typedef struct { bool present; gr_string value; } gr_maybe_string;
typedef struct { bool present; gr_u32s value; } gr_maybe_rows;
typedef struct { bool present; gr_subject value; } gr_maybe_subject;

/// What a subject did, oldest first, as columns of one length. Times are milliseconds since 1970. Kinds are 0 other,
/// 1 rating, 2 view, 3 click, 4 like, 5 dislike, 6 purchase, 7 dismissal.
typedef struct { gr_u32s rows; gr_s64s times; gr_bytes kinds; gr_f32s values; } gr_history;

typedef struct { gr_string port; gr_string node; gr_payload payload; } gr_input;
typedef struct { const gr_input *ptr; size_t len; } gr_inputs;

/// What an agent perceives.
typedef struct {
    gr_string request_id;
    /// Absent for an anonymous request.
    gr_maybe_subject subject;
    int64_t now;
    /// Where randomness comes from: the same seed, the same decision.
    uint64_t seed;
    uint32_t limit;
    gr_string surface;
    gr_maybe_string session_id;
    gr_strings segments;
    /// Rows that must not be in the answer, ascending.
    gr_u32s excluded;
    /// When present, only these rows may be in the answer, ascending.
    gr_maybe_rows allowed;
    /// MessagePack map; empty when nothing.
    gr_bytes context;
    gr_history history;
    gr_inputs inputs;
} gr_observation;

/// A batch of feedback, in columns. A column is as long as `rows`, or empty when nothing of the kind is known.
typedef struct {
    gr_u64s events;
    gr_u64s cursors;
    gr_u32s requests;
    gr_strings request_ids;
    gr_u32s versions;
    gr_strings version_ids;
    gr_u32s subjects;
    gr_u32s rows;
    gr_u32s positions;
    /// 0 unknown, 1 not exposed, 2 exposed.
    gr_bytes exposed;
    gr_bytes kinds;
    gr_f32s values;
    gr_s64s event_times;
    gr_s64s receive_times;
    /// 0 provisional, 1 final, 2 retracted.
    gr_bytes statuses;
    gr_f32s inner_rewards;
    gr_f32s outer_rewards;
    gr_f32s credits;
    gr_f32s propensities;
    gr_columns decided;
    gr_columns inputs;
} gr_feedback;

/// Learned state: what agent_snapshot gives and agent_restore takes.
typedef struct { gr_string schema; gr_bytes bytes; } gr_state;

/// What agent_fit found.
typedef struct {
    uint64_t examples;
    struct { bool present; double value; } loss;
    gr_strings notes;
} gr_fit_report;
