package greenroom

// Descriptor is what an agent says of itself. The zero values are the usual ones: a decision agent that takes nothing,
// returns candidates, has no state and learns everything anew.
type Descriptor struct {
	Name    string
	Version string
	Summary string
	Role    Role
	Layer   Layer
	// InnerMetric is the metric that it optimises, for instance "recall@200"; empty for none.
	InnerMetric string
	RewardLevel RewardLevel
	Inputs      []Port
	Output      PayloadKind
	// Produces are the columns that its candidates carry, beside those that it passes on.
	Produces []ColumnSpec
	// HistoryMax is how many of the subject's latest events it wants to see; 0 for none.
	HistoryMax uint32
	// Facts are the item facts that it reads when there are any.
	Facts      []string
	Parameters []Parameter
	// SnapshotSchema names the layout of the state; empty for an agent without state.
	SnapshotSchema string
	Learning       Learning
}

// Port is an input.
type Port struct {
	// Name is "*" for any number of ports of any name.
	Name string
	Kind PayloadKind
	// Optional says whether a graph may leave it unconnected, and a request may leave it empty.
	Optional bool
	// Columns are what whoever is connected here has to produce.
	Columns []ColumnSpec
}

// ColumnSpec is a column that is required or produced.
type ColumnSpec struct {
	Name string
	Kind ColumnKind
}

// F32Columns names columns of numbers.
func F32Columns(names ...string) []ColumnSpec {
	specs := make([]ColumnSpec, len(names))
	for i, name := range names {
		specs[i] = ColumnSpec{Name: name}
	}
	return specs
}

// Role is what part an agent plays.
type Role uint8

// What part an agent plays.
const (
	Recall Role = iota
	Fusion
	Ranking
	Calibration
	Reranking
	Routing
	Evolution
	Infrastructure
)

// Layer is one of the layers of the agentic recommender.
type Layer uint8

// The layers of the agentic recommender.
const (
	DecisionLayer Layer = iota
	EvolutionLayer
	InfrastructureLayer
)

// RewardLevel is what an agent learns from.
type RewardLevel uint8

// What an agent learns from.
const (
	// InnerReward is its own metric on its own decisions.
	InnerReward RewardLevel = iota
	// OuterReward is the system's objective.
	OuterReward
)

// Learning is what an agent makes of its state when there is more to learn.
type Learning uint8

// What an agent makes of its state when there is more to learn.
const (
	// Anew: nothing; it learns everything from the beginning.
	Anew Learning = iota
	// Onward: it goes on from it. That is a promise, which the host tries: a state that was restored and taught the rest
	// is the same, byte for byte, as one that was taught all at once.
	Onward
)

// PayloadKind is what flows along an edge.
type PayloadKind uint8

// What flows along an edge.
const (
	CandidatesPayload PayloadKind = iota
	RoutePayload
	SettingsPayload
	DocumentPayload
)

// ColumnKind is the type of a column.
type ColumnKind uint8

// The types of columns.
const (
	F32Column ColumnKind = iota
	S64Column
	U32Column
)
