/// Working with candidates in columns. What these return lies in memory of the call, or where it came from.
#pragma once

#include "fault.h"

/// What arrived at a port; null when nothing did.
const gr_input *gr_input_at(const gr_observation *seen, const char *port);

/// The candidates that arrived at a port, where they lie; empty ones when nothing did. GR_INVALID_OBSERVATION when
/// something else arrived.
[[nodiscard]] gr_result gr_take_candidates(const gr_observation *seen, const char *port, gr_candidates *taken);

/// Whether a row may be in the answer: it is not excluded, and allowed where only some are.
bool gr_admits(const gr_observation *seen, uint32_t row);

/// The `limit` best of rows by the scores beside them: by descending score, ties by ascending row. Scores must be
/// finite.
gr_candidates gr_best(gr_u32s rows, gr_f32s scores, uint32_t limit);

/// The places of the `limit` highest scores, from the best down; ties by ascending place.
gr_u32s gr_best_places(gr_f32s scores, uint32_t limit);

/// The first `limit`, with their columns. Nothing is copied but the list of columns.
gr_candidates gr_first(gr_candidates all, uint32_t limit);

/// The candidates at `places`, in that order, with their source masks and columns. Places beyond the end are left out.
gr_candidates gr_pick(gr_candidates all, gr_u32s places);

/// These, and one more column as long as `rows`.
gr_candidates gr_with_f32s(gr_candidates all, const char *name, gr_f32s values);

/// A column of f32; null when there is none of this name and type.
const gr_f32s *gr_f32_column(gr_columns columns, const char *name);

/// Makes candidates the decision.
void gr_answer(gr_decision *decision, gr_candidates candidates);
