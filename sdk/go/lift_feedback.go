//go:build wasip1 && greenroom_learner

package greenroom

import (
	"greenroom/internal/abi"
	"greenroom/internal/column"
)

// Lists one after the other, 8 bytes each.
func liftFeedback(at abi.At) *Feedback {
	return &Feedback{
		Events:       abi.List[uint64](at),
		Cursors:      abi.List[uint64](at + 8),
		Requests:     abi.List[uint32](at + 16),
		RequestIDs:   (at + 24).Texts(),
		Versions:     abi.List[uint32](at + 32),
		VersionIDs:   (at + 40).Texts(),
		Subjects:     abi.List[uint32](at + 48),
		Rows:         abi.List[uint32](at + 56),
		Positions:    abi.List[uint32](at + 64),
		Exposed:      abi.List[uint8](at + 72),
		Kinds:        abi.List[uint8](at + 80),
		Values:       abi.List[float32](at + 88),
		EventTimes:   abi.List[int64](at + 96),
		ReceiveTimes: abi.List[int64](at + 104),
		Statuses:     abi.List[uint8](at + 112),
		InnerRewards: abi.List[float32](at + 120),
		OuterRewards: abi.List[float32](at + 128),
		Credits:      abi.List[float32](at + 136),
		Propensities: abi.List[float32](at + 144),
		Decided:      column.Lift(at + 152),
		Inputs:       column.Lift(at + 160),
	}
}
