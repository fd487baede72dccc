/// Strings and columns: where they lie, and how long they are.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// UTF-8, without a zero at the end.
typedef struct { const char *ptr; size_t len; } gr_string;
typedef struct { const gr_string *ptr; size_t len; } gr_strings;
typedef struct { const uint8_t *ptr; size_t len; } gr_bytes;
typedef struct { const uint32_t *ptr; size_t len; } gr_u32s;
typedef struct { const uint64_t *ptr; size_t len; } gr_u64s;
typedef struct { const int64_t *ptr; size_t len; } gr_s64s;
typedef struct { const float *ptr; size_t len; } gr_f32s;

/// A string from a literal, also where a constant is asked for: `GR("year")`.
#define GR(literal) ((gr_string){"" literal, sizeof("" literal) - 1})

/// A list, also where a constant is asked for: `GR_LIST(gr_u32s, uint32_t, 1, 2, 3)`.
#define GR_LIST(list, type, ...)                                                                                       \
    ((list){(const type[]){__VA_ARGS__}, sizeof((const type[]){__VA_ARGS__}) / sizeof(type)})

/// A list of strings from up to 80 literals: `GR_STRINGS("genres", "year")`.
#define GR_STRINGS(...) GR_LIST(gr_strings, gr_string, GR_EACH_AS_(GR, __VA_ARGS__))

/// Goes through a list: `gr_each(row, candidates.rows) { use(*row); }`.
#define gr_each(item, list)                                                                                            \
    for (typeof_unqual((list).ptr) item = (list).ptr, item##_end_ = item ? item + (list).len : item;                   \
         item != item##_end_; item++)

/// For the arguments of "%.*s": `gr_info("port %.*s", GR_TEXT(input->port))`.
#define GR_TEXT(string) (int)(string).len, (string).ptr

/// A string of what ends with a zero. It lies where that lies.
static inline gr_string gr_text(const char *zero_ended) { return (gr_string){zero_ended, strlen(zero_ended)}; }

/// Whether a string is this one.
bool gr_is(gr_string string, const char *zero_ended);

/// Below 0, 0 or above 0: by bytes, as a Rust or Python sort of UTF-8 does.
int gr_compare(gr_string a, gr_string b);

// How GR_STRINGS goes through its arguments: each scan of a macro's result applies one more of them.
#define GR_EACH_AS_(as, ...) __VA_OPT__(GR_SCAN_(GR_NEXT_(as, __VA_ARGS__)))
#define GR_NEXT_(as, first, ...) as(first), __VA_OPT__(GR_AGAIN_ GR_LATER_ (as, __VA_ARGS__))
#define GR_AGAIN_() GR_NEXT_
#define GR_LATER_ ()
#define GR_SCAN_(...) GR_SCAN4_(GR_SCAN4_(GR_SCAN4_(GR_SCAN4_(__VA_ARGS__))))
#define GR_SCAN4_(...) GR_SCAN3_(GR_SCAN3_(GR_SCAN3_(GR_SCAN3_(__VA_ARGS__))))
#define GR_SCAN3_(...) GR_SCAN2_(GR_SCAN2_(GR_SCAN2_(GR_SCAN2_(__VA_ARGS__))))
#define GR_SCAN2_(...) __VA_ARGS__
