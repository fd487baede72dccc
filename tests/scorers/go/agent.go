// The scorer that every language has: see docs/agents/costs.md.
package main

import (
	"math"

	"greenroom"
)

type agent struct {
	freshness, exploration float64
}

func (a *agent) Decide(seen *greenroom.Observation) (greenroom.Decision, error) {
	ranked, err := seen.TakeCandidates("ranked")
	if err != nil {
		return greenroom.Decision{}, err
	}
	n := ranked.Len()
	relevance, age := ranked.F32s("relevance"), ranked.F32s("age")
	shown, clicked := ranked.S64s("shown"), ranked.U32s("clicked")
	if len(relevance) != n || len(age) != n || len(shown) != n || len(clicked) != n {
		return greenroom.Decision{}, greenroom.InvalidObservation("the candidates lack a column that the port names")
	}
	scores := make([]float32, n)
	for i := range scores {
		scores[i] = a.score(float64(relevance[i]), float64(age[i]), float64(shown[i]), float64(clicked[i]))
	}
	return greenroom.Decision{Payload: greenroom.Best(ranked.Rows, scores, seen.Limit)}, nil
}

func (a *agent) score(relevance, age, shown, clicked float64) float32 {
	age, shown = max(age, 0), max(shown, 0)
	rate := (clicked + 1) / (shown + 20)
	interest := relevance + a.freshness/(1+age/30) + rate + a.exploration/math.Sqrt(1+shown)
	return float32(interest / math.Sqrt(1+interest*interest))
}

func (*agent) Describe() greenroom.Descriptor {
	return greenroom.Descriptor{
		Name:        "scorer",
		Version:     "0.1.0",
		Summary:     "scores candidates by what is known of them",
		Role:        greenroom.Ranking,
		InnerMetric: "ndcg@10",
		Inputs: []greenroom.Port{{Name: "ranked", Columns: []greenroom.ColumnSpec{
			{Name: "relevance"},
			{Name: "age"},
			{Name: "shown", Kind: greenroom.S64Column},
			{Name: "clicked", Kind: greenroom.U32Column},
		}}},
		Parameters: []greenroom.Parameter{
			greenroom.Float("freshness", 0, 1, 0.3, "what a new item gains"),
			greenroom.Float("exploration", 0, 1, 0.1, "what an item gains that was not shown yet"),
		},
	}
}

func (a *agent) Configure(params greenroom.Params) (err error) {
	if a.freshness, err = params.Float("freshness"); err != nil {
		return err
	}
	a.exploration, err = params.Float("exploration")
	return err
}

func init() { greenroom.Register(&agent{}) }

func main() {}
