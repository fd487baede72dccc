// The echo agent answers what it sees: the conformance suite runs it beside the echoes of other languages and demands
// equal output.
package main

import (
	"strconv"

	"greenroom"
	"greenroom/log"
	"greenroom/metric"
)

type echo struct {
	total hash
	count uint64
	setup hash
}

func (*echo) Describe() greenroom.Descriptor {
	return greenroom.Descriptor{
		Name:        "echo",
		Version:     "1.0.0",
		Summary:     "answers what it sees: ü€𝄞",
		Role:        greenroom.Infrastructure,
		Layer:       greenroom.InfrastructureLayer,
		InnerMetric: "ndcg@10",
		RewardLevel: greenroom.OuterReward,
		Inputs:      []greenroom.Port{{Name: "*", Optional: true}},
		HistoryMax:  1000,
		Facts:       []string{"year"},
		Parameters: []greenroom.Parameter{
			greenroom.Float("f", -1, 1, 0.5, "p"),
			greenroom.Float("g", 0.001, 1000, 1, "p").Log().When("c", "y"),
			greenroom.Integer("i", -5, 5, 0, "p").ShapesState(),
			greenroom.Choice("c", []string{"x", "y", "ü"}, "x", "p"),
			greenroom.Boolean("b", true, "p"),
			greenroom.Items("rows", "p"),
			greenroom.NumberList("weights", "p"),
		},
		SnapshotSchema: "echo/1",
		Learning:       greenroom.Onward,
	}
}

func (e *echo) Decide(seen *greenroom.Observation) (greenroom.Decision, error) {
	switch seen.Surface {
	case "fault":
		return greenroom.Decision{}, greenroom.Unavailable("asked to: ü")
	case "trap":
		panic("asked to: ü")
	case "memory":
		useMemory()
	}
	h := begin
	h.observation(seen)
	log.Info("seen " + h.hex())
	metric.Count("echo.calls", 1)
	metric.Observe("echo.limit", float64(seen.Limit))
	if len(seen.Inputs) == 0 {
		return greenroom.Decision{Payload: fromHistory(&seen.History)}, nil
	}
	payload := seen.Inputs[0].Payload
	decision := greenroom.Decision{Payload: payload}
	if candidates, ok := payload.(*greenroom.Candidates); ok {
		decision.Policy = record(candidates.Len(), seen.Seed)
	}
	return decision, nil
}

func fromHistory(history *greenroom.History) *greenroom.Candidates {
	kinds := make([]uint32, len(history.Kinds))
	for i, kind := range history.Kinds {
		kinds[i] = uint32(kind)
	}
	echoed := &greenroom.Candidates{Rows: history.Rows, Scores: history.Values}
	echoed.Add("time", greenroom.S64s(history.Times))
	echoed.Add("kind", greenroom.U32s(kinds))
	return echoed
}

func record(n int, seed uint64) *greenroom.PolicyRecord {
	propensities := make([]float32, n)
	for i := range propensities {
		propensities[i] = 1 / float32(i+1)
	}
	return &greenroom.PolicyRecord{
		Kind:           greenroom.PolicyKind(n % 4),
		Propensities:   propensities,
		LogProbability: -0.5 * float64(n),
		Explored:       n%2 == 1,
		SamplerSeed:    seed,
	}
}

func (e *echo) Learn(batch *greenroom.Feedback) error {
	if len(batch.Events) > 0 && batch.Events[0] == 13 {
		return greenroom.InvalidFeedback("unlucky")
	}
	e.total.feedback(batch)
	e.count += uint64(len(batch.Rows))
	return nil
}

func (e *echo) Fit() (greenroom.FitReport, error) {
	report := greenroom.FitReport{Examples: e.count, Notes: []string{e.total.hex(), e.setup.hex()}}
	if e.count > 0 {
		loss := 0.5 * float64(e.count)
		report.Loss = &loss
	}
	return report, nil
}

func (e *echo) Snapshot() ([]byte, error) {
	return append(littleEndian(uint64(e.total), 8), littleEndian(e.count, 8)...), nil
}

func (e *echo) Restore(state []byte) error {
	if len(state) != 16 {
		return greenroom.InvalidState("a state of " + strconv.Itoa(len(state)) + " bytes")
	}
	e.total = hash(whole(state[:8]))
	e.count = whole(state[8:])
	return nil
}

func init() { greenroom.Register(&echo{total: begin}) }

func main() {}
