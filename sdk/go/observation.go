package greenroom

import "slices"

// Row is an item: the dense number that the host's catalog assigned to it once. Rows index slices.
type Row = uint32

// None stands for "none" in the uint32 columns of [Feedback].
const None uint32 = 1<<32 - 1

// Observation is what an agent perceives. Nothing in it says whether this is serving or replay.
type Observation struct {
	RequestID string
	// Subject is nil for an anonymous request. A subject without history is normal.
	Subject *Subject
	// Now is in milliseconds since 1970-01-01T00:00:00Z.
	Now int64
	// Seed is where randomness comes from: the same seed, the same decision.
	Seed uint64
	// Limit is how many rows are wanted at most.
	Limit int
	// Surface is where the answer will be shown, for instance "home"; empty when unsaid.
	Surface string
	// SessionID is nil when there is none.
	SessionID *string
	// Segments say what kind of subject this is, for instance "cold", "light", "heavy".
	Segments []string
	// Excluded rows must not be in the answer; ascending.
	Excluded []Row
	// Allowed rows are the only ones that may be in the answer, unless it is nil; ascending.
	Allowed []Row
	// Context is what the caller said beside; empty when nothing.
	Context Document
	History History
	Inputs  []Input
}

// Subject is whom a decision is for.
type Subject struct {
	// Key is the external id.
	Key string
	// Number is the dense number that the host assigned to it, once.
	Number uint32
}

// History is what a subject did, oldest first, as columns of one length: as much of it as Describe asked for, and
// nothing from after `Now`.
type History struct {
	Rows []Row
	// Times are in milliseconds since 1970-01-01T00:00:00Z.
	Times []int64
	// Kinds are codes, EventRating and so on.
	Kinds  []uint8
	Values []float32
}

// The codes of what a subject did.
const (
	EventOther uint8 = iota
	EventRating
	EventView
	EventClick
	EventLike
	EventDislike
	EventPurchase
	EventDismissal
)

// Input is what arrives at a port.
type Input struct {
	Port string
	// Node is where it comes from.
	Node string
	// Payload is *Candidates, Route, Settings or Document.
	Payload Payload
}

// Admits says whether a row may be in the answer: it is not excluded, and allowed where only some are.
func (seen *Observation) Admits(row Row) bool {
	if _, excluded := slices.BinarySearch(seen.Excluded, row); excluded {
		return false
	}
	if seen.Allowed == nil {
		return true
	}
	_, allowed := slices.BinarySearch(seen.Allowed, row)
	return allowed
}

// Has says whether something arrived at a port.
func (seen *Observation) Has(port string) bool {
	return slices.ContainsFunc(seen.Inputs, func(input Input) bool { return input.Port == port })
}

// TakeCandidates takes the candidates that arrived at a port out of the observation; empty ones when nothing did. An
// error of [InvalidObservation] when something else arrived.
func (seen *Observation) TakeCandidates(port string) (*Candidates, error) {
	place := slices.IndexFunc(seen.Inputs, func(input Input) bool { return input.Port == port })
	if place < 0 {
		return &Candidates{}, nil
	}
	candidates, err := seen.Inputs[place].Candidates()
	if err == nil {
		seen.Inputs = slices.Delete(seen.Inputs, place, place+1)
	}
	return candidates, err
}

// Candidates are what arrived, which has to be candidates: an error of [InvalidObservation] otherwise.
func (input *Input) Candidates() (*Candidates, error) {
	if candidates, ok := input.Payload.(*Candidates); ok {
		return candidates, nil
	}
	return nil, InvalidObservation(
		"port \"" + input.Port + "\" takes candidates, and \"" + input.Node + "\" sent something else")
}
