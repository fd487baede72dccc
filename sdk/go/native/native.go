// Package native runs agents without a host, for their tests: what stands in for the shared memory layer begins empty,
// and log lines are kept.
package native

import (
	"greenroom"
	"greenroom/internal/standin"
)

// Labels are the names of a field of labels, and each row's bits.
type Labels = standin.Labels

// SetFacts sets what agents know of items: how many rows there are, numbers by field, and labels by field.
func SetFacts(rows uint32, numbers map[string][]float32, labels map[string]Labels) {
	standin.With(func(world *standin.World) { world.Rows, world.Numbers, world.Labels = rows, numbers, labels })
}

// TakeLog is the lines that were logged since the last call, each after its level.
func TakeLog() (lines []string) {
	standin.With(func(world *standin.World) { lines, world.Lines = world.Lines, nil })
	return lines
}

// Event is a like.
type Event struct {
	Subject uint32
	Row     greenroom.Row
	Time    int64
}

// Observe is an observation for `limit` rows with a history of likes, oldest first.
func Observe(limit int, likes ...Event) *greenroom.Observation {
	seen := &greenroom.Observation{RequestID: "native", Limit: limit}
	for _, like := range likes {
		seen.History.Rows = append(seen.History.Rows, like.Row)
		seen.History.Times = append(seen.History.Times, like.Time)
		seen.History.Kinds = append(seen.History.Kinds, greenroom.EventLike)
		seen.History.Values = append(seen.History.Values, 1)
		seen.Now = like.Time + 1
	}
	return seen
}

// Organic is feedback of likes for which no decision was recorded.
func Organic(likes ...Event) *greenroom.Feedback {
	batch := &greenroom.Feedback{}
	for i, like := range likes {
		batch.Events = append(batch.Events, uint64(i))
		batch.Cursors = append(batch.Cursors, uint64(i))
		batch.Requests = append(batch.Requests, greenroom.None)
		batch.Subjects = append(batch.Subjects, like.Subject)
		batch.Rows = append(batch.Rows, like.Row)
		batch.Kinds = append(batch.Kinds, greenroom.EventLike)
		batch.Values = append(batch.Values, 1)
		batch.EventTimes = append(batch.EventTimes, like.Time)
		batch.ReceiveTimes = append(batch.ReceiveTimes, like.Time)
		batch.Statuses = append(batch.Statuses, 1)
		batch.InnerRewards = append(batch.InnerRewards, 1)
		batch.OuterRewards = append(batch.OuterRewards, 1)
	}
	return batch
}
