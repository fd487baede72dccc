package main

import (
	"math"
	"strings"
	"testing"

	"greenroom"
	"greenroom/native"
)

func configured(t *testing.T, change func(greenroom.Params) greenroom.Params) *agent {
	t.Helper()
	made := &agent{}
	if err := made.Configure(change(greenroom.Defaults(made.Describe()))); err != nil {
		t.Fatal(err)
	}
	return made
}

func asItIs(params greenroom.Params) greenroom.Params { return params }

func decided(t *testing.T, by *agent, seen *greenroom.Observation) (greenroom.Branch, *greenroom.PolicyRecord) {
	t.Helper()
	decision, err := by.Decide(seen)
	if err != nil {
		t.Fatal(err)
	}
	branches := decision.Payload.(greenroom.Route).Branches
	if len(branches) != 1 {
		t.Fatal(branches)
	}
	return branches[0], decision.Policy
}

func segmentOf(names ...string) *greenroom.Observation {
	seen := native.Observe(1)
	seen.Segments = names
	return seen
}

func TestEachSegmentGetsItsSet(t *testing.T) {
	quiet := configured(t, func(params greenroom.Params) greenroom.Params {
		return params.With("explore_new", 0.0).With("explore_cold", 0.0)
	})
	for segment, want := range map[string]string{"new": "lean", "cold": "standard", "light": "full", "heavy": "full"} {
		branch, policy := decided(t, quiet, segmentOf("family", segment))
		if branch.Name != want || branch.Probability != 1 || policy != nil {
			t.Error(segment, branch, policy)
		}
	}
}

func TestWithoutASegmentTheLengthOfTheHistoryDecides(t *testing.T) {
	made := configured(t, asItIs)
	for events, want := range map[int]segment{0: fresh, 1: cold, 10: cold, 11: light, 50: light, 51: heavy} {
		seen := native.Observe(1, make([]native.Event, events)...)
		if found := made.ends.segment(seen); found != want {
			t.Error(events, found, want)
		}
	}
}

func TestItExploresAsOftenAsItSays(t *testing.T) {
	made := configured(t, func(params greenroom.Params) greenroom.Params { return params.With("explore_new", 0.2) })
	explored := 0
	const requests = 20000
	for seed := range uint64(requests) {
		seen := segmentOf("new")
		seen.Seed = seed * 0x9e3779b97f4a7c15
		branch, policy := decided(t, made, seen)
		want, name := float32(0.8), "lean"
		if policy.Explored {
			explored++
			want, name = 0.2, "full"
		}
		if branch.Name != name || branch.Probability != want || policy.SamplerSeed != seen.Seed {
			t.Fatal(branch, policy)
		}
		if math.Abs(math.Exp(policy.LogProbability)-float64(want)) > 1e-6 {
			t.Fatal(policy.LogProbability)
		}
	}
	if share := float64(explored) / requests; math.Abs(share-0.2) > 0.01 {
		t.Error(share)
	}
}

func TestTheSameSeedIsTheSameDecision(t *testing.T) {
	made := configured(t, func(params greenroom.Params) greenroom.Params { return params.With("explore_new", 0.5) })
	seen := segmentOf("new")
	for seen.Seed = range uint64(100) {
		first, _ := decided(t, made, seen)
		again, _ := decided(t, made, seen)
		if first != again {
			t.Fatal(first, again)
		}
	}
}

func TestASurfaceBoundsTheSetAndScalesExploring(t *testing.T) {
	made := configured(t, func(params greenroom.Params) greenroom.Params {
		return params.With("explore_new", 0.5).
			With("surface_largest", map[string]float64{"checkout": 0, "home": 1}).
			With("surface_explore", map[string]float64{"home": 4, "search": 0})
	})
	for _, on := range []struct{ surface, segment, branch string }{
		{"checkout", "heavy", "lean"}, {"checkout", "new", "lean"},
		{"home", "heavy", "standard"}, {"home", "new", "standard"},
		{"search", "new", "lean"}, {"elsewhere", "heavy", "full"},
	} {
		seen := segmentOf(on.segment)
		seen.Surface = on.surface
		if branch, _ := decided(t, made, seen); branch.Name != on.branch || branch.Probability != 1 {
			t.Error(on, branch)
		}
	}
}

func TestWhatCannotBeMeantIsRefusedByName(t *testing.T) {
	for name, with := range map[string]any{
		"`light_max` = 5":          5,
		"`surface_largest.home`":   map[string]float64{"home": 1.5},
		"`surface_explore.home`":   map[string]float64{"home": -1},
		"`surface_explore` takes ": []float64{1},
	} {
		parameter, _, _ := strings.Cut(strings.Trim(name, "`"), "`")
		parameter, _, _ = strings.Cut(parameter, ".")
		err := (&agent{}).Configure(greenroom.Defaults((&agent{}).Describe()).With(parameter, with))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
}
