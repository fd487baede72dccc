// A re-ranker that prefers newer items a little.
package main

import (
	"greenroom"
	"greenroom/memory"
)

type agent struct {
	strength float32
}

// Decide answers with the candidates in a new order.
func (a *agent) Decide(seen *greenroom.Observation) (greenroom.Decision, error) {
	ranked, err := seen.TakeCandidates("ranked")
	if err != nil {
		return greenroom.Decision{}, err
	}
	// Facts of all candidates in one call. Without the grant `items:read` the list stays as it is.
	facts, err := memory.Gather(ranked.Rows, "year")
	if err != nil {
		return greenroom.Decision{Payload: ranked.First(seen.Limit)}, nil
	}
	scores := make([]float32, ranked.Len())
	for place, year := range greenroom.ToF32s(facts[0].Values) {
		standing := 1 - float32(place)/float32(ranked.Len())
		scores[place] = (1-a.strength)*standing + a.strength*newness(year)
	}
	return greenroom.Decision{Payload: greenroom.Best(ranked.Rows, scores, seen.Limit)}, nil
}

// From 0 for 1950 to 1 for 2050. A year that is not known is NaN.
func newness(year float32) float32 {
	if year != year {
		return 0
	}
	return max(0, min((year-1950)/100, 1))
}

// Describe says what the agent is and takes; the host checks parameters and graphs against it.
func (*agent) Describe() greenroom.Descriptor {
	return greenroom.Descriptor{
		Name:        "__name__",
		Version:     "0.1.0",
		Summary:     "prefers newer items a little",
		Role:        greenroom.Reranking,
		InnerMetric: "ndcg@10",
		RewardLevel: greenroom.OuterReward,
		Inputs:      []greenroom.Port{{Name: "ranked"}},
		Facts:       []string{"year"},
		Parameters: []greenroom.Parameter{
			greenroom.Float("strength", 0, 1, 0.1, "how much newer items are preferred"),
		},
	}
}

// Configure is called once, before the first decision.
func (a *agent) Configure(params greenroom.Params) error {
	strength, err := params.Float("strength")
	a.strength = float32(strength)
	return err
}

// A component has no main that is run: this makes the agent its agent.
func init() { greenroom.Register(&agent{}) }

func main() {}
