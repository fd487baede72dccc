//go:build wasip1

package memory

import (
	"unsafe"

	"greenroom"
	"greenroom/internal/abi"
	"greenroom/internal/column"
)

//go:wasmimport greenroom:agent/memory@0.2.0 open
func hostOpen(name string, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 row-count
func hostRowCount() uint32

//go:wasmimport greenroom:agent/memory@0.2.0 gather
func hostGather(rows unsafe.Pointer, rowsLen uint32, fields abi.At, fieldsLen uint32, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 labels
func hostLabels(field string, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 [resource-drop]namespace
func hostDrop(handle uint32)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.get
func hostGet(handle uint32, key string, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.get-many
func hostGetMany(handle uint32, keys abi.At, keysLen uint32, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.put
func hostPut(handle uint32, key string, value unsafe.Pointer, valueLen uint32, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.compare-and-swap
func hostCompareAndSwap(
	handle uint32, key string, some uint32, expected uint64, value unsafe.Pointer, valueLen uint32, answer unsafe.Pointer,
)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.delete
func hostDelete(handle uint32, key string, answer unsafe.Pointer)

//go:wasmimport greenroom:agent/memory@0.2.0 [method]namespace.scan
func hostScan(handle uint32, prefix string, some uint32, after string, limit uint32, answer unsafe.Pointer)

// Where the host writes the answer of the import that is being called: one at a time, and none is larger.
var answer [4]uint64

func answerAt() unsafe.Pointer { return unsafe.Pointer(&answer) }

// The answer is a result: whether it failed, and at 8 what it is.
const answered = 8

func lift[T any](read func(abi.At) T) (T, error) {
	defer abi.Lifted()
	at := abi.At(uintptr(answerAt()))
	if at.Bool() {
		var none T
		return none, liftError(at + answered)
	}
	return read(at + answered), nil
}

// A variant whose largest case has a u64: what a case holds stands at 8.
func liftError(at abi.At) error {
	failed := &Error{Kind: ErrorKind(at.U8())}
	switch {
	case failed.Kind != Conflict:
		failed.What = (at + 8).Text()
	case (at + 8).Bool():
		revision := (at + 16).U64()
		failed.Revision = &revision
	}
	return failed
}

func rowCount() uint32 { return hostRowCount() }

func gather(rows []uint32, fields []string) ([]greenroom.Column, error) {
	first := unsafe.Pointer(unsafe.SliceData(rows))
	hostGather(first, uint32(len(rows)), abi.Lend(fields), uint32(len(fields)), answerAt())
	return lift(column.Lift)
}

func labels(field string) ([]string, error) {
	hostLabels(abi.UTF8(field), answerAt())
	return lift(abi.At.Texts)
}

// Namespace is a part of the shared memory layer.
type Namespace struct {
	handle uint32
	closed bool
}

func open(name string) (*Namespace, error) {
	hostOpen(abi.UTF8(name), answerAt())
	space, err := lift(func(at abi.At) *Namespace { return &Namespace{handle: at.U32()} })
	if err == nil {
		abi.AtEnd(space.close)
	}
	return space, err
}

func (space *Namespace) close() {
	if !space.closed {
		space.closed = true
		hostDrop(space.handle)
	}
}

func liftEntry(at abi.At) *Entry {
	if !at.Bool() {
		return nil
	}
	return &Entry{Value: abi.List[byte](at + 8), Revision: (at + 16).U64()}
}

func (space *Namespace) get(key string) (*Entry, error) {
	hostGet(space.handle, abi.UTF8(key), answerAt())
	return lift(liftEntry)
}

func (space *Namespace) getMany(keys []string) ([]*Entry, error) {
	hostGetMany(space.handle, abi.Lend(keys), uint32(len(keys)), answerAt())
	return lift(func(at abi.At) []*Entry { return abi.Each(at, 24, liftEntry) })
}

func (space *Namespace) put(key string, value []byte) (uint64, error) {
	hostPut(space.handle, abi.UTF8(key), unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)), answerAt())
	return lift(abi.At.U64)
}

func (space *Namespace) compareAndSwap(key string, expected *uint64, value []byte) (uint64, error) {
	var some uint32
	var revision uint64
	if expected != nil {
		some, revision = 1, *expected
	}
	data := unsafe.Pointer(unsafe.SliceData(value))
	hostCompareAndSwap(space.handle, abi.UTF8(key), some, revision, data, uint32(len(value)), answerAt())
	return lift(abi.At.U64)
}

func (space *Namespace) delete(key string) (bool, error) {
	hostDelete(space.handle, abi.UTF8(key), answerAt())
	return lift(abi.At.Bool)
}

func (space *Namespace) scan(prefix string, after *string, limit uint32) (Page, error) {
	var some uint32
	var from string
	if after != nil {
		some, from = 1, abi.UTF8(*after)
	}
	hostScan(space.handle, abi.UTF8(prefix), some, from, limit, answerAt())
	return lift(func(at abi.At) Page {
		return Page{Entries: abi.Each(at, 24, liftKeyed), Next: (at + 8).OptionalText()}
	})
}

func liftKeyed(at abi.At) KeyedEntry {
	return KeyedEntry{Key: at.Text(), Value: abi.List[byte](at + 8), Revision: (at + 16).U64()}
}
