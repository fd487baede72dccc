package greenroom

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestADocumentSaysWhatWasPacked(t *testing.T) {
	for _, value := range []any{
		nil, true, false, "", "ü€𝄞", strings.Repeat("x", 40), strings.Repeat("x", 300), strings.Repeat("x", 70000),
		int64(0), int64(127), int64(128), int64(-32), int64(-33), int64(math.MaxInt16), int64(math.MinInt16),
		int64(math.MaxInt32), int64(math.MinInt32), int64(math.MaxInt64), int64(math.MinInt64), uint64(math.MaxUint64),
		0.5, math.Inf(-1), []byte{0, 255}, []any{}, make([]any, 20), make([]any, 70000),
		map[string]any{"a": []any{int64(1), map[string]any{}}, "b": nil},
	} {
		document, err := NewDocument(value)
		if err != nil {
			t.Fatal(err)
		}
		found, err := document.Value()
		if err != nil || !reflect.DeepEqual(found, value) {
			t.Errorf("%.40v: %.40v %v", value, found, err)
		}
		for end := range min(len(document), 64) {
			if _, err := document[:end].Value(); err == nil {
				t.Errorf("%.40v cut at %d is read", value, end)
			}
		}
	}
}

func TestADocumentThatLiesAboutItsLengthTakesNoMemory(t *testing.T) {
	const most = "\xff\xff\xff\xff"
	for _, broken := range []string{"\xdf" + most, "\xdd" + most, "\xc6" + most, strings.Repeat("\x91", 9999)} {
		if _, err := Document(broken).Value(); err == nil {
			t.Errorf("%.8q is read", broken)
		}
	}
}

func TestAParameterOfAnotherTypeIsRefusedByName(t *testing.T) {
	params := Params{}.With("text", "x").With("number", 0.5).With("list", []float64{1})
	for want, read := range map[string]func() error{
		"`text` takes a number, not \"x\"":                  func() error { _, err := params.Float("text"); return err },
		"`number` takes a whole number, not 0.5":            func() error { _, err := params.Integer("number"); return err },
		"`gone` (true or false) is missing":                 func() error { _, err := params.Boolean("gone"); return err },
		"`list` takes a name, not a list":                   func() error { _, err := params.Choice("list"); return err },
		"`number` takes a list of items, not 0.5":           func() error { _, err := params.Items("number"); return err },
		"`text` takes a list of numbers or a map from name": func() error { _, err := params.Numbers("text"); return err },
	} {
		err := read()
		var fault *Fault
		if !errors.As(err, &fault) || fault.Kind != FaultInvalidParameters || !strings.HasPrefix(err.Error(), want) {
			t.Error(want, err)
		}
	}
}

func TestAStateIsReadAsItWasWritten(t *testing.T) {
	var state StateWriter
	state.U32s([]uint32{1, None})
	state.F32s([]float32{0.5})
	state.U64s(nil)
	state.S64s([]int64{-1})
	reader := ReadState(state.Bytes())
	rows, scores, ids, times := reader.U32s(), reader.F32s(), reader.U64s(), reader.S64s()
	if len(rows) != 2 || rows[1] != None || scores[0] != 0.5 || len(ids) != 0 || times[0] != -1 {
		t.Error(rows, scores, ids, times)
	}
	if err := reader.Finish(); err != nil {
		t.Error(err)
	}
	short := ReadState(state.Bytes()[:14])
	short.U32s()
	if short.Finish() == nil || ReadState(state.Bytes()).Finish() == nil {
		t.Error("half of a state is read")
	}
}
