// Package column has the columns of the contract. They are known to whoever imports greenroom by their names there.
package column

// Values are the values of a column, one a row: F32s, S64s or U32s.
type Values interface {
	// Len is how many there are.
	Len() int
	// Pick is the values at places, in that order.
	Pick(places []int) Values
	// First is the first n.
	First(n int) Values
}

// F32s are numbers.
type F32s []float32

// S64s are whole numbers, times, or bits of labels.
type S64s []int64

// U32s are rows, counts or codes.
type U32s []uint32

// Len is how many there are.
func (v F32s) Len() int { return len(v) }

// Len is how many there are.
func (v S64s) Len() int { return len(v) }

// Len is how many there are.
func (v U32s) Len() int { return len(v) }

// Pick is the values at places, in that order.
func (v F32s) Pick(places []int) Values { return F32s(Pick(v, places)) }

// Pick is the values at places, in that order.
func (v S64s) Pick(places []int) Values { return S64s(Pick(v, places)) }

// Pick is the values at places, in that order.
func (v U32s) Pick(places []int) Values { return U32s(Pick(v, places)) }

// First is the first n.
func (v F32s) First(n int) Values { return v[:min(n, len(v))] }

// First is the first n.
func (v S64s) First(n int) Values { return v[:min(n, len(v))] }

// First is the first n.
func (v U32s) First(n int) Values { return v[:min(n, len(v))] }

// Pick is the values at places, in that order. Places beyond the end are left out.
func Pick[T any](values []T, places []int) []T {
	picked := make([]T, 0, len(places))
	for _, place := range places {
		if place >= 0 && place < len(values) {
			picked = append(picked, values[place])
		}
	}
	return picked
}

// Column is a named, typed column beside rows.
type Column struct {
	Name   string
	Values Values
}
