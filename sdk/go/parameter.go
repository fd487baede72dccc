package greenroom

// Parameter is a parameter of the decision space: [Float], [Integer], [Choice], [Boolean], [Items] or [NumberList].
type Parameter struct {
	name, summary string
	domain        domain
	condition     *condition
	shapesState   bool
}

// The kinds of domains, in the order of the contract.
const (
	floatDomain = iota
	integerDomain
	choiceDomain
	booleanDomain
	itemsDomain
	numbersDomain
)

type domain struct {
	kind     uint8
	floats   [3]float64
	integers [3]int64
	log      bool
	options  []string
	chosen   string
	on       bool
}

type condition struct {
	parameter string
	values    []string
}

// Float is a real parameter in [low, high].
func Float(name string, low, high, byDefault float64, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{
		kind: floatDomain, floats: [3]float64{low, high, byDefault},
	}}
}

// Integer is a whole parameter in [low, high].
func Integer(name string, low, high, byDefault int64, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{
		kind: integerDomain, integers: [3]int64{low, high, byDefault},
	}}
}

// Choice is one of several names.
func Choice(name string, options []string, byDefault, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{
		kind: choiceDomain, options: options, chosen: byDefault,
	}}
}

// Boolean is a switch.
func Boolean(name string, byDefault bool, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{kind: booleanDomain, on: byDefault}}
}

// Items is a list of items, given by external id in the graph file. Not searched.
func Items(name, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{kind: itemsDomain}}
}

// NumberList is a list of numbers, or a map from names to numbers. Learned or set by hand; not searched.
func NumberList(name, summary string) Parameter {
	return Parameter{name: name, summary: summary, domain: domain{kind: numbersDomain}}
}

// Log says that its order of magnitude matters rather than its value.
func (p Parameter) Log() Parameter {
	p.domain.log = true
	return p
}

// ShapesState says that Learn and Fit read it: a change needs a new state.
func (p Parameter) ShapesState() Parameter {
	p.shapesState = true
	return p
}

// When says that it matters only when another parameter has one of `values`, written as in the graph file.
func (p Parameter) When(parameter string, values ...string) Parameter {
	p.condition = &condition{parameter, values}
	return p
}
