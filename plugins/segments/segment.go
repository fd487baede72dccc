package main

import (
	"slices"

	"greenroom"
)

// What kind of subject a request is for.
type segment int

const (
	// A subject without history; a cold one has little of it.
	fresh segment = iota
	cold
	light
	heavy
	segments
)

var segmentNames = [segments]string{"new", "cold", "light", "heavy"}

// Where segments end, in events.
type ends struct {
	cold, light int
}

// No end is higher, so no more of a history needs to be seen.
const historyMax = 501

// What the request says, or else how long the history is.
func (e ends) segment(seen *greenroom.Observation) segment {
	for _, said := range seen.Segments {
		if place := slices.Index(segmentNames[:], said); place >= 0 {
			return segment(place)
		}
	}
	switch events := len(seen.History.Rows); {
	case events == 0:
		return fresh
	case events <= e.cold:
		return cold
	case events <= e.light:
		return light
	}
	return heavy
}
