// What the exports of an interface share.
#pragma once

#include "../greenroom.h"
#include "../src/room.h"

// A function of the contract, and what the host calls once it has read the answer: then the call's memory is taken
// back.
#define EXPORT(interface, function) __attribute__((export_name("greenroom:agent/" interface "@0.2.0#" function)))
#define AFTER(interface, function)                                                                                     \
    __attribute__((export_name("cabi_post_greenroom:agent/" interface "@0.2.0#" function)))

// A result<_, fault>.
typedef struct { bool failed; gr_fault fault; } outcome;

static inline outcome *outcome_of(gr_result failed) {
    static outcome answer;
    answer = (outcome){.failed = failed};
    if (failed) answer.fault = *failed;
    return &answer;
}
