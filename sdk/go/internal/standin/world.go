// Package standin is what stands in for the host where agents run natively, in tests.
package standin

import "sync"

// Labels are the names of a field of labels, and each row's bits.
type Labels struct {
	Names []string
	Bits  []int64
}

// Entry is a value with its revision.
type Entry struct {
	Value    []byte
	Revision uint64
}

// World is what agents see of the host.
type World struct {
	Rows     uint32
	Numbers  map[string][]float32
	Labels   map[string]Labels
	Spaces   map[string]map[string]Entry
	Revision uint64
	Lines    []string
}

var (
	lock  sync.Mutex
	world = World{Spaces: map[string]map[string]Entry{}}
)

// With runs something with the world, alone.
func With(do func(*World)) {
	lock.Lock()
	defer lock.Unlock()
	do(&world)
}
