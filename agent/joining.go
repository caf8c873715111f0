package agent

import (
	"cmp"
	"fmt"
)

// taker is who takes a turn: the agent, the model and how much that thinks.
type taker struct{ agent, model, variant string }

// wanted is who shall take a prompt, "" where that is left open.
func (p Prompt) wanted() taker { return taker{p.Agent, p.Model, p.Variant} }

// suits reports whether who is wanted is t.
func (t taker) suits(wanted taker) bool {
	return taker{cmp.Or(wanted.agent, t.agent), cmp.Or(wanted.model, t.model), cmp.Or(wanted.variant, t.variant)} == t
}

// OtherTakerError says that a prompt cannot join the running turn, whose agent or model is not the one that it names: what
// that agent may not do, the turn's might. It is an [ErrBusy].
type OtherTakerError struct{ Agent, Model string }

func (e *OtherTakerError) Error() string {
	return fmt.Sprintf("the running turn is for another agent or model (%s, %s); send it again when that has ended, or cancel it", cmp.Or(e.Agent, "default"), cmp.Or(e.Model, "default"))
}

// Unwrap implements the contract of [errors.Is].
func (e *OtherTakerError) Unwrap() error { return ErrBusy }

// took notes who takes the running turn, so that prompts for others do not join it.
func (s *Session) took(t taker) {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.taker = t
}

// taker is who takes the turn.
func (t *turn) taker() taker {
	return taker{t.profile.Name, t.info.Name, t.profile.Params.Variant}
}
