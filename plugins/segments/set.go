package main

import "slices"

// How much is run: a set of sources that the graph names.
type set int

const (
	lean set = iota
	standard
	full
)

var setNames = []string{"lean", "standard", "full"}

func (s set) String() string { return setNames[s] }

// The set of that name, which the host has checked to be one.
func setOf(name string) set { return set(max(0, slices.Index(setNames, name))) }

// A surface that nothing is said of.
var anywhere = surface{largest: full, factor: 1}
