package main

import (
	"math"
	"strconv"
	"strings"

	"greenroom"
)

// FNV-1a of 64 bits, over values in little-endian order.
type hash uint64

const begin hash = 0xcbf29ce484222325

func (h *hash) u8(value uint8) {
	*h = (*h ^ hash(value)) * 0x100000001b3
}

func (h *hash) whole(value uint64, bytes int) {
	for range bytes {
		h.u8(uint8(value))
		value >>= 8
	}
}

func (h *hash) u32(value uint32) { h.whole(uint64(value), 4) }

func (h *hash) u64(value uint64) { h.whole(value, 8) }

func (h *hash) s64(value int64) { h.whole(uint64(value), 8) }

func (h *hash) flag(value bool) {
	if value {
		h.u8(1)
	} else {
		h.u8(0)
	}
}

// There are many bit patterns that are NaN; here they are one.
func (h *hash) f32(value float32) {
	if value != value {
		h.u32(0x7fc00000)
	} else {
		h.u32(math.Float32bits(value))
	}
}

func (h *hash) f64(value float64) {
	if value != value {
		h.u64(0x7ff8000000000000)
	} else {
		h.u64(math.Float64bits(value))
	}
}

func (h *hash) bytes(value []byte) { each(h, value, h.u8) }

func (h *hash) text(value string) { h.bytes([]byte(value)) }

func each[T any](h *hash, values []T, one func(T)) {
	h.u32(uint32(len(values)))
	for _, value := range values {
		one(value)
	}
}

func optional[T any](h *hash, value *T, one func(T)) {
	h.flag(value != nil)
	if value != nil {
		one(*value)
	}
}

func (h *hash) u32s(values []uint32) { each(h, values, h.u32) }

func (h *hash) u64s(values []uint64) { each(h, values, h.u64) }

func (h *hash) s64s(values []int64) { each(h, values, h.s64) }

func (h *hash) f32s(values []float32) { each(h, values, h.f32) }

func (h *hash) texts(values []string) { each(h, values, h.text) }

func (h *hash) columns(columns []greenroom.Column) { each(h, columns, h.column) }

func (h *hash) column(column greenroom.Column) {
	h.text(column.Name)
	switch values := column.Values.(type) {
	case greenroom.F32s:
		h.u8(0)
		h.f32s(values)
	case greenroom.S64s:
		h.u8(1)
		h.s64s(values)
	case greenroom.U32s:
		h.u8(2)
		h.u32s(values)
	}
}

func (h hash) hex() string {
	digits := strconv.FormatUint(uint64(h), 16)
	return strings.Repeat("0", 16-len(digits)) + digits
}

func littleEndian(value uint64, bytes int) []byte {
	all := make([]byte, bytes)
	for i := range all {
		all[i] = byte(value >> (8 * i))
	}
	return all
}

func whole(bytes []byte) (value uint64) {
	for i, b := range bytes {
		value |= uint64(b) << (8 * i)
	}
	return value
}
