//go:build greenroom_learner

package greenroom

// Agent is what is registered: this component exports the learner.
type Agent = Learner
