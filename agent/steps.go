package agent

import (
	"cmp"
	"fmt"

	"github.com/opencode-lsp/opencode-lsp/tools"
)

// stepLimit is how many replies the turn may have, 0 for no bound.
func (s *Session) stepLimit() int { return cmp.Or(s.turn.profile.Steps, s.opt.MaxSteps) }

// lastStep reports whether the next reply is the last that the turn may have, and then asks the model to conclude, as
// OpenCode does.
func (s *Session) lastStep() (bool, error) {
	limit := s.stepLimit()
	if limit == 0 || s.turn.step < limit {
		return false, nil
	}
	return true, s.append(Event{Type: Noted, Text: fmt.Sprintf(
		"This turn has reached its limit of %d steps. Call no tools now: answer with what is done, what is left, and what should come next.", limit)})
}

// stopHere ends a turn whose last reply calls tools all the same: none is run. Without a word to the user it has failed.
func (s *Session) stopHere(reply *Reply) error {
	for _, c := range reply.Calls {
		if err := s.result(c, tools.Result{Text: "This call was not run: the turn has reached its limit of steps.", Error: true}); err != nil {
			return err
		}
	}
	if reply.Text == "" {
		return fmt.Errorf("the turn reached its limit of %d steps; prompt again to go on", s.stepLimit())
	}
	return nil
}
