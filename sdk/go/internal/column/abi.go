//go:build wasip1

package column

import "greenroom/internal/abi"

// Name at 0, and at 8 which of the three it is, with its list at 12.
const (
	bytes  = 20
	kindAt = 8
	listAt = 12
)

// Lift reads the list of columns that stands there.
func Lift(at abi.At) []Column {
	return abi.Each(at, bytes, liftOne)
}

func liftOne(at abi.At) Column {
	column := Column{Name: at.Text()}
	switch (at + kindAt).U8() {
	case 0:
		column.Values = F32s(abi.List[float32](at + listAt))
	case 1:
		column.Values = S64s(abi.List[int64](at + listAt))
	default:
		column.Values = U32s(abi.List[uint32](at + listAt))
	}
	return column
}

// Lower writes a list of columns there.
func Lower(at abi.At, columns []Column) {
	abi.SetEach(at, bytes, columns, lowerOne)
}

func lowerOne(at abi.At, column Column) {
	at.SetText(column.Name)
	switch values := column.Values.(type) {
	case F32s:
		(at + kindAt).SetU8(0)
		abi.SetList(at+listAt, values)
	case S64s:
		(at + kindAt).SetU8(1)
		abi.SetList(at+listAt, values)
	case U32s:
		(at + kindAt).SetU8(2)
		abi.SetList(at+listAt, values)
	default:
		panic("the column `" + column.Name + "` has no values: give it F32s, S64s or U32s")
	}
}
