package greenroom

import (
	"slices"

	"greenroom/internal/column"
)

// Column is a named, typed column beside rows.
type Column = column.Column

// Values are the values of a column, one a row: F32s, S64s or U32s.
type Values = column.Values

// F32s are numbers.
type F32s = column.F32s

// S64s are whole numbers, times, or bits of labels.
type S64s = column.S64s

// U32s are rows, counts or codes.
type U32s = column.U32s

// Candidates are rows, best first, in columns of one length.
type Candidates struct {
	Rows []Row
	// Scores are finite. Higher is better.
	Scores []float32
	// Sources say which source nodes proposed each row: bit i stands for the plan's i-th source. An agent that merges
	// passes on the union. Empty when unknown.
	Sources []uint64
	// Columns are whatever else is known of each row: per-source scores and ranks, features, probabilities.
	Columns []Column
}

// Len is how many there are.
func (c *Candidates) Len() int { return len(c.Rows) }

// F32s is a column of numbers by its name; nil when there is none.
func (c *Candidates) F32s(name string) []float32 { return columnOf[F32s](c, name) }

// S64s is a column of whole numbers by its name; nil when there is none.
func (c *Candidates) S64s(name string) []int64 { return columnOf[S64s](c, name) }

// U32s is a column of codes by its name; nil when there is none.
func (c *Candidates) U32s(name string) []uint32 { return columnOf[U32s](c, name) }

func columnOf[V Values](c *Candidates, name string) (values V) {
	for _, column := range c.Columns {
		if found, ok := column.Values.(V); ok && column.Name == name {
			return found
		}
	}
	return values
}

// Add adds a column. It has to be as long as Rows.
func (c *Candidates) Add(name string, values Values) {
	c.Columns = append(c.Columns, Column{Name: name, Values: values})
}

// Extend appends the rows and scores of others; sources and columns are dropped.
func (c *Candidates) Extend(others *Candidates) {
	c.Rows = append(c.Rows, others.Rows...)
	c.Scores = append(c.Scores, others.Scores...)
	c.Sources, c.Columns = nil, nil
}

// First is the first `limit` of these, with their sources and columns.
func (c *Candidates) First(limit int) *Candidates {
	n := max(0, min(limit, len(c.Rows)))
	first := &Candidates{
		Rows:    c.Rows[:n],
		Scores:  c.Scores[:min(n, len(c.Scores))],
		Sources: c.Sources[:min(n, len(c.Sources))],
		Columns: slices.Clone(c.Columns),
	}
	for i := range first.Columns {
		first.Columns[i].Values = first.Columns[i].Values.First(n)
	}
	return first
}

// Pick is the candidates at `places`, in that order, with their sources and columns. Places beyond the end are left out.
func (c *Candidates) Pick(places []int) *Candidates {
	picked := &Candidates{
		Rows:    column.Pick(c.Rows, places),
		Scores:  column.Pick(c.Scores, places),
		Sources: column.Pick(c.Sources, places),
		Columns: slices.Clone(c.Columns),
	}
	for i := range picked.Columns {
		picked.Columns[i].Values = picked.Columns[i].Values.Pick(places)
	}
	return picked
}

// Only leaves out rows that are not kept; nothing is copied when all are.
func (c *Candidates) Only(kept func(Row) bool) *Candidates {
	places := make([]int, 0, len(c.Rows))
	for i, row := range c.Rows {
		if kept(row) {
			places = append(places, i)
		}
	}
	if len(places) == len(c.Rows) {
		return c
	}
	return c.Pick(places)
}
