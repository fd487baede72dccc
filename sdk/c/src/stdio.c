// Printing goes into the log, and `exit` is giving up: the C library asks for both by the names of WASI, which there is
// none of in a sandbox. What is not here (files, clocks, random numbers) stays an import, and the build says so.
#ifdef __wasm__
#include <stdint.h>

#include "../greenroom/log.h"
#include "host.h"
#include "text.h"

#define WASI(name) __imported_wasi_snapshot_preview1_##name
// Those parts of the C library that are written in Zig ask by another name.
#define WASI_OF_ZIG(name)                                                                                              \
    extern typeof(WASI(name)) of_zig_##name __asm__(#name "|wasi_snapshot_preview1")                                   \
        __attribute__((alias("__imported_wasi_snapshot_preview1_" #name)))

enum { STDOUT = 1, STDERR = 2, BAD_DESCRIPTOR = 8, NO_SEEKING = 70, TERMINAL = 2, LINE_MAX = 1024 };

typedef struct { const char *ptr; size_t len; } piece;
typedef struct { uint8_t type; uint16_t flags; uint64_t rights, inherited; } status;

typedef struct { char text[LINE_MAX]; size_t len; } line;

static line lines[2];

static void end_line(int32_t descriptor) {
    line *done = &lines[descriptor - STDOUT];
    text_make_valid(done->text, done->len);
    host_log(descriptor == STDERR ? HOST_ERROR : HOST_INFO, (gr_string){done->text, done->len});
    done->len = 0;
}

int32_t WASI(fd_write)(int32_t descriptor, int32_t pieces, int32_t count, int32_t written);
int32_t WASI(fd_write)(int32_t descriptor, int32_t pieces, int32_t count, int32_t written) {
    if (descriptor != STDOUT && descriptor != STDERR) return BAD_DESCRIPTOR;
    line *open = &lines[descriptor - STDOUT];
    size_t all = 0;
    for (const piece *next = (const piece *)pieces, *end = next + count; next != end; next++) {
        for (size_t i = 0; i < next->len; i++) {
            if (next->ptr[i] != '\n') open->text[open->len++] = next->ptr[i];
            if (next->ptr[i] == '\n' || open->len == LINE_MAX) end_line(descriptor);
        }
        all += next->len;
    }
    *(size_t *)written = all;
    return 0;
}

// A terminal, so that the C library passes on each line as soon as it is complete.
int32_t WASI(fd_fdstat_get)(int32_t descriptor, int32_t to);
int32_t WASI(fd_fdstat_get)(int32_t descriptor, int32_t to) {
    if (descriptor != STDOUT && descriptor != STDERR) return BAD_DESCRIPTOR;
    *(status *)to = (status){.type = TERMINAL};
    return 0;
}

int32_t WASI(fd_seek)(int32_t descriptor, int64_t by, int32_t from, int32_t to);
int32_t WASI(fd_seek)(int32_t descriptor, int64_t by, int32_t from, int32_t to) {
    (void)descriptor, (void)by, (void)from, (void)to;
    return NO_SEEKING;
}

int32_t WASI(fd_close)(int32_t descriptor);
int32_t WASI(fd_close)(int32_t descriptor) {
    (void)descriptor;
    return 0;
}

[[noreturn]] void WASI(proc_exit)(int32_t code);
[[noreturn]] void WASI(proc_exit)(int32_t code) {
    gr_error("the agent called exit(%d)", (int)code);
    __builtin_trap();
}

WASI_OF_ZIG(fd_write);
WASI_OF_ZIG(fd_fdstat_get);
WASI_OF_ZIG(fd_seek);
WASI_OF_ZIG(fd_close);
WASI_OF_ZIG(proc_exit);
#endif
