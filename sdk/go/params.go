package greenroom

import (
	"maps"
	"slices"
	"strconv"
)

// Params are parameters as Configure gets them: checked by the host, defaults filled in. What is missing or of another
// type is an error of [InvalidParameters] that names it.
type Params struct {
	values map[string]any
}

// DecodeParams reads what the host hands over, a MessagePack map from names to values.
func DecodeParams(document Document) (Params, error) {
	values, err := document.Map()
	if err != nil {
		return Params{}, InvalidParameters("parameters are not a map of known values: " + err.Error())
	}
	return Params{values}, nil
}

// Defaults are the defaults of a descriptor: what Configure gets when a graph file says nothing.
func Defaults(descriptor Descriptor) Params {
	values := map[string]any{}
	for _, parameter := range descriptor.Parameters {
		switch domain := parameter.domain; domain.kind {
		case floatDomain:
			values[parameter.name] = domain.floats[2]
		case integerDomain:
			values[parameter.name] = domain.integers[2]
		case choiceDomain:
			values[parameter.name] = domain.chosen
		case booleanDomain:
			values[parameter.name] = domain.on
		}
	}
	return Params{values}
}

// With is these, with one of them set: to a float64, int, string, bool, []uint32 of rows, []float64 or
// map[string]float64. For tests.
func (p Params) With(name string, value any) Params {
	values := map[string]any{name: plain(value)}
	for other, kept := range p.values {
		if other != name {
			values[other] = kept
		}
	}
	return Params{values}
}

// As a document has it.
func plain(value any) any {
	switch value := value.(type) {
	case int:
		return int64(value)
	case []uint32:
		return plainList(value, func(row uint32) any { return int64(row) })
	case []float64:
		return plainList(value, func(number float64) any { return number })
	case map[string]float64:
		named := make(map[string]any, len(value))
		for name, number := range value {
			named[name] = number
		}
		return named
	}
	return value
}

func plainList[T any](values []T, plain func(T) any) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = plain(value)
	}
	return list
}

// Given says whether there is a value: items and numbers have no default.
func (p Params) Given(name string) bool {
	return p.values[name] != nil
}

func (p Params) get(name, expected string) (any, error) {
	if !p.Given(name) {
		return nil, InvalidParameters("`" + name + "` (" + expected + ") is missing")
	}
	return p.values[name], nil
}

func wrong(name, expected string, found any) error {
	return InvalidParameters("`" + name + "` takes " + expected + ", not " + describeValue(found))
}

// Float is a real parameter.
func (p Params) Float(name string) (float64, error) {
	const expected = "a number"
	value, err := p.get(name, expected)
	if err != nil {
		return 0, err
	}
	if number, ok := number(value); ok {
		return number, nil
	}
	return 0, wrong(name, expected, value)
}

func number(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case int64:
		return float64(value), true
	}
	return 0, false
}

// Integer is a whole parameter.
func (p Params) Integer(name string) (int, error) {
	const expected = "a whole number"
	value, err := p.get(name, expected)
	if err != nil {
		return 0, err
	}
	if number, ok := value.(int64); ok {
		return int(number), nil
	}
	return 0, wrong(name, expected, value)
}

// Choice is one of several names.
func (p Params) Choice(name string) (string, error) {
	const expected = "a name"
	value, err := p.get(name, expected)
	if err != nil {
		return "", err
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	return "", wrong(name, expected, value)
}

// Boolean is a switch.
func (p Params) Boolean(name string) (bool, error) {
	const expected = "true or false"
	value, err := p.get(name, expected)
	if err != nil {
		return false, err
	}
	if on, ok := value.(bool); ok {
		return on, nil
	}
	return false, wrong(name, expected, value)
}

// Items are rows. Empty when not given.
func (p Params) Items(name string) ([]Row, error) {
	const expected = "a list of items"
	if !p.Given(name) {
		return nil, nil
	}
	list, ok := p.values[name].([]any)
	if !ok {
		return nil, wrong(name, expected, p.values[name])
	}
	rows := make([]Row, len(list))
	for i, value := range list {
		row, ok := value.(int64)
		if !ok || row < 0 || row > int64(None) {
			return nil, wrong(name, expected, value)
		}
		rows[i] = Row(row)
	}
	return rows, nil
}

// NumberValues are numbers in a list or by name; both nil when not given.
type NumberValues struct {
	List  []float64
	Named map[string]float64
}

// Names are the names of Named, ascending: the order of a map is another one every time.
func (n NumberValues) Names() []string {
	return slices.Sorted(maps.Keys(n.Named))
}

// Numbers are a list of numbers, or a map from names to numbers.
func (p Params) Numbers(name string) (NumberValues, error) {
	switch values := p.values[name].(type) {
	case nil:
		return NumberValues{}, nil
	case []any:
		list := make([]float64, len(values))
		for i, value := range values {
			number, ok := number(value)
			if !ok {
				return NumberValues{}, wrong(name+"["+strconv.Itoa(i)+"]", "a number", value)
			}
			list[i] = number
		}
		return NumberValues{List: list}, nil
	case map[string]any:
		named := make(map[string]float64, len(values))
		for key, value := range values {
			number, ok := number(value)
			if !ok {
				return NumberValues{}, wrong(name+"."+key, "a number", value)
			}
			named[key] = number
		}
		return NumberValues{Named: named}, nil
	default:
		return NumberValues{}, wrong(name, "a list of numbers or a map from names to numbers", values)
	}
}

func describeValue(value any) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case bool:
		return strconv.FormatBool(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case uint64:
		return strconv.FormatUint(value, 10)
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case string:
		return strconv.Quote(value)
	case []byte:
		return "bytes"
	case []any:
		return "a list"
	default:
		return "a map"
	}
}
