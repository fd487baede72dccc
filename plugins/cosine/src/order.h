// Ordering whole numbers, a byte at a turn (radix sort): the same time whatever they are, and equal ones stay as they
// came.
#pragma once

#include <greenroom.h>

// Ascending, where they are.
void sort(uint64_t *numbers, size_t len);

// The places of numbers in ascending order. In memory of the call.
const uint32_t *places_in_order(const uint64_t *numbers, size_t len);
