// Making strings.
#pragma once

#include <stdarg.h>

#include "../greenroom/slices.h"

// As by vprintf, in memory of the call.
gr_string text_made(const char *format, va_list arguments);

// The same with something before it.
gr_string text_made_after(gr_string before, const char *format, va_list arguments);

// Puts a question mark for each byte that is not part of a character of UTF-8.
void text_make_valid(char *text, size_t len);
