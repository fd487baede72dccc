// Giving up: a line for the operator, then the trap.
#include "../greenroom/log.h"
#include "host.h"
#include <stdio.h>

#include "text.h"

// A panic for want of memory must not ask for more: its line is made here.
static char line_of_panic[512];

[[noreturn]] static void give_up(const char *file, int line, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    size_t room = sizeof line_of_panic;
    int at = snprintf(line_of_panic, room, "%s:%d: ", file, line);
    if (at > 0 && (size_t)at < room) vsnprintf(line_of_panic + at, room - (size_t)at, format, again);
    va_end(again);
    text_make_valid(line_of_panic, strlen(line_of_panic));
    host_log(HOST_ERROR, gr_text(line_of_panic));
    __builtin_trap();
}

[[noreturn]] void gr_panic_at_(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    give_up(file, line, format, arguments);
}

#ifdef __wasm__
// What `assert` of the C library calls.
[[noreturn]] void __assert_fail(const char *claim, const char *file, int line, const char *function) {
    gr_panic_at_(file, line, "assertion failed in %s: %s", function, claim);
}
#endif
