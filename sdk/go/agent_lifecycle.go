//go:build greenroom_lifecycle && !greenroom_learner

package greenroom

// Agent is what is registered: this component exports policy and lifecycle.
type Agent = Lifecycle
