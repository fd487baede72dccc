//go:build wasip1

package greenroom

import "greenroom/internal/abi"

// A call is this: its arguments are lifted, the agent is asked, and the answer is lowered into memory that is lent until
// the next call begins. Every export defers abi.End, which makes a trap of a panic.

//go:wasmexport greenroom:agent/policy@0.2.0#decide
func exportDecide(at abi.At) abi.At {
	defer abi.End()
	abi.Forget()
	seen := liftObservation(at)
	abi.Lifted()
	decision, err := agent().Decide(seen)
	return lowerResult(err, 96, 8, func(at abi.At) { lowerDecision(at, decision) })
}

func agent() Agent {
	if registered == nil {
		panic("no agent: call greenroom.Register in an init function")
	}
	return registered
}

// A result: 0 and what it is, or 1 and the fault, at an offset that depends on the alignment of both.
func lowerResult(err error, bytes, offset uint32, lower func(abi.At)) abi.At {
	result := abi.Room(bytes)
	if err == nil {
		lower(result + abi.At(offset))
		return result
	}
	result.SetU8(1)
	fault := faultOf(err)
	at := result + abi.At(offset)
	at.SetU8(uint8(fault.Kind))
	(at + 4).SetText(fault.Message)
	(at + 12).SetBool(fault.Retryable)
	return result
}

// A result of nothing or a fault.
func lowerDone(err error) abi.At {
	return lowerResult(err, 20, 4, func(abi.At) {})
}
