// Package greenroom is the Go SDK of Greenroom: write an agent, get a WebAssembly component.
//
// An agent is a type that implements [Policy], and [Lifecycle] when it has parameters, [Stateful] when it has a state,
// [Learner] when it learns. [Register] in an init function makes it the component's agent:
//
//	package main
//
//	import "greenroom"
//
//	type backwards struct{}
//
//	func (*backwards) Decide(seen *greenroom.Observation) (greenroom.Decision, error) {
//		ranked, err := seen.TakeCandidates("ranked")
//		if err != nil {
//			return greenroom.Decision{}, err
//		}
//		slices.Reverse(ranked.Rows)
//		return greenroom.Decision{Payload: ranked.First(seen.Limit)}, nil
//	}
//
//	func init() { greenroom.Register(&backwards{}) }
//
//	func main() {}
//
// The same type runs natively, which is how it is tested with `go test`: see [greenroom/native].
//
// A column is a slice over the memory that the host wrote, and what is returned is read where it is: nothing is copied.
// What an agent keeps of an observation or of feedback stays what it was.
package greenroom
