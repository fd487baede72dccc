package greenroom

// Document is MessagePack: what is open by nature travels so, such as the context of a request or settings. Its values
// are nil, bool, int64 (uint64 above its range), float64, string, []byte, []any and map[string]any.
type Document []byte

// Map is a document that is a map from names to values; empty for an empty document.
func (d Document) Map() (map[string]any, error) {
	if len(d) == 0 {
		return map[string]any{}, nil
	}
	value, err := d.Value()
	if err != nil {
		return nil, err
	}
	named, ok := value.(map[string]any)
	if !ok {
		return nil, Internal("the document is " + describeValue(value) + ", not a map")
	}
	return named, nil
}

// Value is whatever the document is. An error says at which byte it is broken.
func (d Document) Value() (any, error) {
	reader := packReader{rest: d}
	value := reader.value(0)
	if reader.broken == "" && len(reader.rest) > 0 {
		reader.broken = "more follows"
	}
	if reader.broken != "" {
		return nil, Internal("the document is broken: " + reader.broken + " at byte " +
			describeValue(int64(len(d)-len(reader.rest))) + " of " + describeValue(int64(len(d))))
	}
	return value, nil
}

// NewDocument packs a value: of the types that a document has, or int, []string, []uint32, []float64 or
// map[string]float64. Maps are written by ascending name: the same value gives the same bytes.
func NewDocument(value any) (Document, error) {
	return appendPacked(nil, value)
}
