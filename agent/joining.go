package agent

import (
	"cmp"
	"fmt"
	"strings"
)

// taker is who takes a turn: the agent, the model, how much that thinks, and what is switched.
type taker struct {
	agent, model, variant string
	switches              string
	unsure                bool // a command, which may turn out to have others of its own
}

// wanted is who shall take a prompt, "" where that is left open.
func (p Prompt) wanted() taker {
	return taker{agent: p.Agent, model: p.Model, variant: p.Variant, switches: named(p.Switches)}
}

// named is rules as one text, "" for none.
func named(limits []Limit) string {
	if len(limits) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", limits)
}

// begins is who takes the turn that p begins, as far as that is known before it does.
func (p Prompt) begins() taker {
	t := p.wanted()
	t.unsure = !p.Literal && strings.HasPrefix(strings.TrimSpace(p.Text), "/")
	return t
}

// suits reports whether who is wanted is t for certain.
func (t taker) suits(wanted taker) bool {
	if wanted == (taker{}) {
		return true
	}
	return taker{
		agent: cmp.Or(wanted.agent, t.agent), model: cmp.Or(wanted.model, t.model), variant: cmp.Or(wanted.variant, t.variant),
		switches: cmp.Or(wanted.switches, t.switches),
	} == t
}

// OtherTakerError says that a prompt cannot join the running turn, whose agent, model or switches are not those that it names:
// what those do not allow, the turn's might. It is an [ErrBusy].
type OtherTakerError struct{ Agent, Model string }

func (e *OtherTakerError) Error() string {
	return fmt.Sprintf("the running turn is for another agent or model (%s, %s); send it again when that has ended, or cancel it", cmp.Or(e.Agent, "default"), cmp.Or(e.Model, "default"))
}

// Unwrap implements the contract of [errors.Is].
func (e *OtherTakerError) Unwrap() error { return ErrBusy }

// took notes who takes the running turn, so that prompts for others do not join it.
func (s *Session) took(t taker) {
	t.switches = named(s.history.info.Switches)
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.taker = t
}

// taker is who takes the turn.
func (t *turn) taker() taker {
	return taker{agent: t.profile.Name, model: t.info.Name, variant: t.profile.Params.Variant}
}
