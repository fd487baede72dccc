package greenroom

import (
	"iter"
	"strconv"
	"strings"
)

// Feedback is a batch of feedback, in columns, in the order of the cursor. A column is either as long as Rows or empty,
// which says that nothing of the kind is known for the whole batch.
type Feedback struct {
	// Events are the events' identities; a retraction has the id of the event that it takes back.
	Events []uint64
	// Cursors are where the events stand in the log. Strictly ascending.
	Cursors []uint64
	// Requests say which decision each event is about: an index into RequestIDs, or None when it is organic, that is,
	// when no decision was recorded for it. Rows of one request stand together.
	Requests   []uint32
	RequestIDs []string
	// Versions say which version of this agent decided: an index into VersionIDs, or None.
	Versions   []uint32
	VersionIDs []string
	// Subjects are the subjects' numbers, or None for an anonymous one.
	Subjects []uint32
	Rows     []Row
	// Positions are the final positions at which the rows were shown, from 0; None when they were not.
	Positions []uint32
	// Exposed is 0 unknown, 1 not exposed, 2 exposed.
	Exposed []uint8
	// Kinds are codes, EventRating and so on.
	Kinds  []uint8
	Values []float32
	// EventTimes are in milliseconds since 1970-01-01T00:00:00Z.
	EventTimes   []int64
	ReceiveTimes []int64
	// Statuses are 0 provisional, 1 final, 2 retracted.
	Statuses []uint8
	// InnerRewards are the agent's own rewards of the rows.
	InnerRewards []float32
	// OuterRewards are the system's rewards of the rows: 1 for a positive outcome, 0 for none.
	OuterRewards []float32
	// Credits are this agent's shares of the outer rewards.
	Credits []float32
	// Propensities are the probabilities with which the rows were shown where they were; NaN when unknown.
	Propensities []float32
	// Decided is what the agent decided then ("decided.score", "decided.rank"; rank from 0, -1 where it left the row
	// out).
	Decided []Column
	// Inputs are what the agent saw then: the columns of its inputs, each name prefixed with the port and a dot
	// ("ease.score", "ranked.popularity"). NaN where a port did not offer the row; rank -1.
	Inputs []Column
}

const retracted = 2

// Asked is the rows of each request, in order, as the first place and the one after the last. Organic events are not
// among them.
func (b *Feedback) Asked() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for from := 0; from < len(b.Requests); {
			to := from + 1
			for to < len(b.Requests) && b.Requests[to] == b.Requests[from] {
				to++
			}
			if b.Requests[from] != None && !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// IsOrganic says whether no decision was recorded for an event.
func (b *Feedback) IsOrganic(event int) bool {
	return event >= len(b.Requests) || b.Requests[event] == None
}

// IsRetracted says whether an event was taken back.
func (b *Feedback) IsRetracted(event int) bool {
	return event < len(b.Statuses) && b.Statuses[event] == retracted
}

// IsRewarded says whether an event earned something: its outer reward is above 0, or the batch knows no rewards; and it
// was not taken back.
func (b *Feedback) IsRewarded(event int) bool {
	return !b.IsRetracted(event) && (event >= len(b.OuterRewards) || b.OuterRewards[event] > 0)
}

// Input is what the agent saw then in a column of its inputs, as numbers whatever its type; nil when there is none.
func (b *Feedback) Input(name string) []float32 {
	for _, column := range b.Inputs {
		if column.Name == name {
			return ToF32s(column.Values)
		}
	}
	return nil
}

// Check says with an error of [InvalidFeedback] which columns are neither as long as Rows nor empty.
func (b *Feedback) Check() error {
	n := len(b.Rows)
	var wrong []string
	check := func(name string, length int) {
		if length != 0 && length != n {
			wrong = append(wrong, "`"+name+"` has "+strconv.Itoa(length)+" values")
		}
	}
	check("requests", len(b.Requests))
	check("subjects", len(b.Subjects))
	check("event-times", len(b.EventTimes))
	check("statuses", len(b.Statuses))
	check("outer-rewards", len(b.OuterRewards))
	for _, column := range b.Inputs {
		check(column.Name, column.Values.Len())
	}
	if len(wrong) == 0 {
		return nil
	}
	return InvalidFeedback("the batch has " + strconv.Itoa(n) + " rows, but " + strings.Join(wrong, ", "))
}

// ToF32s is the values as numbers, which are theirs where they are numbers.
func ToF32s(values Values) []float32 {
	switch values := values.(type) {
	case F32s:
		return values
	case S64s:
		return converted(values)
	case U32s:
		return converted(values)
	}
	return nil
}

func converted[T int64 | uint32](values []T) []float32 {
	numbers := make([]float32, len(values))
	for i, value := range values {
		numbers[i] = float32(value)
	}
	return numbers
}
