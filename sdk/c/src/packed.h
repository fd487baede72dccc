// MessagePack, as much of it as parameters are made of.
#pragma once

#include "../greenroom/slices.h"

typedef enum { PACKED_BOOLEAN, PACKED_WHOLE, PACKED_REAL, PACKED_TEXT, PACKED_LIST, PACKED_MAP } packed_kind;

// A value. The elements of a list or a map (names and values in turn) follow where it was read.
typedef struct {
    packed_kind kind;
    union {
        bool boolean;
        int64_t whole;
        double real;
        gr_string text;
        size_t count;
    };
} packed_value;

typedef struct { const uint8_t *at, *end; } packed_reader;

// Reads one value, not what is in it. False when there is none, or one of another kind.
bool packed_read(packed_reader *reader, packed_value *value);

// Reads past a value of any depth that has lists of numbers and maps from names to numbers in it, and nothing deeper.
bool packed_skip(packed_reader *reader, packed_value *value);
