package greenroom

import "errors"

// FaultKind says who or what went wrong, as the agent sees it.
type FaultKind uint8

// The kinds of faults.
const (
	// FaultInvalidParameters: Configure was given a parameter that it cannot take.
	FaultInvalidParameters FaultKind = iota
	// FaultInvalidObservation: Decide was given an observation that it cannot decide on.
	FaultInvalidObservation
	// FaultInvalidState: Restore was given a state that is not its own, or is broken.
	FaultInvalidState
	// FaultInvalidFeedback: Learn was given feedback that it cannot learn from.
	FaultInvalidFeedback
	// FaultUnavailable: something that the agent needs was not there; it may be there later.
	FaultUnavailable
	// FaultInternal is anything else.
	FaultInternal
)

// Fault is a failure that an agent reports in words. It is an error: return it, wrapped or not.
type Fault struct {
	Kind FaultKind
	// Message is for a person: what was expected, what was found, what to do.
	Message string
	// Retryable says whether the same call may succeed later.
	Retryable bool
}

func (f *Fault) Error() string { return f.Message }

// InvalidParameters is a parameter that cannot be taken.
func InvalidParameters(message string) *Fault {
	return &Fault{Kind: FaultInvalidParameters, Message: message}
}

// InvalidObservation is an observation that cannot be decided on.
func InvalidObservation(message string) *Fault {
	return &Fault{Kind: FaultInvalidObservation, Message: message}
}

// InvalidState is a state that is not this agent's, or is broken.
func InvalidState(message string) *Fault {
	return &Fault{Kind: FaultInvalidState, Message: message}
}

// InvalidFeedback is feedback that cannot be learned from.
func InvalidFeedback(message string) *Fault {
	return &Fault{Kind: FaultInvalidFeedback, Message: message}
}

// Unavailable is something that is needed and not there now; retryable.
func Unavailable(message string) *Fault {
	return &Fault{Kind: FaultUnavailable, Message: message, Retryable: true}
}

// Internal is anything else.
func Internal(message string) *Fault {
	return &Fault{Kind: FaultInternal, Message: message}
}

// The fault that an error is told as: the kind of the Fault that it wraps, in the words of the whole. An error of the
// memory layer that may go away is unavailable. Anything else is internal.
func faultOf(err error) Fault {
	var fault *Fault
	if errors.As(err, &fault) && fault != nil {
		return Fault{Kind: fault.Kind, Message: err.Error(), Retryable: fault.Retryable}
	}
	var passing interface{ Retryable() bool }
	if errors.As(err, &passing) && passing.Retryable() {
		return Fault{Kind: FaultUnavailable, Message: err.Error(), Retryable: true}
	}
	return Fault{Kind: FaultInternal, Message: err.Error()}
}
