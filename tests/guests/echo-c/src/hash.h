// FNV-1a over the records of the contract, as the conformance suite defines it: little endian, lists by their length
// and then their elements, options and variants by a byte and then what they hold.
#pragma once

#include <greenroom.h>

#define HASH_SEED 0xcbf29ce484222325u

typedef struct { uint64_t sum; } hash;

void hash_bytes(hash *to, const void *bytes, size_t len);
void hash_u8(hash *to, uint8_t value);
void hash_u32(hash *to, uint32_t value);
void hash_u64(hash *to, uint64_t value);
// Every NaN as one.
void hash_f32(hash *to, float value);
void hash_f64(hash *to, double value);
void hash_string(hash *to, gr_string string);
void hash_document(hash *to, gr_bytes bytes);
void hash_strings(hash *to, gr_strings strings);
void hash_columns(hash *to, gr_columns columns);
void hash_observation(hash *to, const gr_observation *seen);
void hash_feedback(hash *to, const gr_feedback *batch);
