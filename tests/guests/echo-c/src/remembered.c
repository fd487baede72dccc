#include "remembered.h"

static const uint8_t FAILED = 255, SUCCEEDED = 1;

static void failure(hash *to, gr_memory_result failed) {
    hash_u8(to, FAILED);
    hash_u8(to, failed->problem);
    if (failed->problem != GR_CONFLICT) {
        hash_string(to, failed->message);
        return;
    }
    hash_u8(to, failed->found.present);
    if (failed->found.present) hash_u64(to, failed->found.value);
}

// Whether there is a value to hash behind this.
static bool outcome(hash *to, gr_memory_result failed) {
    if (failed) failure(to, failed);
    else hash_u8(to, SUCCEEDED);
    return !failed;
}

// What differs between runs is left out.
static void outcome_only(hash *to, gr_memory_result failed) {
    hash_u8(to, failed ? FAILED : SUCCEEDED);
    if (failed) hash_u8(to, failed->problem);
}

static void value(hash *to, gr_maybe_entry entry) {
    hash_u8(to, entry.present);
    if (entry.present) hash_document(to, entry.value.value);
}

static void page(hash *to, gr_page page) {
    hash_u32(to, (uint32_t)page.entries.len);
    gr_each(entry, page.entries) {
        hash_string(to, entry->key);
        hash_document(to, entry->value);
    }
    hash_u8(to, page.next.present);
    if (page.next.present) hash_string(to, page.next.value);
}

static void deletion(hash *to, gr_namespace space, const char *key) {
    bool existed;
    if (outcome(to, gr_delete(space, gr_text(key), &existed))) hash_u8(to, existed);
}

static void swap(hash *to, gr_namespace space, const char *value) {
    gr_bytes bytes = {(const uint8_t *)value, strlen(value)};
    outcome_only(to, gr_compare_and_swap(space, GR("k"), (gr_maybe_revision){0}, bytes, NULL));
}

static void namespace(hash *to, gr_namespace space) {
    deletion(to, space, "k");
    swap(to, space, "v1");
    gr_maybe_entry entry;
    if (outcome(to, gr_get(space, GR("k"), &entry))) value(to, entry);
    swap(to, space, "v2");
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
    outcome_only(to, gr_put(space, GR("ü"), (gr_bytes){bytes, sizeof bytes}, NULL));
    gr_maybe_entries entries;
    if (outcome(to, gr_get_many(space, GR_STRINGS("k", "missing", "ü"), &entries))) {
        hash_u32(to, (uint32_t)entries.len);
        gr_each(one, entries) value(to, *one);
    }
    gr_page found;
    if (outcome(to, gr_scan(space, GR(""), (gr_maybe_string){0}, 1, &found))) page(to, found);
    if (outcome(to, gr_scan(space, GR(""), (gr_maybe_string){true, GR("k")}, 10, &found))) page(to, found);
    deletion(to, space, "ü");
    deletion(to, space, "ü");
}

static void items(hash *to) {
    uint32_t count = gr_row_count();
    hash_u32(to, count);
    const uint32_t first[] = {0, 1, 2};
    gr_columns facts;
    if (outcome(to, gr_gather((gr_u32s){first, count < 3 ? count : 3}, GR_STRINGS("year"), &facts))) {
        hash_columns(to, facts);
    }
    if (outcome(to, gr_gather((gr_u32s){0}, (gr_strings){0}, &facts))) hash_columns(to, facts);
    gr_strings names;
    if (outcome(to, gr_labels("genres", &names))) hash_strings(to, names);
}

uint64_t remembered(void) {
    hash to = {HASH_SEED};
    gr_namespace space, denied;
    gr_memory_result failed = gr_open("echo", &space);
    if (failed) {
        failure(&to, failed);
        return to.sum;
    }
    namespace(&to, space);
    gr_close(space);
    failed = gr_open("denied", &denied);
    outcome_only(&to, failed);
    if (!failed) gr_close(denied);
    items(&to);
    gr_debug("level");
    gr_info("level");
    gr_warn("level");
    gr_error("level");
    return to.sum;
}
