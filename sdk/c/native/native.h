/// Running an agent without a host: for its tests. There are no namespaces here (GR_DENIED), and item facts are numbers
/// only.
#pragma once

#include "../greenroom.h"

/// A test: prints its name, and runs it. `assert` says what was wrong.
#define NATIVE_TEST(test) (printf("%s\n", #test), test(), native_end_call())

/// Sets how many rows there are, and one number of each.
void native_set_facts(uint32_t rows, const char *field, const float *numbers);

/// Takes back the memory of a call, as the host does after each.
void native_end_call(void);

/// The last line that was logged; empty when there was none.
gr_string native_last_line(void);

/// The defaults of a descriptor, but for those that are named: `native_params(&agent_description, "blend", 1.0, NULL)`.
gr_params native_params(const gr_descriptor *of, ...);

/// An observation for `limit` rows with a history of likes, oldest first.
gr_observation native_observe(uint32_t limit, gr_u32s liked);

/// The same with candidates at a port.
gr_observation native_observe_at(const char *port, gr_candidates candidates, uint32_t limit, gr_u32s liked);

/// Organic feedback: likes as pairs of subject and row, with ids from `first_event` on.
gr_feedback native_likes(const uint32_t (*pairs)[2], size_t count, uint64_t first_event);
