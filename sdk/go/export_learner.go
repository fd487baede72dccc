//go:build wasip1 && greenroom_learner

package greenroom

import "greenroom/internal/abi"

//go:wasmexport greenroom:agent/learner@0.2.0#learn
func exportLearn(at abi.At) abi.At {
	defer abi.End()
	abi.Forget()
	batch := liftFeedback(at)
	abi.Lifted()
	return lowerDone(agent().Learn(batch))
}

//go:wasmexport greenroom:agent/learner@0.2.0#fit
func exportFit() abi.At {
	defer abi.End()
	abi.Forget()
	report, err := agent().Fit()
	return lowerResult(err, 40, 8, func(at abi.At) {
		at.SetU64(report.Examples)
		if report.Loss != nil {
			(at + 8).SetU8(1)
			(at + 16).SetF64(*report.Loss)
		}
		(at + 24).SetTexts(report.Notes)
	})
}
