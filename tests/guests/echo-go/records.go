package main

import "greenroom"

func (h *hash) observation(seen *greenroom.Observation) {
	h.text(seen.RequestID)
	optional(h, seen.Subject, func(subject greenroom.Subject) {
		h.text(subject.Key)
		h.u32(subject.Number)
	})
	h.s64(seen.Now)
	h.u64(seen.Seed)
	h.u32(uint32(seen.Limit))
	h.text(seen.Surface)
	optional(h, seen.SessionID, h.text)
	h.texts(seen.Segments)
	h.u32s(seen.Excluded)
	h.flag(seen.Allowed != nil)
	if seen.Allowed != nil {
		h.u32s(seen.Allowed)
	}
	h.bytes(seen.Context)
	h.u32s(seen.History.Rows)
	h.s64s(seen.History.Times)
	h.bytes(seen.History.Kinds)
	h.f32s(seen.History.Values)
	each(h, seen.Inputs, h.input)
}

func (h *hash) input(input greenroom.Input) {
	h.text(input.Port)
	h.text(input.Node)
	switch payload := input.Payload.(type) {
	case *greenroom.Candidates:
		h.u8(0)
		h.u32s(payload.Rows)
		h.f32s(payload.Scores)
		h.u64s(payload.Sources)
		h.columns(payload.Columns)
	case greenroom.Route:
		h.u8(1)
		each(h, payload.Branches, func(branch greenroom.Branch) {
			h.text(branch.Name)
			h.f32(branch.Probability)
		})
	case greenroom.Settings:
		h.u8(2)
		h.text(payload.Scope)
		h.bytes(payload.Patch)
	case greenroom.Document:
		h.u8(3)
		h.bytes(payload)
	}
}

func (h *hash) feedback(batch *greenroom.Feedback) {
	h.u64s(batch.Events)
	h.u64s(batch.Cursors)
	h.u32s(batch.Requests)
	h.texts(batch.RequestIDs)
	h.u32s(batch.Versions)
	h.texts(batch.VersionIDs)
	h.u32s(batch.Subjects)
	h.u32s(batch.Rows)
	h.u32s(batch.Positions)
	h.bytes(batch.Exposed)
	h.bytes(batch.Kinds)
	h.f32s(batch.Values)
	h.s64s(batch.EventTimes)
	h.s64s(batch.ReceiveTimes)
	h.bytes(batch.Statuses)
	h.f32s(batch.InnerRewards)
	h.f32s(batch.OuterRewards)
	h.f32s(batch.Credits)
	h.f32s(batch.Propensities)
	h.columns(batch.Decided)
	h.columns(batch.Inputs)
}
