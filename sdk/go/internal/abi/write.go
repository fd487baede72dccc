//go:build wasip1

package abi

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// What the host was given the address of. The collector doesn't see addresses of 32 bits, so it is told by these.
var lent []unsafe.Pointer

// Forget lets go of everything that was lent: the host has read it.
func Forget() {
	clear(lent)
	lent = lent[:0]
}

func lend(what unsafe.Pointer) uint32 {
	lent = append(lent, what)
	return uint32(uintptr(what))
}

// Room is zeroed memory for a record, lent until Forget.
func Room(bytes uint32) At {
	if bytes == 0 {
		return 8
	}
	words := make([]uint64, (bytes+7)/8)
	return At(lend(unsafe.Pointer(&words[0])))
}

// SetU8 writes there.
func (at At) SetU8(value uint8) { *(*uint8)(pointer(at)) = value }

// SetBool writes there.
func (at At) SetBool(value bool) {
	if value {
		at.SetU8(1)
	} else {
		at.SetU8(0)
	}
}

// SetU32 writes there.
func (at At) SetU32(value uint32) { *(*uint32)(pointer(at)) = value }

// SetU64 writes there.
func (at At) SetU64(value uint64) { *(*uint64)(pointer(at)) = value }

// SetF32 writes there.
func (at At) SetF32(value float32) { *(*float32)(pointer(at)) = value }

// SetF64 writes there.
func (at At) SetF64(value float64) { *(*float64)(pointer(at)) = value }

// SetText lends a string and writes where it is.
func (at At) SetText(text string) {
	text = UTF8(text)
	if text == "" {
		at.SetU32(1)
	} else {
		at.SetU32(lend(unsafe.Pointer(unsafe.StringData(text))))
	}
	(at + 4).SetU32(uint32(len(text)))
}

// UTF8 is the text as the ABI takes it: a string of Go may hold any bytes, and what is no UTF-8 would be a trap.
func UTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// SetList lends a column and writes where it is; nothing is copied.
func SetList[T Number](at At, values []T) {
	if len(values) == 0 {
		at.SetU32(8)
	} else {
		at.SetU32(lend(unsafe.Pointer(unsafe.SliceData(values))))
	}
	(at + 4).SetU32(uint32(len(values)))
}

// SetEach lends a list of records of `size` bytes and writes where it is.
func SetEach[T any](at At, size uint32, all []T, write func(At, T)) {
	first := Room(size * uint32(len(all)))
	for i, one := range all {
		write(first+At(size)*At(i), one)
	}
	at.SetU32(uint32(first))
	(at + 4).SetU32(uint32(len(all)))
}

// Lend lends strings to an import: the address of their list.
func Lend(texts []string) At {
	first := Room(TextBytes * uint32(len(texts)))
	for i, text := range texts {
		(first + TextBytes*At(i)).SetText(text)
	}
	return first
}

// SetTexts lends a list of strings and writes where it is.
func (at At) SetTexts(texts []string) {
	SetEach(at, TextBytes, texts, At.SetText)
}
