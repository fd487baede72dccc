package greenroom

import (
	"math"
	"slices"
)

// Best is the `limit` best rows, whose scores stand beside them: by descending score, ties by ascending row. Scores must
// be finite. Rows beyond the scores are left out.
func Best(rows []Row, scores []float32, limit int) *Candidates {
	n := min(len(rows), len(scores))
	limit = max(0, min(limit, n))
	if limit == 0 {
		return &Candidates{}
	}
	keys := make([]uint64, 0, min(n, 2*limit+64))
	worst := uint64(math.MaxUint64)
	for i, score := range scores[:n] {
		key := keyOf(score, rows[i])
		if key > worst {
			continue
		}
		if len(keys) == cap(keys) {
			keys = keepBest(keys, limit)
			worst = keys[limit-1]
		}
		keys = append(keys, key)
	}
	keys = keepBest(keys, limit)
	best := &Candidates{Rows: make([]Row, len(keys)), Scores: make([]float32, len(keys))}
	for i, key := range keys {
		best.Rows[i], best.Scores[i] = rowOf(key), scoreOf(key)
	}
	return best
}

func keepBest(keys []uint64, limit int) []uint64 {
	slices.Sort(keys)
	return keys[:min(limit, len(keys))]
}

// Score and row in one number, which orders as they do: the best is the smallest.
const sign = 1 << 31

func keyOf(score float32, row Row) uint64 {
	bits := math.Float32bits(score)
	if bits&sign == 0 {
		bits = ^bits &^ sign
	}
	return uint64(bits)<<32 | uint64(row)
}

func rowOf(key uint64) Row { return Row(key) }

func scoreOf(key uint64) float32 {
	bits := uint32(key >> 32)
	if bits&sign == 0 {
		bits = ^(bits | sign)
	}
	return math.Float32frombits(bits)
}
