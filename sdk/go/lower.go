//go:build wasip1

package greenroom

import (
	"greenroom/internal/abi"
	"greenroom/internal/column"
)

func lowerDecision(at abi.At, decision Decision) {
	lowerPayload(at, decision.Payload)
	record := decision.Policy
	if record == nil {
		return
	}
	(at + 40).SetU8(1)
	(at + 48).SetU8(uint8(record.Kind))
	abi.SetList(at+52, record.Propensities)
	(at + 64).SetF64(record.LogProbability)
	(at + 72).SetBool(record.Explored)
	(at + 80).SetU64(record.SamplerSeed)
}

func lowerPayload(at abi.At, payload Payload) {
	holds := at + 4
	switch payload := payload.(type) {
	case *Candidates:
		if payload == nil {
			panic("the decision's payload is a nil *Candidates: return &greenroom.Candidates{} for none")
		}
		at.SetU8(uint8(CandidatesPayload))
		abi.SetList(holds, payload.Rows)
		abi.SetList(holds+8, payload.Scores)
		abi.SetList(holds+16, payload.Sources)
		column.Lower(holds+24, payload.Columns)
	case Route:
		at.SetU8(uint8(RoutePayload))
		abi.SetEach(holds, 12, payload.Branches, func(at abi.At, branch Branch) {
			at.SetText(branch.Name)
			(at + 8).SetF32(branch.Probability)
		})
	case Settings:
		at.SetU8(uint8(SettingsPayload))
		holds.SetText(payload.Scope)
		abi.SetList(holds+8, payload.Patch)
	case Document:
		at.SetU8(uint8(DocumentPayload))
		abi.SetList(holds, payload)
	default:
		panic("the decision has no payload: return Candidates, a Route, Settings or a Document, or an error")
	}
}
