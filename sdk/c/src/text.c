// Strings: made, compared, and kept valid, since the host takes nothing but UTF-8.
#include "text.h"

#include <stdio.h>

#include "room.h"

bool gr_is(gr_string string, const char *zero_ended) {
    return gr_compare(string, gr_text(zero_ended)) == 0;
}

int gr_compare(gr_string a, gr_string b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

// How long the character is that begins here; 0 when none does.
static size_t character(const uint8_t *at, size_t left) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
    if (bytes == 0 || bytes > left) return 0;
    if (bytes == 1) return 1;
    uint32_t code = at[0] & (0x7f >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < smallest[bytes] || code > 0x10ffff || surrogate ? 0 : bytes;
}

// A message that was cut within a character, or has bytes of something else in it, shall be read rather than trap.
void text_make_valid(char *text, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t bytes = character((const uint8_t *)text + i, len - i);
        if (bytes == 0) text[i] = '?';
        i += bytes ? bytes : 1;
    }
}

gr_string text_made_after(gr_string before, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0) len = 0;
    char *text = room_take(before.len + (size_t)len + 1);
    if (before.len) memcpy(text, before.ptr, before.len);
    text[before.len] = 0;
    vsnprintf(text + before.len, (size_t)len + 1, format, arguments);
    text_make_valid(text, before.len + (size_t)len);
    return (gr_string){text, before.len + (size_t)len};
}

gr_string text_made(const char *format, va_list arguments) {
    return text_made_after((gr_string){0}, format, arguments);
}

gr_string gr_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    gr_string text = text_made(format, arguments);
    va_end(arguments);
    return text;
}
