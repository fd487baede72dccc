//go:build wasip1

package abi

import "unsafe"

// What the host writes goes into memory of Go's own heap. Small things share a chunk, large ones get memory to
// themselves. Nothing is ever overwritten: what an agent keeps of an observation stays what it was, and what it does
// not keep is collected.
const (
	chunkBytes = 16 << 10
	ownBytes   = 2 << 10
)

var (
	chunk     []uint64
	chunkUsed uintptr
	// What was handed to the host and is not yet seen by the collector through slices and strings over it.
	received [][]uint64
)

//go:wasmexport cabi_realloc
func realloc(old, oldBytes, align, bytes uint32) uint32 {
	if bytes == 0 {
		// Nothing is read there, but it has to be within memory and aligned.
		return align
	}
	at := receive(uintptr(bytes))
	if old != 0 {
		copy(unsafe.Slice((*byte)(at), bytes), unsafe.Slice((*byte)(unsafe.Pointer(uintptr(old))), min(oldBytes, bytes)))
	}
	return uint32(uintptr(at))
}

// Everything is aligned to 8, which is the most that the ABI asks for.
func receive(bytes uintptr) unsafe.Pointer {
	words := (bytes + 7) / 8
	if bytes >= ownBytes {
		own := make([]uint64, words)
		received = append(received, own)
		return unsafe.Pointer(&own[0])
	}
	if chunkUsed+words > uintptr(len(chunk)) {
		received = append(received, chunk)
		chunk = make([]uint64, chunkBytes/8)
		chunkUsed = 0
	}
	at := unsafe.Pointer(&chunk[chunkUsed])
	chunkUsed += words
	return at
}

// Lifted says that everything that was received is reachable from Go now.
func Lifted() {
	clear(received)
	received = received[:0]
}
