//go:build wasip1

package log

import "greenroom/internal/abi"

func write(level uint32, message string) {
	abi.Log(level, message)
}
