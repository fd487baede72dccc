/// The C SDK of Greenroom: write an agent, get a component.
///
/// An agent is a handful of functions and one table, whose names begin with `agent_`. Which of them a component has to
/// have is said by `exports` in greenroom.toml:
///
///     policy      agent_decide
///     lifecycle   agent_description, agent_configure, and agent_snapshot and agent_restore when it has a state
///     learner     agent_learn, agent_fit
///
/// What an agent keeps between calls lies in its own static variables and in malloc'ed memory. What it is handed, and
/// what it makes with `gr_new`, is gone after the call. One call runs at a time, on one thread.
#pragma once

#include "greenroom/candidates.h"
#include "greenroom/contract.h"
#include "greenroom/describe.h"
#include "greenroom/events.h"
#include "greenroom/fault.h"
#include "greenroom/log.h"
#include "greenroom/memory.h"
#include "greenroom/params.h"
#include "greenroom/room.h"
#include "greenroom/slices.h"
#include "greenroom/state.h"

/// Decides: at most `seen->limit` rows, none of them excluded, none twice. `decision` is empty candidates at first.
gr_result agent_decide(const gr_observation *seen, gr_decision *decision);

/// What this agent is and takes. It depends on nothing but the code.
extern const gr_descriptor agent_description;

/// Sets parameters, which the host has checked against `agent_description`. Called once, before all but the table.
gr_result agent_configure(const gr_params *params);

/// The learned state; the same state gives the same bytes. `state->schema` is set; without this function it is empty.
gr_result agent_snapshot(gr_state *state);

/// Takes a learned state of the schema that `agent_description` names (checked before). Without it, any is taken.
gr_result agent_restore(const gr_state *state);

/// Takes a batch of feedback.
gr_result agent_learn(const gr_feedback *batch);

/// Solves what a batch method has to solve. What a person should know of it goes into the report's notes.
gr_result agent_fit(gr_fit_report *report);
