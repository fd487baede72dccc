package main

import (
	"errors"

	"greenroom/log"
	"greenroom/memory"
)

// Uses all that memory offers, and logs the hash of what came of it. Revisions differ between runs: they are left out.
func useMemory() {
	m := begin
	space, err := memory.Open("echo")
	if m.worked(err) {
		m.namespace(space)
		m.catalog()
	}
	log.Info("memory " + m.hex())
}

func (h *hash) namespace(space *memory.Namespace) {
	defer space.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	told(h, h.flag)(space.Delete("k"))
	h.caseOf(space.CompareAndSwap("k", nil, []byte("v1")))
	told(h, h.entry)(space.Get("k"))
	h.caseOf(space.CompareAndSwap("k", nil, []byte("v2")))
	h.caseOf(space.Put("ü", all))
	told(h, func(entries []*memory.Entry) { each(h, entries, h.entry) })(space.GetMany("k", "missing", "ü"))
	told(h, h.page)(space.Scan("", nil, 1))
	after := "k"
	told(h, h.page)(space.Scan("", &after, 10))
	told(h, h.flag)(space.Delete("ü"))
	told(h, h.flag)(space.Delete("ü"))
}

func (h *hash) catalog() {
	_, err := memory.Open("denied")
	h.caseOf(0, err)
	rows := memory.RowCount()
	h.u32(rows)
	told(h, h.columns)(memory.Gather([]uint32{0, 1, 2}[:min(3, rows)], "year"))
	told(h, h.columns)(memory.Gather(nil))
	told(h, h.texts)(memory.Labels("genres"))
	log.Debug("level")
	log.Info("level")
	log.Warn("level")
	log.Error("level")
}

func (h *hash) entry(entry *memory.Entry) {
	optional(h, entry, func(entry memory.Entry) { h.bytes(entry.Value) })
}

func (h *hash) page(page memory.Page) {
	each(h, page.Entries, func(entry memory.KeyedEntry) {
		h.text(entry.Key)
		h.bytes(entry.Value)
	})
	optional(h, page.Next, h.text)
}

// Hashes what an operation answered.
func told[T any](h *hash, hashed func(T)) func(T, error) {
	return func(value T, err error) {
		if h.worked(err) {
			h.u8(1)
			hashed(value)
		}
	}
}

// Hashes that an operation worked, or the error's case alone.
func (h *hash) caseOf(_ uint64, err error) {
	var failed *memory.Error
	if errors.As(err, &failed) {
		h.u8(255)
		h.u8(uint8(failed.Kind))
	} else {
		h.u8(1)
	}
}

// Whether an operation worked. Hashes the error when it didn't.
func (h *hash) worked(err error) bool {
	var failed *memory.Error
	if !errors.As(err, &failed) {
		return true
	}
	h.u8(255)
	h.u8(uint8(failed.Kind))
	if failed.Kind == memory.Conflict {
		optional(h, failed.Revision, h.u64)
	} else {
		h.text(failed.What)
	}
	return false
}
