package greenroom

// Policy is perception in, decision out.
type Policy interface {
	// Decide decides. At most `Limit` rows, none of them excluded, none twice. An error means that no decision can be
	// made; the graph then takes the node's fallback. Errors that are no [Fault] become one of kind internal.
	Decide(seen *Observation) (Decision, error)
}

// Lifecycle is what makes an agent an individual: parameters.
type Lifecycle interface {
	Policy
	// Describe says what this agent is and takes. It depends on nothing but the code.
	Describe() Descriptor
	// Configure sets parameters, which the host has checked against Describe. It is called once, before anything else.
	// An error of [InvalidParameters] refuses what ranges cannot express.
	Configure(params Params) error
}

// Stateful is an agent with learned state, whose layout Describe names as SnapshotSchema. One without leaves it out.
type Stateful interface {
	// Snapshot is the learned state; the same state gives the same bytes: keep the order of maps out of it.
	Snapshot() ([]byte, error)
	// Restore takes a learned state of the schema that Describe names, which was checked before. The bytes are the
	// agent's to keep. An error of [InvalidState] refuses bytes that are no state.
	Restore(state []byte) error
}

// Learner is the feedback end of the loop.
type Learner interface {
	Lifecycle
	// Learn takes a batch of feedback. An error of [InvalidFeedback] refuses one that cannot be learned from.
	Learn(batch *Feedback) error
	// Fit solves what a batch method has to solve. What a person should know of it goes into the report's notes.
	Fit() (FitReport, error)
}

// FitReport is what Fit found.
type FitReport struct {
	// Examples are events that it learned from.
	Examples uint64
	// Loss is the loss that it reached; nil where it has none.
	Loss *float64
	// Notes are for a person: what was left out, what did not converge.
	Notes []string
}

var registered Agent

// Register makes an agent the one of this component. Call it once, from an init function: a component is no program,
// and its `main` isn't run. A component instance runs one call at a time.
//
// What [Agent] is depends on what greenroom.toml exports, so that a method that is missing is the compiler's error.
func Register(agent Agent) {
	if registered != nil {
		panic("greenroom.Register is called twice: a component has one agent")
	}
	registered = agent
}
