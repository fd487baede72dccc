// Lines and numbers for the operator.
#include "../greenroom/log.h"

#include "host.h"
#include "text.h"

#define LOG(level)                                                                                                     \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    host_log(level, text_made(format, arguments));                                                                     \
    va_end(arguments)

void gr_debug(const char *format, ...) { LOG(HOST_DEBUG); }
void gr_info(const char *format, ...) { LOG(HOST_INFO); }
void gr_warn(const char *format, ...) { LOG(HOST_WARN); }
void gr_error(const char *format, ...) { LOG(HOST_ERROR); }

void gr_count(const char *name, double value) { host_count(gr_text(name), value); }
void gr_observe(const char *name, double value) { host_observe(gr_text(name), value); }
