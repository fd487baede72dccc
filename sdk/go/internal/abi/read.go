//go:build wasip1

package abi

import "unsafe"

// At is an address in linear memory.
type At uint32

func pointer(at At) unsafe.Pointer {
	return unsafe.Pointer(uintptr(at))
}

// U8 is what stands there.
func (at At) U8() uint8 { return *(*uint8)(pointer(at)) }

// Bool is what stands there.
func (at At) Bool() bool { return at.U8() != 0 }

// U32 is what stands there.
func (at At) U32() uint32 { return *(*uint32)(pointer(at)) }

// U64 is what stands there.
func (at At) U64() uint64 { return *(*uint64)(pointer(at)) }

// S64 is what stands there.
func (at At) S64() int64 { return *(*int64)(pointer(at)) }

// F32 is what stands there.
func (at At) F32() float32 { return *(*float32)(pointer(at)) }

// F64 is what stands there.
func (at At) F64() float64 { return *(*float64)(pointer(at)) }

// Text is the string whose address and length stand there.
func (at At) Text() string {
	return TextOf(at.U32(), (at + 4).U32())
}

// TextOf is the string at an address.
func TextOf(at, bytes uint32) string {
	if bytes == 0 {
		return ""
	}
	return unsafe.String((*byte)(pointer(At(at))), int(bytes))
}

// OptionalText is the option of a string that stands there.
func (at At) OptionalText() *string {
	if !at.Bool() {
		return nil
	}
	text := (at + 4).Text()
	return &text
}

// Number is what columns are made of: types without pointers, of the same layout in Go and in the ABI.
type Number interface {
	~uint8 | ~uint32 | ~uint64 | ~int64 | ~float32
}

// List is the list of numbers whose address and length stand there. Never nil, so that an empty list is told from none.
func List[T Number](at At) []T {
	return ListOf[T](at.U32(), (at + 4).U32())
}

// ListOf is the list of numbers at an address.
func ListOf[T Number](at, count uint32) []T {
	if count == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(pointer(At(at))), int(count))
}

// Each reads a list of records of `size` bytes, whose address and length stand at `at`.
func Each[T any](at At, size uint32, read func(At) T) []T {
	first, count := at.U32(), (at + 4).U32()
	all := make([]T, count)
	for i := range all {
		all[i] = read(At(first + uint32(i)*size))
	}
	return all
}

// TextBytes is the size of a string's address and length.
const TextBytes = 8

// Texts is the list of strings whose address and length stand there.
func (at At) Texts() []string {
	return Each(at, TextBytes, At.Text)
}
