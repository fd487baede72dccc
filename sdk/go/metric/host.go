//go:build wasip1

package metric

import "greenroom/internal/abi"

//go:wasmimport greenroom:agent/metric@0.2.0 count
func hostCount(name string, value float64)

//go:wasmimport greenroom:agent/metric@0.2.0 observe
func hostObserve(name string, value float64)

func count(name string, value float64) { hostCount(abi.UTF8(name), value) }

func observe(name string, value float64) { hostObserve(abi.UTF8(name), value) }
