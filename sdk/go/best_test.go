package greenroom

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTheBestComeFirstAndTiesGoToTheSmallerRow(t *testing.T) {
	best := Best([]Row{0, 8, 4, 2, 6}, []float32{-1, 2, 0.5, 2, -3}, 4)
	if !slices.Equal(best.Rows, []Row{2, 8, 4, 0}) || !slices.Equal(best.Scores, []float32{2, 2, 0.5, -1}) {
		t.Error(best)
	}
}

func TestALongListIsCutAsASortWouldCutIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{0, 1, 7, 100, 4999, 5000, 9000} {
		rows, scores := make([]Row, 5000), make([]float32, 5000)
		for i, place := range random.Perm(5000) {
			rows[i], scores[i] = Row(place), float32(random.IntN(400)-200)
		}
		places := make([]int, 5000)
		for i := range places {
			places[i] = i
		}
		slices.SortFunc(places, func(a, b int) int {
			if scores[a] != scores[b] {
				return int(scores[b] - scores[a])
			}
			return int(rows[a]) - int(rows[b])
		})
		all := Candidates{Rows: rows, Scores: scores}
		sorted := all.Pick(places).First(limit)
		best := Best(rows, scores, limit)
		if !slices.Equal(best.Rows, sorted.Rows) || !slices.Equal(best.Scores, sorted.Scores) {
			t.Fatal(limit)
		}
	}
}

func TestAKeyGivesBackItsScoreAndRow(t *testing.T) {
	for _, score := range []float32{0, 1, -1, math.MaxFloat32, -math.MaxFloat32, 1e-45, -1e-45} {
		if key := keyOf(score, None); scoreOf(key) != score || rowOf(key) != None {
			t.Error(score)
		}
	}
}
