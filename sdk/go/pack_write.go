package greenroom

import (
	"maps"
	"math"
	"slices"
)

// As many of the lower bytes of a number, the highest first.
func appendBig(to []byte, whole uint64, bytes int) []byte {
	for shift := 8 * (bytes - 1); shift >= 0; shift -= 8 {
		to = append(to, byte(whole>>shift))
	}
	return to
}

func appendPacked(to []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(to, 0xc0), nil
	case bool:
		if value {
			return append(to, 0xc3), nil
		}
		return append(to, 0xc2), nil
	case int:
		return appendWhole(to, int64(value)), nil
	case int64:
		return appendWhole(to, value), nil
	case uint64:
		if value > math.MaxInt64 {
			return appendBig(append(to, 0xcf), value, 8), nil
		}
		return appendWhole(to, int64(value)), nil
	case float64:
		return appendBig(append(to, 0xcb), math.Float64bits(value), 8), nil
	case string:
		return append(appendLength(to, len(value), 0xa0, 31, 0xd9, true), value...), nil
	case []byte:
		return append(appendLength(to, len(value), 0, -1, 0xc4, true), value...), nil
	case []any:
		return appendList(to, value)
	case []string:
		return appendList(to, value)
	case []uint32:
		return appendList(to, plainList(value, func(row uint32) any { return int64(row) }))
	case []float64:
		return appendList(to, value)
	case map[string]any:
		return appendNamed(to, value)
	case map[string]float64:
		return appendNamed(to, value)
	}
	return nil, Internal("a document holds nil, bool, int, float64, string, []byte, lists and maps from names")
}

func appendWhole(to []byte, value int64) []byte {
	switch {
	case value >= -32 && value <= 127:
		return append(to, byte(value))
	case value >= math.MinInt16 && value <= math.MaxInt16:
		return appendBig(append(to, 0xd1), uint64(value), 2)
	case value >= math.MinInt32 && value <= math.MaxInt32:
		return appendBig(append(to, 0xd2), uint64(value), 4)
	}
	return appendBig(append(to, 0xd3), uint64(value), 8)
}

// A length: within the code itself up to `small`, then in 1 (where there is such a code), 2 or 4 bytes.
func appendLength(to []byte, n int, fixed byte, small int, codes byte, oneByte bool) []byte {
	if n <= small {
		return append(to, fixed|byte(n))
	}
	if oneByte {
		if n <= math.MaxUint8 {
			return append(to, codes, byte(n))
		}
		codes++
	}
	if n <= math.MaxUint16 {
		return appendBig(append(to, codes), uint64(n), 2)
	}
	return appendBig(append(to, codes+1), uint64(n), 4)
}

func appendList[T any](to []byte, list []T) (_ []byte, err error) {
	to = appendLength(to, len(list), 0x90, 15, 0xdc, false)
	for _, value := range list {
		if to, err = appendPacked(to, value); err != nil {
			return nil, err
		}
	}
	return to, nil
}

func appendNamed[T any](to []byte, named map[string]T) (_ []byte, err error) {
	to = appendLength(to, len(named), 0x80, 15, 0xde, false)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if to, err = appendPacked(to, name); err != nil {
			return nil, err
		}
		if to, err = appendPacked(to, named[name]); err != nil {
			return nil, err
		}
	}
	return to, nil
}
