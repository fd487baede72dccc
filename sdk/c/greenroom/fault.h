/// Faults: what an agent reports in words, rather than by a trap.
///
/// A function that can fail returns a gr_result: GR_OK, or a fault. GR_TRY passes one on to who called.
#pragma once

#include "contract.h"

typedef enum gr_fault_kind : uint8_t {
    GR_INVALID_PARAMETERS, GR_INVALID_OBSERVATION, GR_INVALID_STATE, GR_INVALID_FEEDBACK, GR_UNAVAILABLE, GR_INTERNAL
} gr_fault_kind;

/// A failure. It lives until the end of the call.
typedef struct {
    gr_fault_kind kind;
    /// For a person: what was expected, what was found, what to do.
    gr_string message;
    /// Whether the same call may succeed later.
    bool retryable;
} gr_fault;

typedef const gr_fault *gr_result;

#define GR_OK ((gr_result)0)

/// Returns from the function when what is tried fails.
#define GR_TRY(tried)                                                                                                  \
    do {                                                                                                               \
        gr_result gr_failed_ = (tried);                                                                                \
        if (gr_failed_) return gr_failed_;                                                                             \
    } while (0)

#define GR_LIKE_PRINTF_(nth, rest) __attribute__((format(printf, nth, rest)))

/// A parameter that cannot be taken. The message is made as by printf, here and below.
[[nodiscard]] gr_result gr_invalid_parameters(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// An observation that cannot be decided on.
[[nodiscard]] gr_result gr_invalid_observation(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// A state that is not this agent's, or is broken.
[[nodiscard]] gr_result gr_invalid_state(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Feedback that cannot be learned from.
[[nodiscard]] gr_result gr_invalid_feedback(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Something that is needed is not there now; retryable.
[[nodiscard]] gr_result gr_unavailable(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Anything else.
[[nodiscard]] gr_result gr_internal(const char *format, ...) GR_LIKE_PRINTF_(1, 2);
/// Any kind, retryable or not.
[[nodiscard]] gr_result gr_faulted(gr_fault_kind kind, bool retryable, const char *format, ...) GR_LIKE_PRINTF_(3, 4);
