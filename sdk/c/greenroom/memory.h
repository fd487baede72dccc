/// The shared memory layer: item facts, and namespaces that a graph file grants.
#pragma once

#include "fault.h"

typedef enum gr_memory_problem : uint8_t {
    /// Not granted.
    GR_DENIED,
    /// Compare-and-swap found another revision.
    GR_CONFLICT,
    /// A key, a value or a batch is larger than the host takes.
    GR_TOO_LARGE,
    /// The namespace is full.
    GR_QUOTA,
    /// No such namespace, or no such field.
    GR_NOT_FOUND,
    /// It may work later.
    GR_UNAVAILABLE_NOW,
} gr_memory_problem;

/// Why an operation failed. `found` holds for GR_CONFLICT, `message` for all else.
typedef struct {
    gr_memory_problem problem;
    union {
        gr_string message;
        /// The revision that there is; absent when there is no such key.
        struct { bool present; uint64_t value; } found;
    };
} gr_memory_error;

/// Null when it succeeded. It lives until the end of the call.
typedef const gr_memory_error *gr_memory_result;

/// The fault that says so, for GR_TRY(gr_memory_fault(...)): GR_UNAVAILABLE, GR_INTERNAL for what is not granted or not
/// there, GR_OK when nothing failed.
[[nodiscard]] gr_result gr_memory_fault(gr_memory_result failed);

/// How many rows the catalog has: rows are 0 to this number, less one.
uint32_t gr_row_count(void);

/// Item facts: one column a field, as long as `rows`. Numbers are f32 and NaN where unknown; labels are s64, one bit a
/// label. Needs the grant `items:read`.
[[nodiscard]] gr_memory_result gr_gather(gr_u32s rows, gr_strings fields, gr_columns *facts);

/// One number of each row, NaN where unknown. GR_NOT_FOUND when the field is no number.
[[nodiscard]] gr_memory_result gr_gather_f32s(gr_u32s rows, const char *field, gr_f32s *facts);

/// The names behind the bits of a field of labels.
[[nodiscard]] gr_memory_result gr_labels(const char *field, gr_strings *names);

/// An open namespace. Close it before the call ends.
typedef struct { uint32_t handle; } gr_namespace;

/// A value, and the revision at which it was written.
typedef struct { gr_bytes value; uint64_t revision; } gr_entry;
typedef struct { bool present; gr_entry value; } gr_maybe_entry;
typedef struct { const gr_maybe_entry *ptr; size_t len; } gr_maybe_entries;
typedef struct { gr_string key; gr_bytes value; uint64_t revision; } gr_keyed_entry;
typedef struct { const gr_keyed_entry *ptr; size_t len; } gr_keyed_entries;
/// A page of a scan: pass `next` as `after` to go on; absent at the end.
typedef struct { gr_keyed_entries entries; gr_maybe_string next; } gr_page;
typedef struct { bool present; uint64_t value; } gr_maybe_revision;

[[nodiscard]] gr_memory_result gr_open(const char *name, gr_namespace *opened);
void gr_close(gr_namespace space);
[[nodiscard]] gr_memory_result gr_get(gr_namespace space, gr_string key, gr_maybe_entry *found);
/// The answers are in the order of the keys.
[[nodiscard]] gr_memory_result gr_get_many(gr_namespace space, gr_strings keys, gr_maybe_entries *found);
/// Writes whatever was there. `revision` may be null, here and below.
[[nodiscard]] gr_memory_result gr_put(gr_namespace space, gr_string key, gr_bytes value, uint64_t *revision);
/// Writes if the revision is `expected`; an absent one expects that there is no such key.
[[nodiscard]] gr_memory_result gr_compare_and_swap(
    gr_namespace space, gr_string key, gr_maybe_revision expected, gr_bytes value, uint64_t *revision);
/// `existed` may be null.
[[nodiscard]] gr_memory_result gr_delete(gr_namespace space, gr_string key, bool *existed);
/// Keys that begin with `prefix`, in byte order, after the key `after`.
[[nodiscard]] gr_memory_result gr_scan(
    gr_namespace space, gr_string prefix, gr_maybe_string after, uint32_t limit, gr_page *page);
