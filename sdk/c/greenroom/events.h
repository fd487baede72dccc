/// What subjects did, in histories and in feedback.
#pragma once

#include "fault.h"

/// Whether an event speaks for its item. A rating does from 4 on; a click, a like and a purchase do; what has no kind
/// does when its value is above 0; a view, a dislike and a dismissal do not.
bool gr_is_positive(uint8_t kind, float value);

/// The rows that the subject liked, oldest first, each once, where it did so last.
gr_u32s gr_positives(const gr_history *history);

/// Whether an event of a batch was taken back.
bool gr_is_retracted(const gr_feedback *batch, size_t event);

/// Whether an event of a batch earned something: its outer reward is above 0, or the batch knows no rewards; and it was
/// not taken back.
bool gr_is_rewarded(const gr_feedback *batch, size_t event);

/// Whether an event is organic: no decision was recorded for it.
bool gr_is_organic(const gr_feedback *batch, size_t event);

/// That every column is as long as `rows` or empty. GR_INVALID_FEEDBACK names the first that is not.
[[nodiscard]] gr_result gr_check_feedback(const gr_feedback *batch);
