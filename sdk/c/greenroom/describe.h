/// What an agent says of itself: one constant table. A field that is left out has the usual value.
///
///     const gr_descriptor agent_description = {
///         .name = GR("newest"),
///         .version = GR("0.1.0"),
///         .role = GR_RERANKING,
///         .inputs = GR_PORTS({.name = GR("ranked")}),
///         .parameters = GR_PARAMETERS(GR_FLOAT("strength", 0, 1, 0.1, "how much newer items are preferred")),
///     };
#pragma once

#include "contract.h"

typedef enum gr_role : uint8_t {
    GR_RECALL, GR_FUSION, GR_RANKING, GR_CALIBRATION, GR_RERANKING, GR_ROUTING, GR_EVOLUTION, GR_INFRASTRUCTURE
} gr_role;

typedef enum gr_layer : uint8_t { GR_DECISION_LAYER, GR_EVOLUTION_LAYER, GR_INFRASTRUCTURE_LAYER } gr_layer;

typedef enum gr_reward_level : uint8_t { GR_INNER, GR_OUTER } gr_reward_level;

/// Onward is a promise that the host tries: a state that was restored and taught the rest is the same, byte for byte,
/// as one that was taught all at once.
typedef enum gr_learning : uint8_t { GR_ANEW, GR_ONWARD } gr_learning;

/// A column that is required or produced: `{GR("score")}` is one of f32.
typedef struct { gr_string name; gr_column_kind kind; } gr_column_spec;
typedef struct { const gr_column_spec *ptr; size_t len; } gr_column_specs;

/// An input. The name "*" is any number of ports of any name.
typedef struct { gr_string name; gr_payload_kind kind; bool optional; gr_column_specs columns; } gr_port;
typedef struct { const gr_port *ptr; size_t len; } gr_ports;

typedef enum gr_domain_kind : uint8_t {
    GR_FLOAT_DOMAIN, GR_INTEGER_DOMAIN, GR_CHOICE_DOMAIN, GR_BOOLEAN_DOMAIN, GR_ITEMS_DOMAIN, GR_NUMBERS_DOMAIN
} gr_domain_kind;

/// What values a parameter takes. The macros below fill it in.
typedef struct {
    gr_domain_kind kind;
    union {
        struct { double low, high, initial; bool log; } real;
        struct { int64_t low, high, initial; bool log; } whole;
        struct { gr_strings options; gr_string initial; } choice;
        bool boolean;
    };
} gr_domain;

/// When a parameter matters: when another one has one of these values. GR_WHEN fills it in.
typedef struct { bool present; gr_string parameter; gr_strings values; } gr_condition;

typedef struct {
    gr_string name;
    gr_string summary;
    gr_domain domain;
    gr_condition condition;
    bool shapes_state;
} gr_parameter;
typedef struct { const gr_parameter *ptr; size_t len; } gr_parameters;

typedef struct {
    gr_string name;
    gr_string version;
    gr_string summary;
    gr_role role;
    gr_layer layer;
    /// The metric that it optimises, for instance "ndcg@10"; empty for none.
    gr_string inner_metric;
    gr_reward_level reward_level;
    gr_ports inputs;
    /// Candidates when left out.
    gr_payload_kind output;
    gr_column_specs produces;
    /// How many of the subject's latest events it wants to see.
    uint32_t history_max;
    /// The item facts that it reads when there are any.
    gr_strings facts;
    gr_parameters parameters;
    /// Names the layout of the state; empty for an agent without.
    gr_string snapshot_schema;
    gr_learning learning;
} gr_descriptor;

#define GR_PORTS(...) GR_LIST(gr_ports, gr_port, __VA_ARGS__)
#define GR_PARAMETERS(...) GR_LIST(gr_parameters, gr_parameter, __VA_ARGS__)
/// Names of f32 columns.
#define GR_F32_COLUMNS(...) GR_LIST(gr_column_specs, gr_column_spec, GR_EACH_AS_(GR_F32_COLUMN_, __VA_ARGS__))
#define GR_F32_COLUMN_(literal) {GR(literal), GR_F32S}

// Parameters. What follows the summary is `.shapes_state = true` (learning reads it: a change needs a new state) or
// `.condition = GR_WHEN("other", "value", ...)`.

/// A real number in [low, high].
#define GR_FLOAT(name_, low, high, initial, summary_, ...)                                                             \
    {.name = GR(name_), .summary = GR(summary_),                                                                       \
     .domain = {GR_FLOAT_DOMAIN, {.real = {low, high, initial, false}}}, __VA_ARGS__}
/// The same, where the order of magnitude matters rather than the value.
#define GR_FLOAT_LOG(name_, low, high, initial, summary_, ...)                                                         \
    {.name = GR(name_), .summary = GR(summary_),                                                                       \
     .domain = {GR_FLOAT_DOMAIN, {.real = {low, high, initial, true}}}, __VA_ARGS__}
/// A whole number in [low, high].
#define GR_INTEGER(name_, low, high, initial, summary_, ...)                                                           \
    {.name = GR(name_), .summary = GR(summary_),                                                                       \
     .domain = {GR_INTEGER_DOMAIN, {.whole = {low, high, initial, false}}}, __VA_ARGS__}
#define GR_INTEGER_LOG(name_, low, high, initial, summary_, ...)                                                       \
    {.name = GR(name_), .summary = GR(summary_),                                                                       \
     .domain = {GR_INTEGER_DOMAIN, {.whole = {low, high, initial, true}}}, __VA_ARGS__}
/// One of several names: GR_CHOICE("c", GR_STRINGS("x", "y"), "x", "what it chooses").
#define GR_CHOICE(name_, options, initial, summary_, ...)                                                              \
    {.name = GR(name_), .summary = GR(summary_),                                                                       \
     .domain = {GR_CHOICE_DOMAIN, {.choice = {options, GR(initial)}}}, __VA_ARGS__}
/// A switch.
#define GR_BOOLEAN(name_, initial, summary_, ...)                                                                      \
    {.name = GR(name_), .summary = GR(summary_), .domain = {GR_BOOLEAN_DOMAIN, {.boolean = initial}}, __VA_ARGS__}
/// A list of items.
#define GR_ITEMS(name_, summary_, ...)                                                                                 \
    {.name = GR(name_), .summary = GR(summary_), .domain = {.kind = GR_ITEMS_DOMAIN}, __VA_ARGS__}
/// A list of numbers, or a map from names to numbers.
#define GR_NUMBERS(name_, summary_, ...)                                                                               \
    {.name = GR(name_), .summary = GR(summary_), .domain = {.kind = GR_NUMBERS_DOMAIN}, __VA_ARGS__}

#define GR_WHEN(parameter_, ...) {true, GR(parameter_), GR_STRINGS(__VA_ARGS__)}
