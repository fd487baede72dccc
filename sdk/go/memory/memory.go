// Package memory is the shared memory layer: item facts as columns, and namespaces of keys and values. What an agent
// may read and write is granted in the graph file.
package memory

import "greenroom"

// Entry is a value, and the revision at which it was written.
type Entry struct {
	Value    []byte
	Revision uint64
}

// KeyedEntry is a key with its value.
type KeyedEntry struct {
	Key      string
	Value    []byte
	Revision uint64
}

// Page is a part of a scan. Next is what to pass as `after` to go on; nil at the end.
type Page struct {
	Entries []KeyedEntry
	Next    *string
}

// RowCount is how many rows the catalog has: rows are 0 to this number, less one.
func RowCount() uint32 { return rowCount() }

// Gather reads item facts as columns, one a field, in the order of rows. A number is F32s and NaN where unknown; labels
// are S64s, one bit a label in the order of [Labels], 0 where unknown. Needs the grant `items:read`.
// Errors: [ErrDenied], [ErrNotFound] for a field that there is not, [ErrTooLarge].
func Gather(rows []uint32, fields ...string) ([]greenroom.Column, error) {
	return gather(rows, fields)
}

// Labels reads the names behind the bits of a field of labels. Needs the grant `items:read`.
// Errors: [ErrDenied], [ErrNotFound].
func Labels(field string) ([]string, error) { return labels(field) }

// Open opens a namespace that the graph file grants to this agent. It is open until [Namespace.Close], and no longer
// than the call in which it was opened. Errors: [ErrDenied], [ErrNotFound].
func Open(name string) (*Namespace, error) { return open(name) }

// Get reads a key; nil when there is no such key.
func (space *Namespace) Get(key string) (*Entry, error) { return space.get(key) }

// GetMany reads several keys; the answer is in their order, nil where there is no such key.
func (space *Namespace) GetMany(keys ...string) ([]*Entry, error) { return space.getMany(keys) }

// Put writes a key, whatever was there, and returns the new revision. Who may only append writes a key that is not
// there, and gets [ErrConflict] when it is.
func (space *Namespace) Put(key string, value []byte) (revision uint64, err error) {
	return space.put(key, value)
}

// CompareAndSwap writes a key if its revision is `expected`; nil expects that there is no such key. It returns the new
// revision, or [ErrConflict], whose Revision is the one that was found.
func (space *Namespace) CompareAndSwap(key string, expected *uint64, value []byte) (revision uint64, err error) {
	return space.compareAndSwap(key, expected, value)
}

// Delete removes a key. Whether it was there.
func (space *Namespace) Delete(key string) (bool, error) { return space.delete(key) }

// Scan reads keys that begin with `prefix`, in byte order, at most `limit` of them: the first ones, or those after the
// key `after` when it isn't nil.
func (space *Namespace) Scan(prefix string, after *string, limit int) (Page, error) {
	return space.scan(prefix, after, uint32(max(0, min(limit, 1<<32-1))))
}

// Close gives the namespace back before the call ends, which it is then anyway. Closing it twice does nothing.
func (space *Namespace) Close() { space.close() }
