// Package metric tells the operator numbers. The host bounds them: what exceeds the quota is dropped and counted.
package metric

// Count adds to a counter.
func Count(name string, value float64) { count(name, value) }

// Observe observes a value.
func Observe(name string, value float64) { observe(name, value) }
