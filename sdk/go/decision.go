package greenroom

// Decision is what Decide returns.
type Decision struct {
	// Payload is *Candidates, Route, Settings or Document: what Describe names as Output.
	Payload Payload
	// Policy says how the decision was drawn; nil for a deterministic policy.
	Policy *PolicyRecord
}

// Payload is what flows along an edge: *Candidates, Route, Settings or Document.
type Payload interface {
	payloadKind() PayloadKind
}

// Route says which of the branches behind a router run.
type Route struct {
	Branches []Branch
}

// Branch is a branch that a router picks.
type Branch struct {
	Name string
	// Probability is with which the router picks it for a request like this one, in [0, 1].
	Probability float32
}

// Settings are a change of settings for the nodes that read them.
type Settings struct {
	// Scope is what the patch is for, for instance the name of a node.
	Scope string
	Patch Document
}

func (*Candidates) payloadKind() PayloadKind { return CandidatesPayload }
func (Route) payloadKind() PayloadKind       { return RoutePayload }
func (Settings) payloadKind() PayloadKind    { return SettingsPayload }
func (Document) payloadKind() PayloadKind    { return DocumentPayload }

// PolicyRecord says how a decision was drawn, for learning from it later without bias.
type PolicyRecord struct {
	Kind PolicyKind
	// Propensities are the marginal probabilities of each row at the position where it stands, in [0, 1]; empty when
	// deterministic.
	Propensities []float32
	// LogProbability is that of the whole list; 0 when deterministic.
	LogProbability float64
	// Explored says whether this decision differs from the greedy one.
	Explored bool
	// SamplerSeed is the seed of the draw.
	SamplerSeed uint64
}

// PolicyKind says how a policy draws.
type PolicyKind uint8

// How a policy draws.
const (
	// Deterministic is the same list every time.
	Deterministic PolicyKind = iota
	// PlackettLuce is rows drawn one after the other without replacement.
	PlackettLuce
	// EpsilonGreedy is the greedy list, with some positions replaced uniformly.
	EpsilonGreedy
	// OtherPolicy is anything else with known propensities.
	OtherPolicy
)
