// What the host offers, as the rest of the SDK calls it. `host.c` has the imports; `native/` stands in where there is
// no host.
#pragma once

#include "../greenroom/slices.h"

typedef enum { HOST_DEBUG, HOST_INFO, HOST_WARN, HOST_ERROR } host_level;

void host_log(host_level level, gr_string line);
void host_count(gr_string name, double value);
void host_observe(gr_string name, double value);
