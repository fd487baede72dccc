// Segments routes traffic by what kind of subject a request is for and where its answer is shown: a new subject needs no
// model of its history, and a busy page no deep one.
//
// It picks one of three sets of sources, `lean`, `standard` or `full`, which a graph wires as branches:
//
//	[nodes.route]
//	agent = "segments"
//	branches = { lean = ["popularity"], standard = ["popularity", "item-knn"], full = ["popularity", "item-knn", "ease"] }
//
// Each segment has its set, and a surface may be given the largest that it bears. Who gets less than that gets the
// largest now and then, with a probability that the decision records: without it nobody would learn what a segment
// misses. The draw depends on the seed of the request alone.
package main

import (
	"math"

	"greenroom"
)

type agent struct {
	rules    [segments]rule
	surfaces map[string]surface
	ends     ends
}

// Which set a segment gets, and how often the largest instead.
type rule struct {
	set     set
	explore float64
}

// What a surface changes.
type surface struct {
	largest set
	factor  float64
}

func (a *agent) Decide(seen *greenroom.Observation) (greenroom.Decision, error) {
	rule := a.rules[a.ends.segment(seen)]
	where, known := a.surfaces[seen.Surface]
	if !known {
		where = anywhere
	}
	usual, explore := min(rule.set, where.largest), min(rule.explore*where.factor, 1)
	if usual == where.largest || explore == 0 {
		return route(usual, 1, false, seen.Seed), nil
	}
	if uniform(seen.Seed) < explore {
		return route(where.largest, explore, true, seen.Seed), nil
	}
	return route(usual, 1-explore, false, seen.Seed), nil
}

func route(to set, probability float64, explored bool, seed uint64) greenroom.Decision {
	branch := greenroom.Branch{Name: to.String(), Probability: float32(probability)}
	decision := greenroom.Decision{Payload: greenroom.Route{Branches: []greenroom.Branch{branch}}}
	if probability < 1 || explored {
		decision.Policy = &greenroom.PolicyRecord{
			Kind:           greenroom.OtherPolicy,
			LogProbability: math.Log(probability),
			Explored:       explored,
			SamplerSeed:    seed,
		}
	}
	return decision
}

func init() { greenroom.Register(&agent{}) }

func main() {}
