package greenroom

import (
	"math"
	"strconv"
)

// StateWriter writes a state as columns, one after the other: each is its length as a little-endian uint64 and then its
// values in little-endian order.
type StateWriter struct {
	bytes []byte
}

// U32s appends a column.
func (w *StateWriter) U32s(values []uint32) {
	w.length(len(values), 4)
	for _, value := range values {
		w.append(uint64(value), 4)
	}
}

// U64s appends a column.
func (w *StateWriter) U64s(values []uint64) {
	w.length(len(values), 8)
	for _, value := range values {
		w.append(value, 8)
	}
}

// S64s appends a column.
func (w *StateWriter) S64s(values []int64) {
	w.length(len(values), 8)
	for _, value := range values {
		w.append(uint64(value), 8)
	}
}

// F32s appends a column.
func (w *StateWriter) F32s(values []float32) {
	w.length(len(values), 4)
	for _, value := range values {
		w.append(uint64(math.Float32bits(value)), 4)
	}
}

func (w *StateWriter) length(n, size int) {
	if room := 8 + n*size; cap(w.bytes)-len(w.bytes) < room {
		grown := make([]byte, len(w.bytes), len(w.bytes)+max(room, len(w.bytes)))
		copy(grown, w.bytes)
		w.bytes = grown
	}
	w.append(uint64(n), 8)
}

func (w *StateWriter) append(whole uint64, bytes int) {
	for range bytes {
		w.bytes = append(w.bytes, byte(whole))
		whole >>= 8
	}
}

// Bytes is what was written: what Snapshot returns.
func (w *StateWriter) Bytes() []byte { return w.bytes }

// StateReader reads columns in the order in which they were written. A column that is not there is empty, and Finish
// tells of it.
type StateReader struct {
	rest   []byte
	all    int
	broken string
}

// ReadState begins at the first column.
func ReadState(state []byte) *StateReader {
	return &StateReader{rest: state, all: len(state)}
}

// U32s is the next column.
func (r *StateReader) U32s() []uint32 {
	return readColumn(r, 4, func(whole uint64) uint32 { return uint32(whole) })
}

// U64s is the next column.
func (r *StateReader) U64s() []uint64 {
	return readColumn(r, 8, func(whole uint64) uint64 { return whole })
}

// S64s is the next column.
func (r *StateReader) S64s() []int64 {
	return readColumn(r, 8, func(whole uint64) int64 { return int64(whole) })
}

// F32s is the next column.
func (r *StateReader) F32s() []float32 {
	return readColumn(r, 4, func(whole uint64) float32 { return math.Float32frombits(uint32(whole)) })
}

func readColumn[T any](r *StateReader, size int, read func(uint64) T) []T {
	if r.broken != "" {
		return nil
	}
	if len(r.rest) < 8 {
		r.broken = "a column is missing"
		return nil
	}
	n := little(r.rest[:8])
	if n > uint64((len(r.rest)-8)/size) {
		r.broken = "a column ends too early"
		return nil
	}
	values := make([]T, n)
	for i := range values {
		values[i] = read(little(r.rest[8+i*size:][:size]))
	}
	r.rest = r.rest[8+int(n)*size:]
	return values
}

func little(bytes []byte) (whole uint64) {
	for i, b := range bytes {
		whole |= uint64(b) << (8 * i)
	}
	return whole
}

// Finish is an error of [InvalidState] when the state was not all of the columns that were read and nothing more.
func (r *StateReader) Finish() error {
	if r.broken == "" && len(r.rest) > 0 {
		r.broken = "more follows"
	}
	if r.broken == "" {
		return nil
	}
	return InvalidState("the state is broken: " + r.broken + " at byte " + strconv.Itoa(r.all-len(r.rest)) + " of " +
		strconv.Itoa(r.all) + "; train again, or bring the whole file")
}
