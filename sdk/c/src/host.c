// The imports of the contract. A result comes back through a pointer, laid out as the component model does: a byte that
// is 0 for success, then at byte 8 what was asked for, or the error.
#ifdef __wasm__
#include "host.h"

#include "../greenroom/memory.h"
#include "room.h"

#define FROM(interface, name)                                                                                          \
    __attribute__((import_module("greenroom:agent/" interface "@0.2.0"), import_name(name)))

FROM("log", "write") void log_write(int level, const char *line, size_t len);
FROM("metric", "count") void metric_count(const char *name, size_t len, double value);
FROM("metric", "observe") void metric_observe(const char *name, size_t len, double value);

void host_log(host_level level, gr_string line) { log_write((int)level, line.ptr, line.len); }
void host_count(gr_string name, double value) { metric_count(name.ptr, name.len, value); }
void host_observe(gr_string name, double value) { metric_observe(name.ptr, name.len, value); }

// What any operation of memory answers.
typedef struct {
    bool failed;
    union {
        gr_memory_error error;
        gr_columns columns;
        gr_strings strings;
        gr_namespace opened;
        gr_maybe_entry entry;
        gr_maybe_entries entries;
        gr_page page;
        uint64_t revision;
        bool existed;
    };
} answer;

static_assert(sizeof(answer) == 32 && offsetof(answer, error) == 8, "result<_, error>");
static_assert(sizeof(gr_memory_error) == 24 && offsetof(gr_memory_error, message) == 8, "error");
static_assert(offsetof(gr_memory_error, found.value) == 16, "option<u64>");
static_assert(sizeof(gr_maybe_entry) == 24 && offsetof(gr_maybe_entry, value.revision) == 16, "option<entry>");
static_assert(sizeof(gr_keyed_entry) == 24 && offsetof(gr_keyed_entry, revision) == 16, "keyed-entry");
static_assert(sizeof(gr_page) == 20 && offsetof(gr_page, next.value) == 12, "page");

#define MEMORY(name) FROM("memory", name)
#define METHOD(name) FROM("memory", "[method]namespace." name)

MEMORY("row-count") uint32_t memory_row_count(void);
MEMORY("gather")
void memory_gather(const uint32_t *rows, size_t rows_len, const gr_string *fields, size_t fields_len, answer *to);
MEMORY("labels") void memory_labels(const char *field, size_t len, answer *to);
MEMORY("open") void memory_open(const char *name, size_t len, answer *to);
MEMORY("[resource-drop]namespace") void namespace_drop(uint32_t space);
METHOD("get") void namespace_get(uint32_t space, const char *key, size_t len, answer *to);
METHOD("get-many") void namespace_get_many(uint32_t space, const gr_string *keys, size_t len, answer *to);
METHOD("put")
void namespace_put(uint32_t space, const char *key, size_t len, const uint8_t *value, size_t value_len, answer *to);
METHOD("compare-and-swap")
void namespace_compare_and_swap(
    uint32_t space, const char *key, size_t len, int expects, uint64_t expected, const uint8_t *value, size_t value_len,
    answer *to);
METHOD("delete") void namespace_delete(uint32_t space, const char *key, size_t len, answer *to);
METHOD("scan")
void namespace_scan(
    uint32_t space, const char *prefix, size_t len, int goes_on, const char *after, size_t after_len, uint32_t limit,
    answer *to);

// Null, or the error where it outlives this function.
static gr_memory_result outcome(const answer *got) {
    if (!got->failed) return NULL;
    gr_memory_error *error = room_take(sizeof *error);
    *error = got->error;
    return error;
}

uint32_t gr_row_count(void) { return memory_row_count(); }

gr_memory_result gr_gather(gr_u32s rows, gr_strings fields, gr_columns *facts) {
    answer got;
    memory_gather(rows.ptr, rows.len, fields.ptr, fields.len, &got);
    *facts = got.failed ? (gr_columns){0} : got.columns;
    return outcome(&got);
}

gr_memory_result gr_labels(const char *field, gr_strings *names) {
    answer got;
    memory_labels(field, strlen(field), &got);
    *names = got.failed ? (gr_strings){0} : got.strings;
    return outcome(&got);
}

gr_memory_result gr_open(const char *name, gr_namespace *opened) {
    answer got;
    memory_open(name, strlen(name), &got);
    *opened = got.failed ? (gr_namespace){0} : got.opened;
    return outcome(&got);
}

void gr_close(gr_namespace space) { namespace_drop(space.handle); }

gr_memory_result gr_get(gr_namespace space, gr_string key, gr_maybe_entry *found) {
    answer got;
    namespace_get(space.handle, key.ptr, key.len, &got);
    *found = got.failed ? (gr_maybe_entry){0} : got.entry;
    return outcome(&got);
}

gr_memory_result gr_get_many(gr_namespace space, gr_strings keys, gr_maybe_entries *found) {
    answer got;
    namespace_get_many(space.handle, keys.ptr, keys.len, &got);
    *found = got.failed ? (gr_maybe_entries){0} : got.entries;
    return outcome(&got);
}

gr_memory_result gr_put(gr_namespace space, gr_string key, gr_bytes value, uint64_t *revision) {
    answer got;
    namespace_put(space.handle, key.ptr, key.len, value.ptr, value.len, &got);
    if (revision) *revision = got.failed ? 0 : got.revision;
    return outcome(&got);
}

gr_memory_result gr_compare_and_swap(
    gr_namespace space, gr_string key, gr_maybe_revision expected, gr_bytes value, uint64_t *revision) {
    answer got;
    namespace_compare_and_swap(
        space.handle, key.ptr, key.len, expected.present, expected.value, value.ptr, value.len, &got);
    if (revision) *revision = got.failed ? 0 : got.revision;
    return outcome(&got);
}

gr_memory_result gr_delete(gr_namespace space, gr_string key, bool *existed) {
    answer got;
    namespace_delete(space.handle, key.ptr, key.len, &got);
    if (existed) *existed = !got.failed && got.existed;
    return outcome(&got);
}

gr_memory_result gr_scan(gr_namespace space, gr_string prefix, gr_maybe_string after, uint32_t limit, gr_page *page) {
    answer got;
    namespace_scan(
        space.handle, prefix.ptr, prefix.len, after.present, after.value.ptr, after.value.len, limit, &got);
    *page = got.failed ? (gr_page){0} : got.page;
    return outcome(&got);
}
#endif
