/// Lines and numbers for the operator, bounded by the host, and giving up. What is printed to stdout goes into the log
/// as information, and to stderr as errors, line by line.
#pragma once

#include "fault.h"

/// For an author. Lines are made as by printf.
void gr_debug(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// For the record.
void gr_info(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Something to look at.
void gr_warn(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Something is wrong.
void gr_error(const char *format, ...) GR_LIKE_PRINTF_(1, 2);

/// Adds to a counter.
void gr_count(const char *name, double value);
/// Observes a value.
void gr_observe(const char *name, double value);

/// Gives up: logs the message with file and line, and traps. `assert` does the same for what has to be true.
#define gr_panic(...) gr_panic_at_(__FILE__, __LINE__, __VA_ARGS__)
[[noreturn]] void gr_panic_at_(const char *file, int line, const char *format, ...) GR_LIKE_PRINTF_(3, 4);
