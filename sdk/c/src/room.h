// Memory of the call, as the SDK takes it.
#pragma once

#include "../greenroom/room.h"

// Not zeroed, aligned to 16 bytes; never null.
void *room_take(size_t bytes);

// Takes back all of it.
void room_clear(void);

// The same bytes with room for more, where they are if they were taken last.
void *room_grow(void *old, size_t old_bytes, size_t bytes);
