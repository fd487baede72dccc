// Making faults.
#include "../greenroom/fault.h"

#include "../greenroom/memory.h"
#include "room.h"
#include "text.h"

static gr_result faulted(gr_fault_kind kind, bool retryable, const char *format, va_list arguments) {
    gr_fault *fault = room_take(sizeof *fault);
    *fault = (gr_fault){kind, text_made(format, arguments), retryable};
    return fault;
}

#define FAULTED(kind, retryable)                                                                                       \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    gr_result fault = faulted(kind, retryable, format, arguments);                                                     \
    va_end(arguments);                                                                                                 \
    return fault

gr_result gr_faulted(gr_fault_kind kind, bool retryable, const char *format, ...) { FAULTED(kind, retryable); }
gr_result gr_invalid_parameters(const char *format, ...) { FAULTED(GR_INVALID_PARAMETERS, false); }
gr_result gr_invalid_observation(const char *format, ...) { FAULTED(GR_INVALID_OBSERVATION, false); }
gr_result gr_invalid_state(const char *format, ...) { FAULTED(GR_INVALID_STATE, false); }
gr_result gr_invalid_feedback(const char *format, ...) { FAULTED(GR_INVALID_FEEDBACK, false); }
gr_result gr_unavailable(const char *format, ...) { FAULTED(GR_UNAVAILABLE, true); }
gr_result gr_internal(const char *format, ...) { FAULTED(GR_INTERNAL, false); }

gr_result gr_memory_fault(gr_memory_result failed) {
    if (!failed) return GR_OK;
    switch (failed->problem) {
        case GR_CONFLICT: return gr_internal("another revision of the key was written meanwhile");
        case GR_UNAVAILABLE_NOW: return gr_unavailable("memory: %.*s", GR_TEXT(failed->message));
        default: return gr_internal("memory: %.*s", GR_TEXT(failed->message));
    }
}
