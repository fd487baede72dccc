package greenroom

import "math"

// As deep as a document may nest.
const depthMax = 64

// Reads MessagePack. After the first thing that is wrong it reads nothing more.
type packReader struct {
	rest   []byte
	broken string
}

func (r *packReader) value(depth int) any {
	code := uint8(r.big(1))
	switch {
	case r.broken != "":
		return nil
	case depth > depthMax:
		r.broken = "too deep"
		return nil
	case code <= 0x7f:
		return int64(code)
	case code >= 0xe0:
		return int64(int8(code))
	case code <= 0x8f:
		return r.named(uint64(code&0x0f), depth)
	case code <= 0x9f:
		return r.list(uint64(code&0x0f), depth)
	case code <= 0xbf:
		return string(r.take(uint64(code & 0x1f)))
	}
	switch code {
	case 0xc0:
		return nil
	case 0xc2, 0xc3:
		return code == 0xc3
	case 0xc4, 0xc5, 0xc6:
		return r.take(r.big(1 << (code - 0xc4)))
	case 0xca:
		return float64(math.Float32frombits(uint32(r.big(4))))
	case 0xcb:
		return math.Float64frombits(r.big(8))
	case 0xcc, 0xcd, 0xce, 0xcf:
		whole := r.big(1 << (code - 0xcc))
		if whole > math.MaxInt64 {
			return whole
		}
		return int64(whole)
	case 0xd0:
		return int64(int8(r.big(1)))
	case 0xd1:
		return int64(int16(r.big(2)))
	case 0xd2:
		return int64(int32(r.big(4)))
	case 0xd3:
		return int64(r.big(8))
	case 0xd9, 0xda, 0xdb:
		return string(r.take(r.big(1 << (code - 0xd9))))
	case 0xdc, 0xdd:
		return r.list(r.big(2<<(code-0xdc)), depth)
	case 0xde, 0xdf:
		return r.named(r.big(2<<(code-0xde)), depth)
	}
	r.broken = "an unknown type"
	return nil
}

func (r *packReader) take(n uint64) []byte {
	if uint64(len(r.rest)) < n {
		r.broken = "it ends too early"
		r.rest = nil
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *packReader) big(bytes uint64) (whole uint64) {
	for _, b := range r.take(bytes) {
		whole = whole<<8 | uint64(b)
	}
	return whole
}

// A value takes a byte at least: a length beyond what is there is wrong before memory is taken for it.
func (r *packReader) fits(n uint64) bool {
	if n > uint64(len(r.rest)) {
		r.broken = "it ends too early"
	}
	return r.broken == ""
}

func (r *packReader) list(n uint64, depth int) any {
	if !r.fits(n) {
		return nil
	}
	list := make([]any, n)
	for i := range list {
		list[i] = r.value(depth + 1)
	}
	return list
}

func (r *packReader) named(n uint64, depth int) any {
	if !r.fits(n) {
		return nil
	}
	named := make(map[string]any, n)
	for range n {
		key, ok := r.value(depth + 1).(string)
		if !ok && r.broken == "" {
			r.broken = "a key that is no text"
		}
		value := r.value(depth + 1)
		if r.broken != "" {
			return nil
		}
		named[key] = value
	}
	return named
}
