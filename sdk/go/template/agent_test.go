package main

import (
	"slices"
	"testing"

	"greenroom"
	"greenroom/native"
)

func decide(t *testing.T, strength float32) []greenroom.Row {
	t.Helper()
	ranked := &greenroom.Candidates{Rows: []greenroom.Row{2, 0, 1}, Scores: []float32{0.9, 0.5, 0.1}}
	seen := native.Observe(2)
	seen.Inputs = []greenroom.Input{{Port: "ranked", Node: "rank", Payload: ranked}}
	decided, err := (&agent{strength: strength}).Decide(seen)
	if err != nil {
		t.Fatal(err)
	}
	return decided.Payload.(*greenroom.Candidates).Rows
}

func TestWithoutFactsTheOrderStays(t *testing.T) {
	native.SetFacts(3, nil, nil)
	if rows := decide(t, 1); !slices.Equal(rows, []greenroom.Row{2, 0}) {
		t.Error(rows)
	}
}

func TestTheNewestComeFirstAtFullStrength(t *testing.T) {
	native.SetFacts(3, map[string][]float32{"year": {1990, 2020, 1970}}, nil)
	if rows := decide(t, 1); !slices.Equal(rows, []greenroom.Row{1, 0}) {
		t.Error(rows)
	}
}
