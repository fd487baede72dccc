// The host's part where there is no host.
#include "../src/host.h"

#include <math.h>
#include <stdio.h>

#include "../src/room.h"
#include "native.h"

static struct { uint32_t rows; const char *field; const float *numbers; } facts;
static char last_line[1024];

void native_set_facts(uint32_t rows, const char *field, const float *numbers) {
    facts.rows = rows;
    facts.field = field;
    facts.numbers = numbers;
}

void native_end_call(void) { room_clear(); }

gr_string native_last_line(void) { return gr_text(last_line); }

void host_log(host_level level, gr_string line) {
    (void)level;
    snprintf(last_line, sizeof last_line, "%.*s", GR_TEXT(line));
    fprintf(stderr, "    %s\n", last_line);
}

void host_count(gr_string name, double value) { (void)name, (void)value; }
void host_observe(gr_string name, double value) { (void)name, (void)value; }

static gr_memory_result failed(gr_memory_problem problem, const char *what) {
    gr_memory_error *error = gr_new(gr_memory_error, 1);
    *error = (gr_memory_error){.problem = problem, .message = gr_format("%s", what)};
    return error;
}

uint32_t gr_row_count(void) { return facts.rows; }

gr_memory_result gr_gather(gr_u32s rows, gr_strings fields, gr_columns *columns) {
    gr_column *found = gr_new(gr_column, fields.len);
    *columns = (gr_columns){found, fields.len};
    gr_each(field, fields) {
        if (!facts.field || !gr_is(*field, facts.field)) return failed(GR_NOT_FOUND, "no such field");
        float *numbers = gr_new(float, rows.len);
        for (size_t i = 0; i < rows.len; i++) {
            numbers[i] = rows.ptr[i] < facts.rows ? facts.numbers[rows.ptr[i]] : NAN;
        }
        *found++ = (gr_column){*field, {GR_F32S, {.f32s = {numbers, rows.len}}}};
    }
    return NULL;
}

gr_memory_result gr_labels(const char *field, gr_strings *names) {
    *names = (gr_strings){0};
    return failed(GR_NOT_FOUND, field);
}

gr_memory_result gr_open(const char *name, gr_namespace *opened) {
    *opened = (gr_namespace){0};
    return failed(GR_DENIED, name);
}

// Nobody can have opened one.
void gr_close(gr_namespace space) { (void)space; }

gr_memory_result gr_get(gr_namespace space, gr_string key, gr_maybe_entry *found) {
    (void)space, (void)key;
    *found = (gr_maybe_entry){0};
    return failed(GR_DENIED, "get");
}

gr_memory_result gr_get_many(gr_namespace space, gr_strings keys, gr_maybe_entries *found) {
    (void)space, (void)keys;
    *found = (gr_maybe_entries){0};
    return failed(GR_DENIED, "get-many");
}

gr_memory_result gr_put(gr_namespace space, gr_string key, gr_bytes value, uint64_t *revision) {
    (void)space, (void)key, (void)value, (void)revision;
    return failed(GR_DENIED, "put");
}

gr_memory_result gr_compare_and_swap(
    gr_namespace space, gr_string key, gr_maybe_revision expected, gr_bytes value, uint64_t *revision) {
    (void)space, (void)key, (void)expected, (void)value, (void)revision;
    return failed(GR_DENIED, "compare-and-swap");
}

gr_memory_result gr_delete(gr_namespace space, gr_string key, bool *existed) {
    (void)space, (void)key, (void)existed;
    return failed(GR_DENIED, "delete");
}

gr_memory_result gr_scan(gr_namespace space, gr_string prefix, gr_maybe_string after, uint32_t limit, gr_page *page) {
    (void)space, (void)prefix, (void)after, (void)limit;
    *page = (gr_page){0};
    return failed(GR_DENIED, "scan");
}
