// Typed parameters out of the document that the host hands over.
#include "params.h"

#include "../greenroom/room.h"
#include "packed.h"
#include "room.h"

typedef struct { packed_value value; packed_reader elements; } found;

// At the first name; how many there are. An empty document is an empty map.
static bool begin(gr_bytes document, packed_reader *reader, size_t *count) {
    *reader = (packed_reader){document.ptr, document.ptr + document.len};
    *count = 0;
    if (document.len == 0) return true;
    packed_value map;
    if (!packed_read(reader, &map) || map.kind != PACKED_MAP) return false;
    *count = map.count;
    return true;
}

static bool next(packed_reader *reader, gr_string *name, found *value) {
    packed_value key;
    if (!packed_read(reader, &key) || key.kind != PACKED_TEXT) return false;
    *name = key.text;
    packed_reader here = *reader;
    if (!packed_skip(reader, &value->value)) return false;
    value->elements = here;
    return packed_read(&value->elements, &value->value);
}

gr_result params_check(const gr_params *params) {
    packed_reader reader;
    size_t count;
    gr_string name;
    found value;
    if (!begin(params->document, &reader, &count)) return gr_invalid_parameters("parameters are not a map");
    for (size_t i = 0; i < count; i++) {
        name = (gr_string){0};
        if (!next(&reader, &name, &value)) {
            return gr_invalid_parameters(
                "parameters are not a map of known values: see number %zu, `%.*s`", i + 1, GR_TEXT(name));
        }
    }
    if (reader.at != reader.end) return gr_invalid_parameters("parameters are followed by something else");
    return GR_OK;
}

static bool find(const gr_params *params, const char *wanted, found *value) {
    packed_reader reader;
    size_t count;
    gr_string name;
    if (!begin(params->document, &reader, &count)) return false;
    while (count-- > 0 && next(&reader, &name, value)) {
        if (gr_is(name, wanted)) return true;
    }
    return false;
}

static gr_result look_up(const gr_params *params, const char *name, const char *expected, found *value) {
    return find(params, name, value) ? GR_OK : gr_invalid_parameters("`%s` (%s) is missing", name, expected);
}

static gr_result wrong(const char *name, const char *expected, const packed_value *is) {
    gr_string text = {0};
    switch (is->kind) {
        case PACKED_BOOLEAN: text = gr_text(is->boolean ? "true" : "false"); break;
        case PACKED_WHOLE: text = gr_format("%lld", (long long)is->whole); break;
        case PACKED_REAL: text = gr_format("%.17g", is->real); break;
        case PACKED_TEXT: text = gr_format("\"%.*s\"", GR_TEXT(is->text)); break;
        case PACKED_LIST: text = gr_format("a list of %zu values", is->count); break;
        case PACKED_MAP: text = gr_format("a map of %zu names", is->count); break;
    }
    return gr_invalid_parameters("`%s` takes %s, not %.*s", name, expected, GR_TEXT(text));
}

// A number of either kind.
static bool number(const packed_value *value, double *real) {
    if (value->kind == PACKED_REAL) *real = value->real;
    else if (value->kind == PACKED_WHOLE) *real = (double)value->whole;
    else return false;
    return true;
}

gr_result gr_float_param(const gr_params *params, const char *name, double *value) {
    found it;
    GR_TRY(look_up(params, name, "a number", &it));
    return number(&it.value, value) ? GR_OK : wrong(name, "a number", &it.value);
}

gr_result gr_integer_param(const gr_params *params, const char *name, int64_t *value) {
    found it;
    GR_TRY(look_up(params, name, "a whole number", &it));
    if (it.value.kind != PACKED_WHOLE) return wrong(name, "a whole number", &it.value);
    *value = it.value.whole;
    return GR_OK;
}

gr_result gr_u32_param(const gr_params *params, const char *name, uint32_t *value) {
    int64_t whole;
    GR_TRY(gr_integer_param(params, name, &whole));
    if (whole < 0 || whole > UINT32_MAX) {
        return gr_invalid_parameters(
            "`%s` takes a whole number from 0 to 4294967295, not %lld", name, (long long)whole);
    }
    *value = (uint32_t)whole;
    return GR_OK;
}

gr_result gr_boolean_param(const gr_params *params, const char *name, bool *value) {
    found it;
    GR_TRY(look_up(params, name, "true or false", &it));
    if (it.value.kind != PACKED_BOOLEAN) return wrong(name, "true or false", &it.value);
    *value = it.value.boolean;
    return GR_OK;
}

gr_result gr_choice_param(const gr_params *params, const char *name, gr_string *value) {
    found it;
    GR_TRY(look_up(params, name, "a name", &it));
    if (it.value.kind != PACKED_TEXT) return wrong(name, "a name", &it.value);
    *value = it.value.text;
    return GR_OK;
}

gr_result gr_items_param(const gr_params *params, const char *name, gr_u32s *rows) {
    found it;
    *rows = (gr_u32s){0};
    if (!find(params, name, &it)) return GR_OK;
    if (it.value.kind != PACKED_LIST) return wrong(name, "a list of items", &it.value);
    uint32_t *taken = room_take(it.value.count * sizeof *taken);
    for (size_t i = 0; i < it.value.count; i++) {
        packed_value row;
        packed_read(&it.elements, &row);
        if (row.kind != PACKED_WHOLE || row.whole < 0 || row.whole > UINT32_MAX) {
            return wrong(name, "a list of items", &row);
        }
        taken[i] = (uint32_t)row.whole;
    }
    *rows = (gr_u32s){taken, it.value.count};
    return GR_OK;
}

gr_result gr_numbers_param(const gr_params *params, const char *name, gr_numbers *numbers) {
    found it;
    *numbers = (gr_numbers){0};
    if (!find(params, name, &it)) return GR_OK;
    bool named = it.value.kind == PACKED_MAP;
    if (!named && it.value.kind != PACKED_LIST) {
        return wrong(name, "a list of numbers or a map from names to numbers", &it.value);
    }
    double *values = room_take(it.value.count * sizeof *values);
    gr_string *names = room_take(it.value.count * sizeof *names);
    for (size_t i = 0; i < it.value.count; i++) {
        packed_value label, element;
        if (named) packed_read(&it.elements, &label);
        packed_read(&it.elements, &element);
        double value = 0.0;
        number(&element, &value);
        // There are a handful of them: each goes to its place among those before.
        size_t at = i;
        for (; named && at > 0 && gr_compare(names[at - 1], label.text) > 0; at--) {
            names[at] = names[at - 1];
            values[at] = values[at - 1];
        }
        if (named) names[at] = label.text;
        values[at] = value;
    }
    numbers->form = named ? GR_NAMED : GR_LISTED;
    numbers->names = (gr_strings){names, named ? it.value.count : 0};
    numbers->values.ptr = values;
    numbers->values.len = it.value.count;
    return GR_OK;
}
