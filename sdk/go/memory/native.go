//go:build !wasip1

package memory

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"greenroom"
	"greenroom/internal/standin"
)

func rowCount() (rows uint32) {
	standin.With(func(world *standin.World) { rows = world.Rows })
	return rows
}

func gather(rows []uint32, fields []string) (columns []greenroom.Column, err error) {
	standin.With(func(world *standin.World) {
		for _, field := range fields {
			numbers, isNumber := world.Numbers[field]
			labels, isLabels := world.Labels[field]
			var values greenroom.Values
			switch {
			case isNumber:
				values = greenroom.F32s(at(numbers, rows, float32(math.NaN())))
			case isLabels:
				values = greenroom.S64s(at(labels.Bits, rows, 0))
			default:
				columns, err = nil, &Error{Kind: NotFound, What: "no field `" + field + "`"}
				return
			}
			columns = append(columns, greenroom.Column{Name: field, Values: values})
		}
	})
	return columns, err
}

func at[T any](all []T, rows []uint32, unknown T) []T {
	found := make([]T, len(rows))
	for i, row := range rows {
		if int(row) < len(all) {
			found[i] = all[row]
		} else {
			found[i] = unknown
		}
	}
	return found
}

func labels(field string) (names []string, err error) {
	standin.With(func(world *standin.World) {
		found, ok := world.Labels[field]
		if !ok {
			err = &Error{Kind: NotFound, What: "no labels `" + field + "`"}
		}
		names = found.Names
	})
	return names, err
}

// Namespace is a part of the shared memory layer.
type Namespace struct {
	name string
}

func open(name string) (*Namespace, error) { return &Namespace{name}, nil }

func (space *Namespace) close() {}

func (space *Namespace) with(do func(world *standin.World, keys map[string]standin.Entry)) {
	standin.With(func(world *standin.World) {
		keys := world.Spaces[space.name]
		if keys == nil {
			keys = map[string]standin.Entry{}
			world.Spaces[space.name] = keys
		}
		do(world, keys)
	})
}

func (space *Namespace) get(key string) (entry *Entry, err error) {
	space.with(func(_ *standin.World, keys map[string]standin.Entry) {
		if found, ok := keys[key]; ok {
			entry = &Entry{Value: bytes.Clone(found.Value), Revision: found.Revision}
		}
	})
	return entry, nil
}

func (space *Namespace) getMany(keys []string) ([]*Entry, error) {
	all := make([]*Entry, len(keys))
	for i, key := range keys {
		all[i], _ = space.get(key)
	}
	return all, nil
}

func (space *Namespace) put(key string, value []byte) (revision uint64, err error) {
	space.with(func(world *standin.World, keys map[string]standin.Entry) {
		world.Revision++
		revision = world.Revision
		keys[key] = standin.Entry{Value: bytes.Clone(value), Revision: revision}
	})
	return revision, nil
}

func (space *Namespace) compareAndSwap(key string, expected *uint64, value []byte) (uint64, error) {
	found, _ := space.get(key)
	switch {
	case found == nil && expected == nil, found != nil && expected != nil && found.Revision == *expected:
		return space.put(key, value)
	case found == nil:
		return 0, &Error{Kind: Conflict}
	default:
		return 0, &Error{Kind: Conflict, Revision: &found.Revision}
	}
}

func (space *Namespace) delete(key string) (was bool, err error) {
	space.with(func(_ *standin.World, keys map[string]standin.Entry) {
		_, was = keys[key]
		delete(keys, key)
	})
	return was, nil
}

func (space *Namespace) scan(prefix string, after *string, limit uint32) (page Page, err error) {
	space.with(func(_ *standin.World, keys map[string]standin.Entry) {
		for key, entry := range keys {
			if strings.HasPrefix(key, prefix) && (after == nil || key > *after) {
				page.Entries = append(page.Entries, KeyedEntry{key, bytes.Clone(entry.Value), entry.Revision})
			}
		}
	})
	slices.SortFunc(page.Entries, func(a, b KeyedEntry) int { return strings.Compare(a.Key, b.Key) })
	if len(page.Entries) > int(limit) {
		page.Entries = page.Entries[:limit]
		if limit > 0 {
			page.Next = &page.Entries[limit-1].Key
		}
	}
	return page, nil
}
