/// Parameters as agent_configure gets them: checked by the host, defaults filled in.
///
/// Who asks for one that is missing, or is of another type, is given the fault GR_INVALID_PARAMETERS, which says which
/// it is, what was expected and what was found.
#pragma once

#include "fault.h"

/// A map of parameters. What it hands out lies in it or in memory of the call.
typedef struct { gr_bytes document; } gr_params;

[[nodiscard]] gr_result gr_float_param(const gr_params *params, const char *name, double *value);
[[nodiscard]] gr_result gr_integer_param(const gr_params *params, const char *name, int64_t *value);
/// A whole number that fits 32 bits without a sign.
[[nodiscard]] gr_result gr_u32_param(const gr_params *params, const char *name, uint32_t *value);
[[nodiscard]] gr_result gr_boolean_param(const gr_params *params, const char *name, bool *value);
[[nodiscard]] gr_result gr_choice_param(const gr_params *params, const char *name, gr_string *value);
/// Items as rows; empty when not given.
[[nodiscard]] gr_result gr_items_param(const gr_params *params, const char *name, gr_u32s *rows);

/// Numbers as they were given: `names` is as long as `values` for a map, by ascending bytes, and empty for a list.
typedef struct {
    enum : uint8_t { GR_NOT_GIVEN, GR_LISTED, GR_NAMED } form;
    gr_strings names;
    struct { const double *ptr; size_t len; } values;
} gr_numbers;

/// A list of numbers, or numbers by name.
[[nodiscard]] gr_result gr_numbers_param(const gr_params *params, const char *name, gr_numbers *numbers);
