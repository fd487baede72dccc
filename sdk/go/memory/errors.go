package memory

import "strconv"

// ErrorKind says why an operation failed.
type ErrorKind uint8

// Why an operation failed.
const (
	// Denied is what the graph file doesn't grant.
	Denied ErrorKind = iota
	// Conflict is another revision than the expected one.
	Conflict
	// TooLarge is a key, a value or a batch that is larger than the host takes.
	TooLarge
	// Quota is a namespace that is full.
	Quota
	// NotFound is a namespace or a field that there is not.
	NotFound
	// Unavailable may work later.
	Unavailable
)

// Error is a failed operation.
type Error struct {
	Kind ErrorKind
	// What was asked for, or how large it may be.
	What string
	// Revision is what a Conflict found; nil when there is no such key.
	Revision *uint64
}

// What to compare with by errors.Is.
var (
	ErrDenied      error = &Error{Kind: Denied}
	ErrConflict    error = &Error{Kind: Conflict}
	ErrTooLarge    error = &Error{Kind: TooLarge}
	ErrQuota       error = &Error{Kind: Quota}
	ErrNotFound    error = &Error{Kind: NotFound}
	ErrUnavailable error = &Error{Kind: Unavailable}
)

func (e *Error) Error() string {
	switch e.Kind {
	case Denied:
		return "memory: not granted: " + e.What
	case Conflict:
		if e.Revision == nil {
			return "memory: there is no such key"
		}
		return "memory: the key is at revision " + strconv.FormatUint(*e.Revision, 10)
	case TooLarge:
		return "memory: too large: " + e.What
	case Quota:
		return "memory: full: " + e.What
	case NotFound:
		return "memory: not found: " + e.What
	default:
		return "memory: unavailable: " + e.What
	}
}

// Is makes errors of one kind equal for errors.Is.
func (e *Error) Is(other error) bool {
	kind, ok := other.(*Error)
	return ok && kind.Kind == e.Kind
}

// Retryable says whether the same may succeed later. A fault that is made of this error says so, too.
func (e *Error) Retryable() bool { return e.Kind == Unavailable }
