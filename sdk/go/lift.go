//go:build wasip1

package greenroom

import (
	"greenroom/internal/abi"
	"greenroom/internal/column"
)

// Offsets and sizes are those of the canonical ABI for the records of wit/0.2.0/types.wit.

func liftObservation(at abi.At) *Observation {
	seen := &Observation{
		RequestID: at.Text(),
		Now:       (at + 24).S64(),
		Seed:      (at + 32).U64(),
		Limit:     int((at + 40).U32()),
		Surface:   (at + 44).Text(),
		SessionID: (at + 52).OptionalText(),
		Segments:  (at + 64).Texts(),
		Excluded:  abi.List[uint32](at + 72),
		Context:   abi.List[byte](at + 92),
		History: History{
			Rows:   abi.List[uint32](at + 100),
			Times:  abi.List[int64](at + 108),
			Kinds:  abi.List[uint8](at + 116),
			Values: abi.List[float32](at + 124),
		},
		Inputs: abi.Each(at+132, 52, liftInput),
	}
	if (at + 8).Bool() {
		seen.Subject = &Subject{Key: (at + 12).Text(), Number: (at + 20).U32()}
	}
	if (at + 80).Bool() {
		seen.Allowed = abi.List[uint32](at + 84)
	}
	return seen
}

func liftInput(at abi.At) Input {
	return Input{Port: at.Text(), Node: (at + 8).Text(), Payload: liftPayload(at + 16)}
}

func liftPayload(at abi.At) Payload {
	holds := at + 4
	switch PayloadKind(at.U8()) {
	case CandidatesPayload:
		return &Candidates{
			Rows:    abi.List[uint32](holds),
			Scores:  abi.List[float32](holds + 8),
			Sources: abi.List[uint64](holds + 16),
			Columns: column.Lift(holds + 24),
		}
	case RoutePayload:
		return Route{Branches: abi.Each(holds, 12, func(at abi.At) Branch {
			return Branch{Name: at.Text(), Probability: (at + 8).F32()}
		})}
	case SettingsPayload:
		return Settings{Scope: holds.Text(), Patch: abi.List[byte](holds + 8)}
	default:
		return Document(abi.List[byte](holds))
	}
}
